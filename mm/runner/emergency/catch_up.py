"""The ledger brought up to what the exchange holds, with no bot running: ends of orders, fills that nobody saw.

The position is known safely only after it: a bot that was killed may have been filled a moment before its end.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mm.domain.actions import Action, RecordFill, RecordOrder
from mm.domain.errors import LedgerError
from mm.domain.fill import Fill
from mm.domain.order import OrderStatus
from mm.domain.position import Position
from mm.domain.records import LiveOrder, Recovery
from mm.ledger.ledger import SqliteLedger
from mm.runner.emergency.account_client import PAUSE, AccountClient

SOURCE = "flatten"
TRADES_LATE = 10.0
"""Seconds within which the exchange's trades must tell what its orders say was executed."""


@dataclass(slots=True)
class Books:
    """The ledger, and the position as it grows with every fill that is recorded here."""

    ledger: SqliteLedger
    client: AccountClient
    prefix: str
    recovery: Recovery
    position: Position
    _owners: dict[str, str]
    """Client id by exchange id; empty for an order of others."""
    _known: set[int]
    _filled: dict[str, int]
    """Lots of the fills on record by client id, of the orders that matter here."""

    @classmethod
    def of(cls, ledger: SqliteLedger, client: AccountClient, prefix: str, recovery: Recovery) -> "Books":
        filled: dict[str, int] = {}
        for fill in recovery.known_fills:
            filled[fill.client_id] = filled.get(fill.client_id, 0) + fill.lots
        known = {fill.trade_id for fill in recovery.known_fills}
        return cls(ledger, client, prefix, recovery, recovery.position, {}, known, filled)

    async def catch_up(self) -> None:
        """Raises LedgerError when orders or trades do not tell one story, or it cannot be kept; ExchangeError."""
        ends = [self._end_of(order) for order in self.recovery.orders]
        await self.keep(ends)
        await self.settle({end.client_id: end.executed_lots for end in ends})

    async def settle(self, executed: dict[str, int]) -> None:
        """Read trades until those of each order sum up to what it executed. Raises as `catch_up`."""
        until = time.monotonic() + TRADES_LATE
        while True:
            await self.keep(self._new_fills())
            behind = [client_id for client_id, lots in executed.items() if self._filled.get(client_id, 0) != lots]
            if not behind:
                return
            if time.monotonic() > until:
                raise LedgerError(
                    f"the exchange's trades do not tell what {', '.join(behind)} executed",
                    "the position is not known: look at the exchange's own page, then start the bot, which reads anew",
                )
            await asyncio.sleep(PAUSE)

    async def keep(self, rows: Sequence[Action]) -> None:
        """Durable when it returns. Raises LedgerError when not."""
        if rows:
            self.ledger.record(time.time_ns(), list(rows))
            await self.ledger.flush()

    def _end_of(self, order: LiveOrder) -> RecordOrder:
        client_id = order.intent.client_id
        report = self.client.order(client_id=client_id)
        if report is None:
            # Past the fence, not in the list of open orders: it never came to be.
            return RecordOrder(client_id, OrderStatus.NOT_PLACED, "", 0, SOURCE, "absent past the fence")
        if not report.status.is_final:
            raise LedgerError(f"order {client_id} still reads {report.status.value}", "stop again, then flatten")
        self._owners[report.exchange_id] = client_id
        status, executed = report.status, report.executed_lots
        return RecordOrder(client_id, status, report.exchange_id, executed, SOURCE, report.reason)

    def _new_fills(self) -> list[RecordFill]:
        rows = []
        for trade in self.client.trades(self.recovery.read_trades_from):
            if trade.trade_id in self._known:
                continue
            owner = self._owner_of(trade)
            self._known.add(trade.trade_id)
            if not owner:
                continue
            fill = replace(trade, client_id=owner)
            self.position = self.position.after(fill, self.client.instrument)
            self._filled[owner] = self._filled.get(owner, 0) + fill.lots
            rows.append(RecordFill(fill, self.position, 0.0))
        return rows

    def _owner_of(self, trade: Fill) -> str:
        if trade.exchange_id not in self._owners:
            order = self.client.order(exchange_id=trade.exchange_id)
            own = order is not None and order.client_id.startswith(self.prefix)
            self._owners[trade.exchange_id] = order.client_id if order is not None and own else ""
        return self._owners[trade.exchange_id]

    def placed(self, exchange_id: str, client_id: str) -> None:
        """An order of ours that was made here."""
        self._owners[exchange_id] = client_id
