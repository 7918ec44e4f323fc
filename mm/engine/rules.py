"""Orders refused by a filter of the exchange (-1013): its rules are read once more, then the symbol is disabled."""

from collections.abc import Sequence

from mm.domain.actions import Action, ReadRules
from mm.domain.events import RulesRead
from mm.risk.engine import RiskEngine

RULES = "rules"
"""Cause while they are read: nothing is quoted."""
CHANGED = "rules_changed"
DISABLED = "symbol_disabled"


class Rules:
    """A run keeps the rules it began with: its orders, fills and ledger are counted in their steps. Other ones wait for
    the next start, which reads them."""

    def __init__(self, risk: RiskEngine) -> None:
        self._risk = risk
        self._is_reading = False
        self._read_mono = 0
        """When they were read and found to be the known ones; 0: an order came through since, or never."""

    def refused(self, why: str, decided_mono: int) -> Sequence[Action]:
        """An order was refused by a filter; it was decided at `decided_mono`."""
        if self._is_reading or decided_mono < self._read_mono:
            return ()  # one of several that left together: told once
        if self._read_mono:
            return self._risk.halt(DISABLED, f"refused by a filter, and the rules are as they were: {why}")
        self._is_reading = True
        return [*self._risk.raise_cause(RULES, f"refused by a filter, the rules are read again: {why}"), ReadRules(why)]

    def accepted(self) -> None:
        if not self._is_reading:
            self._read_mono = 0

    def read(self, event: RulesRead) -> Sequence[Action]:
        self._is_reading = False
        if event.error:
            actions = self._risk.halt(DISABLED, f"refused by a filter, and the rules cannot be read: {event.error}")
        elif event.changes:
            told = ", ".join(event.changes)
            actions = self._risk.halt(CHANGED, f"{told}: resume, then start the bot anew, which takes them over")
        else:
            self._read_mono = event.mono
            actions = []
        return [*actions, *self._risk.clear(RULES)]
