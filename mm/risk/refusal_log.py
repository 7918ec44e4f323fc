"""Turns refusals into records without flooding the ledger with the same one."""

from mm.domain.actions import RecordRefusal
from mm.domain.order import Side
from mm.risk.refusal import Refused

QUIET_NS = 10_000_000_000
"""At most one record of the same code and side in this time."""


class RefusalLog:
    """A record's `suppressed` says how many like it were swallowed since the last one; `counts` counts all."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, Side], int] = {}
        self._told: dict[tuple[str, Side], int] = {}
        self._suppressed: dict[tuple[str, Side], int] = {}

    def record(self, refused: Refused, mono: int) -> list[RecordRefusal]:
        order, refusal = refused.order, refused.refusal
        key = (refusal.code, order.side)
        self.counts[key] = self.counts.get(key, 0) + 1
        told = self._told.get(key)
        if told is not None and mono - told < QUIET_NS:
            self._suppressed[key] = self._suppressed.get(key, 0) + 1
            return []
        self._told[key] = mono
        return [
            RecordRefusal(
                code=refusal.code,
                side=order.side,
                ticks=order.ticks,
                lots=order.lots,
                limit=refusal.limit,
                value=refusal.value,
                unit=refusal.unit,
                suppressed=self._suppressed.pop(key, 0),
            )
        ]
