"""What one schedule showed."""

from collections import Counter
from dataclasses import dataclass, field

from mm.soak.violation import Violation
from mm.soak.wire.schedule import Schedule


@dataclass(frozen=True, slots=True)
class WireResult:
    """`faults` kinds met and how often; `outcomes` how instances ended; `unknown` orders that had no answer."""

    schedule: Schedule
    seconds: float
    checks: int
    orders: int
    fills: int
    lives: int
    accounts: int
    unreadable: int
    unknown: int
    audit: str
    faults: dict[str, int] = field(default_factory=dict)
    restarts: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    violations: tuple[Violation, ...] = ()

    @property
    def holds(self) -> bool:
        return not self.violations

    @property
    def line(self) -> str:
        """Of one that failed: the seed and how to play it again."""
        first = self.violations[0]
        more = f" and {len(self.violations) - 1} more" if len(self.violations) > 1 else ""
        return (
            f"seed {self.schedule.seed}: VIOLATION of {first.invariant} at {first.moment}: {first.text}{more}\n"
            f"  faults: {_counted(self.faults)}; instances: {_counted(self.outcomes)}\n"
            f"  play it again: {self.schedule.command}"
        )


def summed(results: list[WireResult], name: str) -> dict[str, int]:
    """`faults`, `restarts` or `outcomes` of all, most first."""
    total: Counter[str] = Counter()
    for result in results:
        total.update(getattr(result, name))
    return dict(total.most_common())


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"
