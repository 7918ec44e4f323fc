"""What start-up reads back: position, live orders and where equity stood. Nothing here is reset by a restart."""

from bisect import bisect_right
from decimal import Decimal
from fractions import Fraction
from typing import Any

from mm.domain.errors import LedgerError
from mm.domain.instrument import Instrument
from mm.domain.order import OrderIntent, OrderStatus, OrderType, Side
from mm.domain.records import BalanceBaseline, CapitalFlow, LiveOrder, Recovery, RunStart
from mm.domain.risk import RiskBaseline
from mm.domain.trading_day import TradingDay
from mm.ledger.history import Traded, nanoseconds, read_history, replay
from mm.ledger.recording import Cursor

_KNOWN_LIVE = """SELECT i.client_id, i.symbol, i.side, i.type, i.ticks, i.lots, i.decided_at, i.purpose, i.level,
    o.status, o.exchange_id, o.executed_lots, r.tick_size, r.lot_size
    FROM orders o JOIN intents i USING (client_id) JOIN runs r ON r.epoch = i.epoch
    WHERE o.status IN ('PENDING', 'UNKNOWN', 'OPEN') AND r.account_epoch = ? ORDER BY i.id"""
_EQUITY_BEFORE = """SELECT e.at, e.equity_units FROM equity e JOIN runs r USING (epoch)
    WHERE r.account_epoch = ? AND e.at < ? ORDER BY e.at DESC, e.id DESC LIMIT 1"""
_LAST_PEAK = """SELECT e.at, e.peak_units FROM equity e JOIN runs r USING (epoch)
    WHERE r.account_epoch = ? AND e.at >= ? AND r.stage = ? ORDER BY e.at DESC, e.id DESC LIMIT 1"""
_STAGE_SINCE = """SELECT min(started) FROM runs WHERE account_epoch = ? AND epoch >
    (SELECT coalesce(max(epoch), 0) FROM runs WHERE account_epoch = ? AND stage <> ?)"""


_KNOWN_FILLS = 500
_LIVE = """SELECT i.client_id, i.symbol, i.side, i.type, i.ticks, i.lots, i.decided_at, i.purpose, i.level,
    o.status, o.exchange_id, o.executed_lots, r.tick_size, r.lot_size
    FROM orders o JOIN intents i USING (client_id) JOIN runs r ON r.epoch = i.epoch
    WHERE o.status IN ('PENDING', 'UNKNOWN', 'OPEN') AND r.account_epoch = ? ORDER BY i.id"""
_EQUITY_BEFORE = """SELECT e.at, e.equity_units FROM equity e JOIN runs r USING (epoch)
    WHERE r.account_epoch = ? AND e.at < ? ORDER BY e.at DESC, e.id DESC LIMIT 1"""
_LAST_PEAK = """SELECT e.at, e.peak_units FROM equity e JOIN runs r USING (epoch)
    WHERE r.account_epoch = ? AND e.at >= ? AND r.stage = ? ORDER BY e.at DESC, e.id DESC LIMIT 1"""
_STAGE_SINCE = """SELECT min(started) FROM runs WHERE account_epoch = ? AND epoch >
    (SELECT coalesce(max(epoch), 0) FROM runs WHERE account_epoch = ? AND stage <> ?)"""


def read_recovery(cursor: Cursor, run: RunStart, day: TradingDay, stage_since: int | None) -> Recovery:
    """The account epoch of `run`; `last_seq` over all of them, since client ids are unique for ever."""
    account = run.account_epoch
    steps = read_history(cursor, account)
    flows = [step for step in steps if isinstance(step, CapitalFlow)]
    fills = [step.fill for step in steps if isinstance(step, Traded)]
    orders = tuple(_live_order(row, run.instrument) for row in cursor.execute(_LIVE, (account,)))
    live = {order.intent.client_id for order in orders}
    recent = fills[-_KNOWN_FILLS:]
    earlier = [fill for fill in fills[:-_KNOWN_FILLS] if fill.client_id in live]
    baselines = cursor.execute(
        "SELECT asset, units FROM balance_baselines WHERE account_epoch = ? ORDER BY asset", (account,)
    ).fetchall()
    return Recovery(
        position=replay(steps, run.instrument),
        orders=orders,
        last_trade_id=fills[-1].trade_id if fills else 0,
        last_seq=cursor.execute("SELECT coalesce(max(seq), 0) FROM intents").fetchone()[0],
        baseline=_baseline(cursor, run, day, stage_since, _Flows(flows)),
        balances=tuple(BalanceBaseline(asset, int(units)) for asset, units in baselines),
        known_fills=(*earlier, *recent),
    )


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


def _baseline(cursor: Cursor, run: RunStart, day: TradingDay, stage_since: int | None, flows: _Flows) -> RiskBaseline:
    account = run.account_epoch
    since = stage_since
    if since is None:
        since = cursor.execute(_STAGE_SINCE, (account, account, run.stage)).fetchone()[0]
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
        day_start_units=stage_start if day_start is None else day_start,
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
