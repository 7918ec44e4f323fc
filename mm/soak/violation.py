"""A broken invariant."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """`invariant` I1 to I6, `audit` or `end`; `mono` virtual nanoseconds since the soak began."""

    invariant: str
    mono: int
    text: str

    @property
    def moment(self) -> str:
        """`31:04:05.250`, hours of virtual time."""
        ms = self.mono // 1_000_000
        seconds, ms = divmod(ms, 1000)
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03}"
