"""Profit and loss by trading day, replayed from fills and flows, marked at the last best bid of each day."""

from dataclasses import dataclass
from datetime import time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from mm.database.sqlite import DriverConnection
from mm.domain.instrument import Instrument, from_units
from mm.domain.position import Position
from mm.domain.records import CapitalFlow
from mm.domain.trading_day import TradingDay, trading_day_at, trading_day_of
from mm.ledger.history import Replay, Step, nanoseconds, read_history
from mm.ledger.recording import Cursor
from mm.ledger.view_rows import moment
from mm.ledger.views import DayPnl

_LAST_BID = """SELECT e.bid_ticks, r.tick_size FROM equity e JOIN runs r USING (epoch)
    WHERE r.account_epoch = ? AND e.at < ? AND e.bid_ticks > 0 ORDER BY e.at DESC, e.id DESC LIMIT 1"""
_LAST_SNAPSHOT = """SELECT e.at FROM equity e JOIN runs r USING (epoch)
    WHERE r.account_epoch = ? ORDER BY e.at DESC LIMIT 1"""
_FIRST_RUN = """SELECT symbol, base, quote, tick_size, lot_size, started FROM runs
    WHERE account_epoch = ? ORDER BY epoch LIMIT 1"""


@dataclass(slots=True)
class _Sums:
    """Of one day, 1e-8 quote."""

    fees: int = 0
    unpriced_fees: int = 0
    volume: int = 0
    fills: int = 0
    flows: int = 0

    def add(self, step: Step) -> None:
        if isinstance(step, CapitalFlow):
            self.flows += step.quote_units
            return
        self.fills += 1
        self.volume += step.fill.quote_units
        self.fees += step.fill.fee_quote_units or 0
        self.unpriced_fees += step.fill.fee_quote_units is None


class _Marks:
    """What the account was worth at a moment: its position at the last best bid seen before."""

    def __init__(self, cursor: Cursor, account_epoch: int, instrument: Instrument) -> None:
        self._cursor = cursor
        self._account_epoch = account_epoch
        self._instrument = instrument

    def equity_units(self, position: Position, at: int) -> int:
        """Without any bid seen yet, base counts at its cost."""
        row = self._cursor.execute(_LAST_BID, (self._account_epoch, at)).fetchone()
        if row is None:
            return position.cash_units + position.cost_units - position.third_fee_units
        return position.equity_units(_with_tick(self._instrument, Decimal(row[1])), row[0])


def pnl_by_day(connection: DriverConnection, account_epoch: int, close: time, zone: ZoneInfo) -> list[DayPnl]:
    """Every day from the account's first run to its last record, days without trading included."""
    cursor = connection.cursor()
    first = cursor.execute(_FIRST_RUN, (account_epoch,)).fetchone()
    if first is None:
        return []
    instrument = _instrument(*first[:5])
    steps = read_history(cursor, account_epoch)
    snapshot = cursor.execute(_LAST_SNAPSHOT, (account_epoch,)).fetchone()
    begins, ends = first[5], max([first[5], *(step.at for step in steps[-1:]), *(snapshot or ())])
    running = Replay(instrument)
    if steps and isinstance(steps[0], CapitalFlow):
        # The capital an account begins with is no flow of its first day.
        running.apply(steps.pop(0))
    steps.reverse()
    marks = _Marks(cursor, account_epoch, instrument)
    days: list[DayPnl] = []
    day = trading_day_at(moment(begins), close, zone)
    equity = running.position.cash_units
    while nanoseconds(day.start) <= ends:
        before, sums, closes = running.position, _Sums(), nanoseconds(day.end)
        while steps and steps[-1].at < closes:
            step = steps.pop()
            sums.add(step)
            running.apply(step)
        worth = marks.equity_units(running.position, closes)
        partial = nanoseconds(day.start) < begins or ends < closes
        days.append(_row(day, account_epoch, sums, _Change(before, running.position, equity, worth, partial)))
        equity = worth
        day = trading_day_of(day.day + timedelta(days=1), close, zone)
    return days


@dataclass(frozen=True, slots=True)
class _Change:
    """Position and equity at the day's start and end."""

    before: Position
    after: Position
    equity_start: int
    equity_end: int
    partial: bool


def _row(day: TradingDay, account_epoch: int, sums: _Sums, change: _Change) -> DayPnl:
    realised = change.after.realised_units - change.before.realised_units
    total = change.equity_end - change.equity_start - sums.flows
    return DayPnl(
        day=day.day,
        account_epoch=account_epoch,
        start=day.start,
        end=day.end,
        partial=change.partial,
        realised=from_units(realised),
        unrealised=from_units(total - realised),
        total=from_units(total),
        fees=from_units(sums.fees),
        unpriced_fees=sums.unpriced_fees,
        volume=from_units(sums.volume),
        fills=sums.fills,
        flows=from_units(sums.flows),
        equity_start=from_units(change.equity_start),
        equity_end=from_units(change.equity_end),
    )


def _instrument(symbol: str, base: str, quote: str, tick_size: str, lot_size: str) -> Instrument:
    """Enough of one to count with."""
    zero = Decimal(0)
    return Instrument(symbol, base, quote, Decimal(tick_size), Decimal(lot_size), 0, 0, zero, zero)


def _with_tick(instrument: Instrument, tick_size: Decimal) -> Instrument:
    if tick_size == instrument.tick_size:
        return instrument
    return _instrument(instrument.symbol, instrument.base, instrument.quote, str(tick_size), str(instrument.lot_size))
