"""Reads what the exchange holds and tells the engine, event by event. Start-up, reconnects and doubts all come here."""

from collections.abc import Iterable
from dataclasses import fields, replace

from mm.domain.errors import ExchangeError
from mm.domain.events import (
    REVIVED,
    BalanceSeen,
    FillSeen,
    OrderAbsent,
    OrderSeen,
    QueryFailed,
    Reconciled,
    RulesRead,
)
from mm.domain.fill import Fill
from mm.domain.order import OrderReport, OrderStatus
from mm.engine.engine import Engine
from mm.execution.client_order_id import is_own
from mm.ports import AccountReader, Clock, EventSink

_PAGE = 1000
_OVERLAP = 500
"""Trade ids re-read behind the last known one: reports may have arrived out of order."""
_FOREIGN = 5_000
"""So many orders of others are remembered; one that was forgotten is asked for again."""
_OLD_MS = 3_600_000
"""Trades so much older than the account epoch are not the bot's, whatever was wrong with the clock."""


class Reconciler:
    def __init__(self, engine: Engine, reader: AccountReader, clock: Clock, sink: EventSink) -> None:
        self._engine = engine
        self._reader = reader
        self._clock = clock
        self._sink = sink
        self._symbol = engine.setup.instrument.symbol
        self._tag = engine.setup.tag
        self._foreign: dict[str, None] = {}  # exchange ids of other people's orders, oldest first
        self._next_trade_id = engine.setup.recovery.read_trades_from
        self._oldest_ms = engine.setup.recovery.opened_ms - _OLD_MS
        self._last_trade_id = engine.setup.recovery.last_trade_id
        self._uid = ""

    def _now(self) -> dict[str, int]:
        return {"at": self._clock.now(), "mono": self._clock.monotonic()}

    async def query(self, client_id: str, *, past_fence: bool) -> None:
        """What became of one order. An absence past the fence is corroborated by open orders and trades."""
        try:
            report = await self._reader.order(client_id)
            if report is None:
                corroborated = past_fence and await self._is_nowhere(client_id)
                self._sink(OrderAbsent(client_id=client_id, corroborated=corroborated, **self._now()))
                return
            await self._tell_with_fills(report, "query")
        except ExchangeError as error:
            self._sink(QueryFailed(client_id=client_id, why=error.message, **self._now()))

    async def reconcile(self) -> None:
        """Open orders, then orders we believed open, then trades, then balances; `Reconciled` says what is left."""
        try:
            problems = await self._orders()
            await self._trades()
            account = await self._reader.account()
            for balance in account.balances:
                self._sink(
                    BalanceSeen(
                        asset=balance.asset,
                        free_units=balance.free_units,
                        locked_units=balance.locked_units,
                        **self._now(),
                    )
                )
            self._uid = self._uid or account.uid
            if account.uid != self._uid:
                problems.append(f"the key belongs to account {account.uid} now, not to {self._uid}: start anew")
            if not account.can_trade:
                problems.append("the exchange says this account may not trade")
        except ExchangeError as error:
            problems = [f"the exchange could not be read: {error.message}"]
        self._sink(Reconciled(problems=tuple(problems), **self._now()))

    async def read_rules(self) -> None:
        """The rules as the exchange tells them now, against those of the run."""
        known = self._engine.setup.instrument
        try:
            told = await self._reader.instrument(self._symbol)
        except ExchangeError as error:
            self._sink(RulesRead(at=self._clock.now(), mono=self._clock.monotonic(), error=error.message))
            return
        changes = tuple(
            f"{each.name} was {before} and is {now}"
            for each in fields(known)
            if (before := getattr(known, each.name)) != (now := getattr(told, each.name))
        )
        self._sink(RulesRead(at=self._clock.now(), mono=self._clock.monotonic(), changes=changes))

    async def _orders(self) -> list[str]:
        believed = {
            order.intent.client_id
            for order in self._engine.orders
            if order.status in (OrderStatus.OPEN, OrderStatus.UNKNOWN) and order.fence_mono
        }
        live = {order.intent.client_id for order in self._engine.orders}
        problems = []
        open_now = set()
        for report in await self._reader.open_orders(self._symbol):
            if not is_own(report.client_id, self._tag):
                continue
            open_now.add(report.client_id)
            known = self._engine.orders.get(report.client_id)
            if known is None:
                problems.append(f"own order {report.client_id} is open at the exchange but not in the ledger")
            elif known.status.is_final and report.client_id not in live:
                # It had ended before this was read: an answer was not true. It must be cancelled for good.
                problems.append(f"order {report.client_id} is open at the exchange and ended in the ledger")
                await self._tell_with_fills(report, REVIVED)
                continue
            await self._tell_with_fills(report, "reconcile")
        for client_id in sorted(believed - open_now):
            current = await self._reader.order(client_id)
            if current is not None:
                await self._tell_with_fills(current, "reconcile")
            elif self._is_believed_open(client_id):
                problems.append(f"order {client_id} is open in the ledger and the exchange does not know it")
        return problems

    def _is_believed_open(self, client_id: str) -> bool:
        known = self._engine.orders.get(client_id)
        return known is not None and known.status is OrderStatus.OPEN

    async def _tell_with_fills(self, report: OrderReport, source: str) -> None:
        known = self._engine.orders.get(report.client_id)
        if known is not None and report.executed_lots > known.filled_lots:
            # The order's state must not run ahead of its fills.
            self._note(report)
            await self._trades()
        self._sink(OrderSeen(report=report, source=source, **self._now()))

    def _note(self, report: OrderReport) -> None:
        self._engine.orders.note_exchange_id(report.exchange_id, report.client_id)

    async def _trades(self) -> None:
        """Own fills from the last known trade on; each once, those of others skipped.

        The last one that was read before must be told again: a wiped account counts its trades anew, and what it
        trades then would be missed.
        """
        missing = self._last_trade_id if self._last_trade_id >= self._next_trade_id else 0
        while True:
            page = await self._reader.trades(self._symbol, self._next_trade_id, _PAGE)
            if missing and any(fill.trade_id == missing for fill in page):
                missing = 0
            if missing and len(page) < _PAGE:
                raise ExchangeError(f"the exchange does not know trade {missing} any more: was the account wiped?")
            for fill in page:
                owned = await self._with_owner(fill)
                if owned is not None:
                    self._sink(FillSeen(fill=owned, source="reconcile", **self._now()))
            if page:
                self._last_trade_id = max(self._last_trade_id, page[-1].trade_id)
                self._next_trade_id = max(self._next_trade_id, page[-1].trade_id - _OVERLAP)
            if len(page) < _PAGE:
                return
            self._next_trade_id = page[-1].trade_id + 1

    async def _with_owner(self, fill: Fill) -> Fill | None:
        if fill.exchange_id in self._foreign or self._engine.orders.has_trade(fill.trade_id):
            return None
        if fill.time_ms < self._oldest_ms:
            return None  # an account may bring years of trades: nobody is asked whose they were
        client_id = self._engine.orders.client_id_of(fill.exchange_id)
        if not client_id:
            report = await self._reader.order_by_exchange_id(fill.exchange_id)
            if report is None:
                # Not (yet) told: it may be ours, and a fill passed over once would be missing for ever.
                raise ExchangeError(f"the exchange does not tell whose order made trade {fill.trade_id}")
            client_id = report.client_id
        if not is_own(client_id, self._tag):
            self._foreign[fill.exchange_id] = None
            if len(self._foreign) > _FOREIGN:
                del self._foreign[next(iter(self._foreign))]
            return None
        return replace(fill, client_id=client_id)

    async def _is_nowhere(self, client_id: str) -> bool:
        open_orders: Iterable[OrderReport] = await self._reader.open_orders(self._symbol)
        if any(report.client_id == client_id for report in open_orders):
            return False
        await self._trades()
        known = self._engine.orders.get(client_id)
        return known is None or known.executed_lots == 0
