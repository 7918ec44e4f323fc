"""What start-up reads back: position, live orders and where equity stood. Nothing here is reset by a restart."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from mm.domain.errors import LedgerError
from mm.domain.fill import Fill
from mm.domain.instrument import Instrument
from mm.domain.order import OrderIntent, OrderStatus, OrderType, Side
from mm.domain.records import BalanceBaseline, CapitalFlow, LiveOrder, Recovery, RunStart
from mm.domain.risk import RiskBaseline
from mm.domain.trading_day import TradingDay
from mm.ledger.history import Traded, nanoseconds, read_history, replay
from mm.ledger.recording import Cursor, sequence_in
from mm.ledger.stage_history import StageTimes, read_stage_history

_KNOWN_FILLS = 500
_DOUBT = 60_000
"""Milliseconds: so far apart may the clocks of exchange and machine have been."""
_SAME_MOMENT = 1_000_000_000
"""Nanoseconds: a stage that begins with a run may seem to begin after it, whose start is kept in microseconds."""
_COLUMNS = """SELECT i.client_id, i.symbol, i.side, i.type, i.ticks, i.lots, i.decided_at, i.purpose, i.level,
    o.status, o.exchange_id, o.executed_lots, r.tick_size, r.lot_size, i.id
    FROM orders o JOIN intents i USING (client_id) JOIN runs r ON r.epoch = i.epoch WHERE r.account_epoch = ? AND """
_LIVE = _COLUMNS + "o.status IN ('PENDING', 'UNKNOWN', 'OPEN')"
# Ended orders of which the exchange executed more than the fills on record tell: none is over without its fills.
_UNCOVERED = (
    _COLUMNS  # noqa: S608 - constants both
    + """o.status NOT IN ('PENDING', 'UNKNOWN', 'OPEN') AND o.executed_lots > 0 AND o.executed_lots >
    (SELECT coalesce(sum(f.lots), 0) FROM fills f WHERE f.client_id = o.client_id)"""
)
# A number is taken even if its intent never became durable: its end is on record and would stay the end of another.
_IDS_WITHOUT_INTENT = "SELECT o.client_id FROM orders o LEFT JOIN intents i USING (client_id) WHERE i.id IS NULL"
_OPENED = "SELECT min(started) FROM runs WHERE account_epoch = ?"
_EQUITY_BEFORE = """SELECT e.at, e.equity_units FROM equity e JOIN runs r USING (epoch)
    WHERE r.account_epoch = ? AND e.at < ? ORDER BY e.at DESC, e.id DESC LIMIT 1"""
# By id: the wall clock may have been set back. The plus keeps SQLite on the ids, where the first row mostly is the one.
_LAST_PEAK = """SELECT e.at, e.peak_units FROM equity e JOIN runs r USING (epoch)
    WHERE r.account_epoch = ? AND +e.at >= ? AND r.stage = ? ORDER BY e.id DESC LIMIT 1"""
_STAGE_SINCE = """SELECT min(started) FROM runs WHERE account_epoch = ? AND epoch >
    (SELECT coalesce(max(epoch), 0) FROM runs WHERE account_epoch = ? AND stage <> ?)"""


def read_recovery(
    cursor: Cursor, run: RunStart, day: TradingDay, stage_since: int | None, resumed: Mapping[str, int]
) -> Recovery:
    """The account epoch of `run`; `last_seq` over all of them, since client ids are unique for ever."""
    account = run.account_epoch
    since = _stage_began(cursor, run, stage_since)
    steps = read_history(cursor, account)
    flows = [step for step in steps if isinstance(step, CapitalFlow)]
    fills = [step.fill for step in steps if isinstance(step, Traded)]
    rows = [row for statement in (_LIVE, _UNCOVERED) for row in cursor.execute(statement, (account,)).fetchall()]
    orders = tuple(_live_order(row, run.instrument) for row in sorted(rows, key=lambda row: row[-1]))
    live = {order.intent.client_id for order in orders}
    read_from = _first_trade_to_read(fills, orders)
    known = max(0, min(len(fills) - _KNOWN_FILLS, bisect_left(fills, read_from, key=lambda fill: fill.trade_id)))
    earlier = [fill for fill in fills[:known] if fill.client_id in live]
    baselines = cursor.execute(
        "SELECT asset, units FROM balance_baselines WHERE account_epoch = ? ORDER BY asset", (account,)
    ).fetchall()
    return Recovery(
        position=replay(steps, run.instrument),
        orders=orders,
        last_trade_id=fills[-1].trade_id if fills else 0,
        last_seq=_last_seq(cursor),
        baseline=_baseline(cursor, run, day, since, _Flows(flows)),
        balances=tuple(BalanceBaseline(asset, int(units)) for asset, units in baselines),
        known_fills=(*earlier, *fills[known:]),
        read_trades_from=read_from,
        opened_ms=cursor.execute(_OPENED, (account,)).fetchone()[0] // 1_000_000,
        history=read_stage_history(cursor, run, StageTimes(since, day, resumed), steps),
    )


def _first_trade_to_read(fills: Sequence[Fill], orders: Sequence[LiveOrder]) -> int:
    """All fills on record from this id on are in `known_fills`. Before it no live order can have a fill that is missing
    here; where none is live, trades just before the last one are read again: reports may come out of order."""
    if not fills:
        return 0
    overlap = max(0, fills[-1].trade_id + 1 - _KNOWN_FILLS)
    if not orders:
        return overlap
    began_ms = min(order.intent.decided_at for order in orders) // 1_000_000 - _DOUBT
    before = [fill.trade_id for fill in fills if fill.time_ms < began_ms]
    return min(overlap, before[-1] + 1 if before else 0)


def _last_seq(cursor: Cursor) -> int:
    used: int = cursor.execute("SELECT coalesce(max(seq), 0) FROM intents").fetchone()[0]
    return max([used, *(sequence_in(row[0]) or 0 for row in cursor.execute(_IDS_WITHOUT_INTENT))])


class _Flows:
    """How much capital had flowed in by a moment; comparing equity across a deposit needs it."""

    def __init__(self, flows: list[CapitalFlow]) -> None:
        self._at = [flow.at for flow in flows]
        self._sums = [0]
        for flow in flows:
            self._sums.append(self._sums[-1] + flow.quote_units)

    def until(self, at: int) -> int:
        return self._sums[bisect_right(self._at, at)]

    @property
    def total(self) -> int:
        return self._sums[-1]


def _stage_began(cursor: Cursor, run: RunStart, stage_since: int | None) -> int:
    """A stage that begins later than this run did so by a clock that was set back since: its first run counts, or its
    losses and levels would begin anew with every start until that time has come."""
    if stage_since is not None and stage_since <= nanoseconds(run.started) + _SAME_MOMENT:
        return stage_since
    began: int = cursor.execute(_STAGE_SINCE, (run.account_epoch, run.account_epoch, run.stage)).fetchone()[0]
    return began


def _baseline(cursor: Cursor, run: RunStart, day: TradingDay, since: int, flows: _Flows) -> RiskBaseline:
    account = run.account_epoch
    stage_start = _equity_before(cursor, account, since, flows)
    if stage_start is None:
        stage_start = flows.total
    day_start = _equity_before(cursor, account, nanoseconds(day.start), flows)
    peak = stage_start
    last = cursor.execute(_LAST_PEAK, (account, since, run.stage)).fetchone()
    if last is not None:
        # The engine's peak only rises within a stage, so the last row knows it.
        peak = max(peak, last[1] - flows.until(last[0]) + flows.total)
    return RiskBaseline(
        day=day.day.isoformat(),
        # Nothing before the day: the account began in it. A stage that began since does not end the day's loss.
        day_start_units=flows.total if day_start is None else day_start,
        stage_start_units=stage_start,
        peak_units=peak,
        capital_units=run.capital_units,
    )


def _equity_before(cursor: Cursor, account: int, at: int, flows: _Flows) -> int | None:
    """Equity at the last snapshot before `at`, as if all capital flows since had been there already."""
    row = cursor.execute(_EQUITY_BEFORE, (account, at)).fetchone()
    return None if row is None else row[1] - flows.until(row[0]) + flows.total


def _live_order(row: tuple[Any, ...], instrument: Instrument) -> LiveOrder:
    client_id, symbol, side, kind, ticks, lots, decided_at, purpose, level, status, exchange_id, executed = row[:12]
    tick_size, lot_size = Decimal(row[12]), Decimal(row[13])
    intent = OrderIntent(
        client_id=client_id,
        symbol=symbol,
        side=Side(side),
        type=OrderType(kind),
        ticks=_regrid(ticks, tick_size, instrument.tick_size),
        lots=_regrid(lots, lot_size, instrument.lot_size),
        decided_at=decided_at,
        purpose=purpose,
        level=level,
    )
    return LiveOrder(intent, OrderStatus(status), exchange_id, _regrid(executed, lot_size, instrument.lot_size))


def _regrid(steps: int, old: Decimal, new: Decimal) -> int:
    """The exchange may have changed the grid between two runs."""
    if old == new:
        return steps
    moved = Fraction(old) * steps / Fraction(new)
    if moved.denominator != 1:
        raise LedgerError(
            f"a live order of {old * steps} does not fit the exchange's new grid {new}", "cancel it by hand first"
        )
    return int(moved)
