"""What start-up reads back of the stage so far: levels reached, what fills earned, what a person accepted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from mm.domain.instrument import Instrument
from mm.domain.order import OrderStatus
from mm.domain.order_outcome import ended_abnormally
from mm.domain.records import RunStart
from mm.domain.risk import Acceptance, OrderCount, StageHistory, TradeSums
from mm.domain.trading_day import TradingDay
from mm.engine.stop_conditions import ABNORMAL_ORDERS, CRASHES
from mm.ledger.history import Step, Traded, nanoseconds
from mm.ledger.recording import Cursor
from mm.risk.attribution import sums_after
from mm.risk.emergency import LEVEL_CODES
from mm.risk.order_window import MINUTES

_EVENTS = """SELECT e.code, max(e.at) FROM risk_events e JOIN runs r USING (epoch) WHERE r.account_epoch = ?
    AND e.kind = 'event' AND e.at >= ? AND e.code IN ('level_1', 'level_2', 'level_3', 'resumed') GROUP BY e.code"""
_MIDS = "SELECT trade_id, mid_ticks FROM fills WHERE account_epoch = ? AND time_ms >= ?"
# Equity as if all capital flows since had been there already, like the marks it is compared with.
_EQUITY = """SELECT e.equity_units + (SELECT coalesce(sum(f.quote_units), 0) FROM capital_flows f
    WHERE f.account_epoch = r.account_epoch AND f.at > e.at) FROM equity e JOIN runs r USING (epoch)
    WHERE r.account_epoch = ? AND e.at """
_CRASHES = "SELECT count(*) FROM runs WHERE account_epoch = ? AND epoch < ? AND started >= ? AND clean = 0"
_ENDED = """SELECT o.status, o.reason, o.updated_at FROM orders o JOIN runs r USING (epoch) WHERE r.account_epoch = ?
    AND o.status NOT IN ('PENDING', 'UNKNOWN', 'OPEN') AND o.updated_at >= ?"""
_LAST_FILL = "SELECT max(time_ms) FROM fills WHERE account_epoch = ?"
_PLACED = "SELECT count(*) FROM intents i JOIN runs r USING (epoch) WHERE r.account_epoch = ? AND i.decided_at > ?"
_MINUTE = 60_000_000_000
_EQUITY_AT = _EQUITY + "<= ? ORDER BY e.at DESC, e.id DESC LIMIT 1"
_EQUITY_SINCE = _EQUITY + ">= ?"


@dataclass(frozen=True, slots=True)
class StageTimes:
    """`since` UTC ns when the stage began; `resumed` when a person last lifted each cause, UTC ns."""

    since: int
    day: TradingDay
    resumed: Mapping[str, int]


def read_stage_history(cursor: Cursor, run: RunStart, times: StageTimes, steps: Sequence[Step]) -> StageHistory:
    """`steps` the history of the run's account epoch."""
    account, day_start = run.account_epoch, nanoseconds(times.day.start)
    events = dict(cursor.execute(_EVENTS, (account, times.since)).fetchall())
    reached = [number for number, code in enumerate(LEVEL_CODES, start=1) if code in events]
    since_ms = -(-min(times.since, day_start) // 1_000_000)
    mids = dict(cursor.execute(_MIDS, (account, since_ms)).fetchall())
    traded = [step for step in steps if isinstance(step, Traded) and step.fill.trade_id in mids]
    resumed_at = max((*times.resumed.values(), events.get("resumed", 0)), default=0)
    return StageHistory(
        level=max(reached, default=0),
        stage=_sums((step for step in traded if step.at >= times.since), mids, run.instrument),
        day=_sums((step for step in traded if step.at >= day_start), mids, run.instrument),
        accepted=_acceptance(cursor, account, resumed_at, day_start) if resumed_at >= times.since else None,
        crashes=_crashes(cursor, run, max(times.since, times.resumed.get(CRASHES, 0))),
        orders=_orders(cursor, run, max(times.since, times.resumed.get(ABNORMAL_ORDERS, 0))),
        orders_without_fill=_orders_without_fill(cursor, account, day_start),
    )


def _sums(steps: Iterable[Traded], mids: Mapping[int, float], instrument: Instrument) -> TradeSums:
    grids: dict[Decimal, Instrument] = {instrument.lot_size: instrument}
    sums = TradeSums()
    for step in steps:
        grid = grids.get(step.lot_size)
        if grid is None:
            grid = grids[step.lot_size] = replace(instrument, lot_size=step.lot_size)
        sums = sums_after(sums, step.fill, mids[step.fill.trade_id], grid)
    return sums


def _crashes(cursor: Cursor, run: RunStart, since: int) -> int:
    found: int = cursor.execute(_CRASHES, (run.account_epoch, run.epoch, since)).fetchone()[0]
    return found


def _orders(cursor: Cursor, run: RunStart, since: int) -> tuple[OrderCount, ...]:
    """Those that ended, by the minute of their end; one that is still in doubt is counted once its end is known."""
    start = nanoseconds(run.started) // _MINUTE - MINUTES + 1
    counts: dict[int, list[int]] = {}
    for status, reason, at in cursor.execute(_ENDED, (run.account_epoch, max(since, start * _MINUTE))):
        count = counts.setdefault(at // _MINUTE, [0, 0])
        count[0] += 1
        count[1] += ended_abnormally(OrderStatus(status), reason)
    return tuple(OrderCount(minute, *counts[minute]) for minute in sorted(counts))


def _orders_without_fill(cursor: Cursor, account: int, day_start: int) -> int:
    last = cursor.execute(_LAST_FILL, (account,)).fetchone()[0]
    found: int = cursor.execute(_PLACED, (account, max(day_start, (last or 0) * 1_000_000))).fetchone()[0]
    return found


def _acceptance(cursor: Cursor, account: int, resumed_at: int, day_start: int) -> Acceptance | None:
    then = cursor.execute(_EQUITY_AT, (account, resumed_at)).fetchone()
    if then is None:
        return None
    since = [row[0] for row in cursor.execute(_EQUITY_SINCE, (account, resumed_at))]
    return Acceptance(equity_units=then[0], best_units=max([then[0], *since]), is_today=resumed_at >= day_start)
