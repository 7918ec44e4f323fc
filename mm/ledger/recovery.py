"""What start-up reads back: position, live orders and where equity stood. Nothing here is reset by a restart."""

from bisect import bisect_right
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from mm.domain.errors import LedgerError
from mm.domain.fill import Fill
from mm.domain.instrument import Instrument
from mm.domain.order import OrderIntent, OrderStatus, OrderType, Side
from mm.domain.position import Position
from mm.domain.records import BalanceBaseline, CapitalFlow, LiveOrder, Recovery, RunStart
from mm.domain.risk import RiskBaseline
from mm.domain.trading_day import TradingDay
from mm.ledger.recording import Cursor

_KNOWN_FILLS = 500
_FILLS = """SELECT f.symbol, f.trade_id, f.exchange_id, f.client_id, f.buy, f.ticks, f.lots, f.quote_units,
    f.fee_units, f.fee_asset, f.fee_quote_units, f.maker, f.time_ms, r.lot_size
    FROM fills f JOIN runs r USING (epoch) WHERE f.account_epoch = ? ORDER BY f.trade_id"""
_FLOWS = "SELECT at, asset, asset_units, quote_units, why FROM capital_flows WHERE account_epoch = ? ORDER BY at, id"
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
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def nanoseconds(moment: datetime) -> int:
    """UTC nanoseconds of an aware moment, exact."""
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


def read_recovery(cursor: Cursor, run: RunStart, day: TradingDay, stage_since: int | None) -> Recovery:
    """The account epoch of `run`; `last_seq` over all of them, since client ids are unique for ever."""
    account = run.account_epoch
    flows = [CapitalFlow(*row) for row in cursor.execute(_FLOWS, (account,))]
    rows = cursor.execute(_FILLS, (account,)).fetchall()
    fills = [_fill(row) for row in rows]
    position = replay_position(fills, [Decimal(row[13]) for row in rows], flows, run.instrument)
    orders = tuple(_live_order(row, run.instrument) for row in cursor.execute(_LIVE, (account,)))
    live = {order.intent.client_id for order in orders}
    recent = fills[-_KNOWN_FILLS:]
    earlier = [fill for fill in fills[:-_KNOWN_FILLS] if fill.client_id in live]
    baselines = cursor.execute(
        "SELECT asset, units FROM balance_baselines WHERE account_epoch = ? ORDER BY asset", (account,)
    ).fetchall()
    return Recovery(
        position=position,
        orders=orders,
        last_trade_id=fills[-1].trade_id if fills else 0,
        last_seq=cursor.execute("SELECT coalesce(max(seq), 0) FROM intents").fetchone()[0],
        baseline=_baseline(cursor, run, day, stage_since, _Flows(flows)),
        balances=tuple(BalanceBaseline(asset, int(units)) for asset, units in baselines),
        known_fills=(*earlier, *recent),
    )


def replay_position(
    fills: list[Fill], lot_sizes: list[Decimal], flows: list[CapitalFlow], instrument: Instrument
) -> Position:
    """Capital, then every flow and fill in the order of time; exact in 1e-8 units."""
    position = Position()
    waiting = list(reversed(flows))
    grids = {lot_size: replace(instrument, lot_size=lot_size) for lot_size in set(lot_sizes)}
    for fill, lot_size in zip(fills, lot_sizes, strict=True):
        while waiting and waiting[-1].at <= fill.time_ms * 1_000_000:
            position = after_flow(position, waiting.pop(), instrument)
        position = position.after(fill, grids[lot_size])
    while waiting:
        position = after_flow(position, waiting.pop(), instrument)
    return position


def after_flow(position: Position, flow: CapitalFlow, instrument: Instrument) -> Position:
    """Base brought in counts as bought at its worth then; other assets are no part of the position."""
    if flow.asset == instrument.quote:
        return replace(position, cash_units=position.cash_units + flow.asset_units)
    if flow.asset == instrument.base:
        return replace(
            position,
            base_units=position.base_units + flow.asset_units,
            cost_units=position.cost_units + flow.quote_units,
        )
    return position


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


def _fill(row: tuple[Any, ...]) -> Fill:
    symbol, trade_id, exchange_id, client_id, buy, ticks, lots, quote, fee, asset, fee_quote, maker, time_ms = row[:13]
    return Fill(
        symbol=symbol,
        trade_id=trade_id,
        exchange_id=exchange_id,
        client_id=client_id,
        buy=bool(buy),
        ticks=ticks,
        lots=lots,
        quote_units=quote,
        fee_units=fee,
        fee_asset=asset,
        fee_quote_units=fee_quote,
        maker=bool(maker),
        time_ms=time_ms,
    )


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
