"""The venue's own requests about faults: what is planned, added, taken back. They live as long as the process."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from mm.exchange.venue.faults.fault import Fault
from mm.exchange.venue.faults.plan import FaultPlan
from mm.exchange.venue.faults.random_plan import RECOVERABLE, random_plan
from mm.exchange.venue.faults.written import WrittenFault, fault_words
from mm.exchange.venue_server.admin import Asked, Requests

_MOST_HOURS = 1000.0


@dataclass(frozen=True, slots=True)
class FaultOffice:
    """Changes `plan`; `true_ms` is the clock that its faults are dated by."""

    plan: FaultPlan
    true_ms: Callable[[], int]

    def requests(self) -> Requests:
        return {
            ("GET", "/mm/faults"): lambda _asked: self.all(),
            ("POST", "/mm/faults"): self.add,
            ("POST", "/mm/faults/random"): self.add_random,
            ("POST", "/mm/faults/clear"): self.clear,
        }

    def all(self) -> dict[str, Any]:
        """Faults that hold or are to come, and how often each kind struck."""
        now = self.true_ms()
        rows = [
            {"number": number, **fault_words(fault, now)}
            for number, fault in self.plan.faults.items()
            if now < fault.ends_ms
        ]
        return {"faults": rows, "met": dict(sorted(self.plan.met.items()))}

    def active(self) -> list[str]:
        """The kinds that hold now."""
        return list(dict.fromkeys(fault.kind for _, fault in self.plan.active(self.true_ms())))

    def add(self, asked: Asked) -> dict[str, Any]:
        """`faults`: a JSON list of written faults. All of them, or none. Raises ValueError."""
        try:
            written = orjson.loads(asked.get("faults", ""))
        except orjson.JSONDecodeError:
            raise ValueError("faults is no JSON") from None
        if not isinstance(written, list) or not all(isinstance(words, dict) for words in written):
            raise ValueError("faults must be a list of faults")
        now = self.true_ms()
        found = [
            WrittenFault.read({str(name): str(value) for name, value in words.items()}).at(now) for words in written
        ]
        return {"numbers": self._add_all(found)}

    def add_random(self, asked: Asked) -> dict[str, Any]:
        """`seed`, `hours`, `kinds` (with commas; empty: all that the bot recovers from by itself)."""
        kinds = [kind for kind in asked.get("kinds", "").split(",") if kind] or RECOVERABLE
        try:
            seed, hours = int(asked.get("seed", "")), float(asked.get("hours", "1"))
        except ValueError:
            raise ValueError("seed must be a whole number, hours a number") from None
        if not 0 < hours <= _MOST_HOURS:
            raise ValueError(f"hours must be above 0 and at most {_MOST_HOURS:g}")
        made = random_plan(random.Random(seed), self.true_ms(), hours, kinds)  # noqa: S311 - faults, not secrets
        return {"numbers": self._add_all(list(made.faults.values()))}

    def clear(self, asked: Asked) -> dict[str, Any]:
        """The fault of this `number`, or all. Raises ValueError when there is none of it."""
        if "number" not in asked:
            return {"cleared": self.plan.clear()}
        try:
            self.plan.remove(int(asked["number"]))
        except (ValueError, KeyError):
            raise ValueError(f"there is no fault {asked['number'][:20]}") from None
        return {"cleared": 1}

    def _add_all(self, faults: list[Fault]) -> list[int]:
        numbers: list[int] = []
        try:
            for fault in faults:
                numbers.append(self.plan.add(fault))  # noqa: PERF401 - what was added is taken back one by one
        except ValueError:
            for number in numbers:
                self.plan.remove(number)
            raise
        return numbers
