"""Faults as people write them: in a schedule file, at the command line, in the body of an admin request."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches

from mm.domain.duration import format_duration, parse_duration
from mm.exchange.venue.faults.fault import Fault
from mm.exchange.venue.faults.kind import Scope
from mm.exchange.venue.faults.kinds import KINDS

FIELDS = ("kind", "in", "for", "share", "target", "value")
DEFAULT_FOR = "30s"
_MOMENT_MS = 1


@dataclass(frozen=True, slots=True)
class WrittenFault:
    """A fault that begins `after_ms` from now and lasts `lasts_ms`; checked when it is read."""

    kind: str
    after_ms: int = 0
    lasts_ms: int = 30_000
    share: float = 1.0
    target: str = ""
    value: str = ""

    @classmethod
    def read(cls, words: Mapping[str, str]) -> "WrittenFault":
        """Of texts by the names in FIELDS; all but `kind` may be left out. Raises ValueError, beginning with the key
        that is wrong."""
        for name in words:
            if name not in FIELDS:
                raise ValueError(
                    f"{name[:40]}: there is no such key{_near(name, FIELDS)}; there are {', '.join(FIELDS)}"
                )
        kind = words.get("kind", "")
        if not kind:
            raise ValueError("kind: is missing")
        if kind not in KINDS:
            raise ValueError(f"kind: there is no fault {kind[:40]!r}{_near(kind, KINDS)}")
        once = KINDS[kind].scope is Scope.ONCE
        if once and "for" in words:
            raise ValueError(f"for: {kind} happens at one moment")
        found = cls(
            kind,
            _milliseconds("in", words.get("in", "0s")),
            _MOMENT_MS if once else _milliseconds("for", words.get("for", DEFAULT_FOR)),
            _share(words.get("share", "1")),
            words.get("target", ""),
            words.get("value", ""),
        )
        found.at(0)
        return found

    def at(self, now_ms: int) -> Fault:
        """The fault, seen from now. Raises ValueError."""
        starts = now_ms + self.after_ms
        return Fault(self.kind, starts, starts + self.lasts_ms, self.share, self.target, self.value)

    def words(self) -> dict[str, str]:
        """The inverse of `read`."""
        said = {"kind": self.kind, "in": _duration(self.after_ms), "share": repr(self.share)}
        if KINDS[self.kind].scope is not Scope.ONCE:
            said["for"] = _duration(self.lasts_ms)
        return said | {name: text for name, text in (("target", self.target), ("value", self.value)) if text}


def read_all(named: Mapping[str, Mapping[str, str]]) -> tuple[dict[str, WrittenFault], list[str]]:
    """The faults of a schedule by their names, and every problem as `name.key: what`."""
    found: dict[str, WrittenFault] = {}
    problems = []
    for name, words in named.items():
        try:
            written = WrittenFault.read(words)
        except ValueError as error:
            problems.append(f"{name}.{error}")
            continue
        fault = written.at(0)
        clash = next((other for other, one in found.items() if one.at(0).overlaps(fault)), None)
        if clash is not None:
            problems.append(f"{name}.kind: overlaps {clash}, which is of the same kind and target")
            continue
        found[name] = written
    return found, problems


def fault_words(fault: Fault, now_ms: int) -> dict[str, object]:
    """A fault as lists show it; times in seconds from now (negative: has begun)."""
    return {
        "kind": fault.kind,
        "description": fault.of.description.replace("VALUE", fault.value or fault.of.values[0]),
        "active": fault.is_active(now_ms),
        "starts_in": (fault.starts_ms - now_ms) / 1000,
        "ends_in": None if fault.of.scope is Scope.ONCE else (fault.ends_ms - now_ms) / 1000,
        "share": fault.share,
        "target": fault.target or fault.of.aimed,
        "value": fault.value or fault.of.values[0],
    }


def _milliseconds(name: str, text: str) -> int:
    if text in ("0", "0s"):
        return 0
    try:
        return round(parse_duration(text).total_seconds() * 1000)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _duration(milliseconds: int) -> str:
    return format_duration(timedelta(milliseconds=milliseconds))


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 < share <= 1:
        raise ValueError(f"share: {text[:40]!r} is no share; write a number above 0 and at most 1")
    return share


def _near(word: str, known: Collection[str]) -> str:
    near = get_close_matches(word[:40], known, n=1, cutoff=0.6)
    return f" (did you mean {near[0]}?)" if near else ""
