"""The sale itself: LIMIT IOC orders at the collar's floor until nothing is left, or nobody pays as much."""

import asyncio
import time
from collections.abc import Callable
from datetime import time as time_of_day
from decimal import Decimal
from zoneinfo import ZoneInfo

from mm.domain.actions import RecordOrder
from mm.domain.errors import NotFlat, NotProven
from mm.domain.instrument import from_units, to_units
from mm.domain.order import OrderIntent, OrderReport, OrderStatus, OrderType, Side
from mm.domain.records import RunStart
from mm.domain.trading_day import trading_day_at
from mm.execution.client_order_id import client_id, prefix
from mm.ledger.ledger import SqliteLedger
from mm.ports import Rejected, Unknown
from mm.runner.emergency.account_client import AccountClient
from mm.runner.emergency.catch_up import SOURCE, Books
from mm.runner.emergency.report import Flattened

STEPS = 20
"""At most so many orders."""
STEP_PAUSE = 1.0


class Sale:
    """`fence` seconds after which an order that was sent can no longer execute."""

    def __init__(self, books: Books, tag: str, done: Flattened, fence: float) -> None:
        self._books = books
        self._tag = tag
        self._fence = fence
        self._done = done
        self._seq = books.recovery.last_seq
        self._instrument = books.client.instrument
        self._baseline = {held.asset: held.units for held in books.recovery.balances}

    @classmethod
    async def begin(
        cls, ledger: SqliteLedger, account: AccountClient, run: RunStart, done: Flattened, fence: float
    ) -> "Sale":
        await ledger.begin_run(run, ())
        # The day decides marks of risk only, of which a sale needs none.
        day = trading_day_at(run.started, time_of_day(0), ZoneInfo("UTC"))
        recovery = await ledger.recovery(run.account_epoch, day)
        tag = ledger.tag()
        return cls(Books.of(ledger, account, prefix(tag), recovery), tag, done, fence)

    async def end(self, outcome: str, *, clean: bool) -> None:
        await self._books.ledger.end_run(time.time_ns(), outcome, clean=clean)

    async def sell(self, collar: Decimal, say: Callable[[str], None]) -> None:
        """Raises NotFlat when something is left that could be sold, NotProven when an order's fate is not known,
        LedgerError and ExchangeError before anything else is sent."""
        done, instrument = self._done, self._instrument
        await self._books.catch_up()
        self._told_position()
        done.base, done.held = instrument.base, done.left
        cash_before = self._books.position.cash_units
        floor = 0
        for _ in range(STEPS):
            bid = self._books.client.best_bid()
            floor = floor or instrument.ticks_up(instrument.price(bid) * (1 - collar))
            lots = self._sellable()
            if not floor or bid < floor or not self._is_enough(lots, floor):
                break
            done.floor = instrument.price(floor)
            say(f"selling {instrument.size(lots)} {instrument.base} at {done.floor} or better")
            sold = await self._step(floor, lots)
            done.quote = from_units(self._books.position.cash_units - cash_before)
            self._told_position()
            done.sold = done.held - done.left
            if not sold:
                break
            if self._is_enough(self._sellable(), floor):
                await asyncio.sleep(STEP_PAUSE)
        rest = self._sellable()
        if not floor and rest:
            raise NotFlat(f"nobody bids for {instrument.size(rest)} {instrument.base}", "try again later")
        if self._is_enough(rest, floor):
            raise NotFlat(
                f"{instrument.size(rest)} {instrument.base} could not be sold at {instrument.price(floor)} or better",
                "sell by hand, or repeat with a wider --collar",
            )

    def _told_position(self) -> None:
        self._done.left = from_units(self._books.position.base_units)

    def _sellable(self) -> int:
        """Lots: what the bot holds by its own fills, and never what the account held before it."""
        balances = self._books.client.account().balances
        free = next(each.free_units for each in balances if each.asset == self._instrument.base)
        spare = free - self._baseline.get(self._instrument.base, 0)
        return max(0, self._instrument.lots_in(min(self._books.position.base_units, spare)))

    def _is_enough(self, lots: int, ticks: int) -> bool:
        least = to_units(self._instrument.min_notional)
        return lots >= max(1, self._instrument.min_lots) and self._instrument.notional_units(ticks, lots) >= least

    async def _step(self, floor: int, lots: int) -> int:
        """One order; answers the lots that were sold."""
        self._seq += 1
        name = client_id(self._tag, self._seq)
        wanted = min(lots, self._instrument.max_lots)
        now = time.time_ns()
        intent = OrderIntent(
            name, self._instrument.symbol, Side.SELL, OrderType.LIMIT, floor, wanted, now, purpose=SOURCE
        )
        await self._books.ledger.commit_intents([intent])
        answer = self._books.client.sell_at_once(intent)
        self._done.orders.append(name)
        if isinstance(answer, Rejected):
            await self._books.keep([RecordOrder(name, OrderStatus.REJECTED, "", 0, SOURCE, answer.reason)])
            raise NotFlat(f"the exchange refuses to sell: {answer.message}", "sell on the exchange's own page")
        if isinstance(answer, Unknown):
            await self._books.keep([RecordOrder(name, OrderStatus.UNKNOWN, "", 0, SOURCE, answer.why)])
        report = answer if isinstance(answer, OrderReport) else await self._found_out(name, answer.why)
        if report is None:
            await self._books.keep([RecordOrder(name, OrderStatus.NOT_PLACED, "", 0, SOURCE, "absent past the fence")])
            return wanted  # nothing was sold by it, and nothing speaks against another try
        executed = report.executed_lots
        self._books.placed(report.exchange_id, name)
        await self._books.keep([RecordOrder(name, report.status, report.exchange_id, executed, SOURCE, report.reason)])
        await self._books.settle({name: executed})
        return executed

    async def _found_out(self, name: str, why: str) -> OrderReport | None:
        """What became of an order without a reliable answer; None when it is proved absent past its fence."""
        until = time.monotonic() + self._fence
        while True:
            began = time.monotonic()
            report = self._books.client.order(client_id=name)
            if report is not None and report.status.is_final:
                return report
            if began > until:
                if report is None and not self._books.client.is_listed(name):
                    return None
                raise NotProven(f"the fate of order {name} is not known ({why})", "start the bot: it finds out")
            await asyncio.sleep(STEP_PAUSE)
