"""The trading state: the worst that any standing cause demands. It starts HALTED."""

from dataclasses import dataclass

from mm.domain.risk import TradingState

STARTING = "starting"
BREAKER_OPEN = "breaker_open"
STALE_BOOK = "stale_book"
OVER_POSITION = "position_over_cap"

_DEMANDS = {OVER_POSITION: TradingState.REDUCING}
"""Causes that leave reductions allowed; every other cause halts."""


@dataclass(frozen=True, slots=True)
class StateChange:
    """`causes` are those that stand now, halts first; when none is left, what was lifted, as `<cause>_cleared`."""

    before: TradingState
    after: TradingState
    causes: tuple[str, ...]


class TradingStateMachine:
    """Three kinds of causes: conditions come and go by themselves, halts wait for a person, a stop is final."""

    def __init__(self) -> None:
        self._conditions: dict[str, str] = {STARTING: "recovery has not finished"}
        self._halts: dict[str, str] = {}
        self._stopped = ""
        self.state = TradingState.HALTED

    @property
    def causes(self) -> tuple[str, ...]:
        stop = ("stop",) if self._stopped else ()
        return (*stop, *self._halts, *(cause for cause in self._conditions if cause not in self._halts))

    @property
    def halts(self) -> dict[str, str]:
        """Latched causes with their details; a copy."""
        return dict(self._halts)

    @property
    def stop_why(self) -> str:
        """Empty until a stop was requested."""
        return self._stopped

    def stands(self, cause: str) -> bool:
        return cause in self._conditions

    def raise_cause(self, cause: str, detail: str = "") -> StateChange | None:
        """A condition that clears by itself. None when it stood already."""
        if cause in self._conditions:
            return None
        self._conditions[cause] = detail
        return self._change()

    def clear(self, cause: str) -> StateChange | None:
        if cause not in self._conditions:
            return None
        del self._conditions[cause]
        return self._change(f"{cause}_cleared")

    def halt(self, cause: str, detail: str) -> StateChange | None:
        if cause in self._halts:
            return None
        self._halts[cause] = detail
        return self._change()

    def lift_halts(self) -> StateChange | None:
        """A person resumed. Conditions and a stop stay as they are."""
        if not self._halts:
            return None
        self._halts.clear()
        return self._change("resumed")

    def stop(self, why: str) -> StateChange | None:
        """Final: nothing lifts it. The first reason stays."""
        if self._stopped:
            return None
        self._stopped = why or "no reason given"
        return self._change()

    def _change(self, lifted: str = "") -> StateChange:
        before, self.state = self.state, self._demanded()
        return StateChange(before, self.state, self.causes or (lifted,))

    def _demanded(self) -> TradingState:
        if self._stopped or self._halts:
            return TradingState.HALTED
        demands = {_DEMANDS.get(cause, TradingState.HALTED) for cause in self._conditions}
        for worst in (TradingState.HALTED, TradingState.REDUCING):
            if worst in demands:
                return worst
        return TradingState.ACTIVE
