"""Reads both sides of an audit: the exchange first, the ledger after it (which can only know more)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from mm.domain.fill import Fill
from mm.domain.instrument import Instrument, to_units
from mm.domain.order import OrderReport, OrderStatus, Side
from mm.ledger.history import nanoseconds
from mm.ledger.queries import LedgerQueries
from mm.ledger.reading import ANY_EPOCH
from mm.ledger.views import FillView, OrderView, RunView
from mm.ports import AccountReader
from mm.review.audit import AT_EXCHANGE, NOWHERE, ExchangeSide, Intended, LedgerSide
from mm.review.clock_gap import ClockGap
from mm.review.other_account import refuse_other_uid, refuse_wiped
from mm.review.reader import instrument_of

T = TypeVar("T")
PAGE = 1000
MOST_QUERIES = 500
"""Single orders asked for in one audit and for one cause, the newest."""
KEPT = timedelta(days=90)
"""Binance keeps an order that ended without a fill no longer than this."""
_QUICK_PAGES = 10
_PAUSE = 1.2
"""Seconds between later pages: at a weight of 20 each they take 1000 a minute, and leave a bot that runs the rest."""


async def read_exchange(
    reader: AccountReader,
    ledger: LedgerQueries,
    prefix: str,
    *,
    account_epoch: int,
    clocks: ClockGap,
    now: datetime,
) -> ExchangeSide:
    """All orders from the account epoch's first known one on, and all its trades.

    Asked for singly besides: orders that the ledger knows at the exchange and the list does not hold; those that may
    be older than the first known one; those behind trades that the ledger does not know.
    Raises ExchangeError; LedgerError when the exchange's account is not that of the account epoch.
    """
    run = _first_run(ledger, account_epoch)
    refuse_other_uid(run, (await reader.account()).uid)
    # Before the exchange is read: what the ledger knows to be there by now must be told.
    with ledger.one_moment():
        known, fills = ledger.orders(account_epoch=account_epoch), ledger.fills(account_epoch=account_epoch)
    placed = [view for view in known if view.exchange_id]
    first = min(placed, key=_number, default=None)
    orders = _Orders(await reader.open_orders(run.symbol))
    start = 1 if first is None else _number(first)
    orders.add(await _every(lambda number: reader.orders(run.symbol, number, PAGE), start, _order_number))
    told = await _every(lambda number: reader.trades(run.symbol, number, PAGE), 0, _trade_number)
    trades = [fill for fill in told if fill.time_ms >= nanoseconds(run.started) // 1_000_000]
    if first is not None:
        await _ask(reader, [view for view in orders.lacking(known) if _may_precede(view, first)], orders)
    expected = [view for view in known if OrderStatus(view.status) in AT_EXCHANGE]
    lacking = orders.lacking(expected)
    too_old = {view.client_id for view in lacking if _is_too_old(view, now)}
    refuse_wiped(run, [view for view in expected if view.client_id not in too_old], fills, orders.all(), trades)
    absent = await _ask(reader, [view for view in lacking if view.client_id not in too_old], orders)
    trade_orders = await _owners(reader, trades, {view.exchange_id for view in placed}, prefix, orders)
    return ExchangeSide(orders.all(), tuple(trades), trade_orders, clocks, absent, len(too_old))


def read_ledger(
    ledger: LedgerQueries,
    prefix: str,
    max_position_units: int,
    *,
    account_epoch: int,
    instrument: Instrument | None = None,
) -> LedgerSide:
    """`instrument`: as the exchange tells it now, in whose steps its side is; else that of the account's first run.
    The exchange may have changed the steps since: runs keep each their own."""
    instrument = instrument or instrument_of(_first_run(ledger, account_epoch))
    with ledger.one_moment():
        orders = ledger.orders(account_epoch=ANY_EPOCH)
        fills = ledger.fills(account_epoch=account_epoch)
        flows = ledger.capital_flows(account_epoch=account_epoch)
    return LedgerSide(
        prefix=prefix,
        instrument=instrument,
        intents=[_intended(view, instrument, account_epoch) for view in orders],
        fills=[_in_steps_of(instrument, view) for view in fills],
        flows_base_units=sum(to_units(flow.amount) for flow in flows if flow.asset == instrument.base),
        max_position_units=max_position_units,
    )


class _Orders:
    """What the exchange told, each order once: of two reports of one order the one further on in its life."""

    def __init__(self, found: Iterable[OrderReport]) -> None:
        self._by_number: dict[str, OrderReport] = {}
        self._client_ids: set[str] = set()
        self.add(found)

    def add(self, found: Iterable[OrderReport]) -> None:
        for order in found:
            kept = self._by_number.get(order.exchange_id)
            if kept is None or _progress(order) >= _progress(kept):
                self._by_number[order.exchange_id] = order
            self._client_ids.add(order.client_id)

    def lacking(self, views: Iterable[OrderView]) -> list[OrderView]:
        return [view for view in views if view.client_id not in self._client_ids]

    def all(self) -> tuple[OrderReport, ...]:
        return tuple(self._by_number.values())


def _progress(order: OrderReport) -> tuple[int, int]:
    return order.status.rank, order.executed_lots


async def _every(read: Callable[[int], Awaitable[tuple[T, ...]]], start: int, number: Callable[[T], int]) -> list[T]:
    """All pages from `start` on."""
    found: list[T] = []
    pages = 0
    while True:
        page = await read(start)
        found += page
        pages += 1
        if len(page) < PAGE:
            return found
        start = number(page[-1]) + 1
        if pages >= _QUICK_PAGES:
            await asyncio.sleep(_PAUSE)


async def _ask(reader: AccountReader, views: list[OrderView], orders: _Orders) -> frozenset[str]:
    """Adds what the exchange holds to `orders`; returns the ids that it does not know."""
    # What goes beyond the newest was not in the list of all orders either.
    absent = {view.client_id for view in views[:-MOST_QUERIES]}
    for view in views[-MOST_QUERIES:]:
        found = await reader.order(view.client_id)
        if found is None:
            absent.add(view.client_id)
        else:
            orders.add([found])
    return frozenset(absent)


async def _owners(
    reader: AccountReader, trades: Iterable[Fill], known: set[str], prefix: str, orders: _Orders
) -> dict[str, str]:
    """The client id behind each trade's order that the ledger does not know; own ones are added to `orders`."""
    told = {order.exchange_id: order.client_id for order in orders.all()}
    owners: dict[str, str] = {}
    for exchange_id in sorted({fill.exchange_id for fill in trades} - known):
        if exchange_id in told:
            owners[exchange_id] = told[exchange_id]
            continue
        found = await reader.order_by_exchange_id(exchange_id)
        owners[exchange_id] = found.client_id if found else ""
        if found is not None and found.client_id.startswith(prefix):
            orders.add([found])
    return owners


def _may_precede(view: OrderView, first: OrderView) -> bool:
    """Of an order whose end is not known or that is said never to have been: whether it may be older than `first`,
    with which the list begins. It was decided before the exchange took `first`, so before the last news of that."""
    status = OrderStatus(view.status)
    return (status in NOWHERE or not status.is_final) and view.decided <= first.updated


def _is_too_old(view: OrderView, now: datetime) -> bool:
    ended = OrderStatus(view.status) in (OrderStatus.CANCELED, OrderStatus.EXPIRED)
    return ended and not view.executed and view.updated < now - KEPT


def _first_run(ledger: LedgerQueries, account_epoch: int) -> RunView:
    return next(run for run in ledger.runs() if run.account_epoch == account_epoch)


def _number(view: OrderView) -> int:
    return int(view.exchange_id)


def _order_number(order: OrderReport) -> int:
    return int(order.exchange_id)


def _trade_number(fill: Fill) -> int:
    return fill.trade_id


def _in_steps_of(instrument: Instrument, view: FillView) -> Fill:
    if (view.tick_size, view.lot_size) == (instrument.tick_size, instrument.lot_size):
        return view.fill
    return replace(view.fill, ticks=int(view.price / instrument.tick_size), lots=int(view.size / instrument.lot_size))


def _intended(view: OrderView, instrument: Instrument, account_epoch: int) -> Intended:
    return Intended(
        client_id=view.client_id,
        side=Side(view.side),
        ticks=int(view.price / instrument.tick_size),
        lots=int(view.size / instrument.lot_size),
        decided_at=nanoseconds(view.decided),
        status=OrderStatus(view.status),
        exchange_id=view.exchange_id,
        executed_lots=int(view.executed / instrument.lot_size),
        current=view.account_epoch == account_epoch,
    )
