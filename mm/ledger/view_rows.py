"""From a row of integers to what a reader sees."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from mm.domain.fill import Fill
from mm.domain.instrument import from_units
from mm.ledger import views
from mm.ledger.schema import runs

GRID = (runs.c.tick_size, runs.c.lot_size)
"""What prices and sizes of a row are counted in."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(at: int) -> datetime:
    """UTC, floored to microseconds."""
    return _EPOCH + timedelta(microseconds=at // 1000)


def run(row: Any) -> views.RunView:
    return views.RunView(
        run_id=row.run_id,
        epoch=row.epoch,
        account_epoch=row.account_epoch,
        account_uid=row.account_uid,
        environment=row.environment,
        profile=row.profile,
        stage=row.stage,
        symbol=row.symbol,
        tick_size=Decimal(row.tick_size),
        lot_size=Decimal(row.lot_size),
        base=row.base,
        quote=row.quote,
        capital=from_units(row.capital_units),
        scenario=row.scenario,
        started=moment(row.started),
        ended=None if row.ended is None else moment(row.ended),
        outcome=row.outcome,
        clean=bool(row.clean),
        config_hash=row.config_hash,
        code_hash=row.code_hash,
        version=row.version,
        pid=row.pid,
        config=row.config,
    )


def order(row: Any) -> views.OrderView:
    tick_size, lot_size = Decimal(row.tick_size), Decimal(row.lot_size)
    return views.OrderView(
        client_id=row.client_id,
        run_id=row.run_id,
        account_epoch=row.account_epoch,
        symbol=row.symbol,
        side=row.side,
        type=row.type,
        price=tick_size * row.ticks,
        size=lot_size * row.lots,
        decided=moment(row.decided_at),
        purpose=row.purpose,
        level=row.level,
        status=row.status,
        exchange_id=row.exchange_id,
        executed=lot_size * row.executed_lots,
        updated=moment(row.updated_at),
        reason=row.reason,
    )


def order_event(row: Any) -> views.OrderEventView:
    return views.OrderEventView(
        at=moment(row.at),
        run_id=row.run_id,
        client_id=row.client_id,
        status=row.status,
        exchange_id=row.exchange_id,
        executed_lots=row.executed_lots,
        source=row.source,
        reason=row.reason,
    )


def fill(row: Any) -> views.FillView:
    tick_size, lot_size = Decimal(row.tick_size), Decimal(row.lot_size)
    return views.FillView(
        fill=Fill(
            symbol=row.symbol,
            trade_id=row.trade_id,
            exchange_id=row.exchange_id,
            client_id=row.client_id,
            buy=bool(row.buy),
            ticks=row.ticks,
            lots=row.lots,
            quote_units=row.quote_units,
            fee_units=row.fee_units,
            fee_asset=row.fee_asset,
            fee_quote_units=row.fee_quote_units,
            maker=bool(row.maker),
            time_ms=row.time_ms,
        ),
        run_id=row.run_id,
        account_epoch=row.account_epoch,
        tick_size=tick_size,
        lot_size=lot_size,
        time=moment(row.time_ms * 1_000_000),
        recorded=moment(row.recorded_at),
        side="BUY" if row.buy else "SELL",
        price=tick_size * row.ticks,
        size=lot_size * row.lots,
        quote=from_units(row.quote_units),
        fee=from_units(row.fee_units),
        fee_asset=row.fee_asset,
        fee_quote=None if row.fee_quote_units is None else from_units(row.fee_quote_units),
        maker=bool(row.maker),
        mid=tick_size * Decimal(str(row.mid_ticks)) if row.mid_ticks else None,
    )


def position(row: Any) -> views.PositionView:
    return views.PositionView(
        at=moment(row.at),
        run_id=row.run_id,
        trade_id=row.trade_id,
        base=from_units(row.base_units),
        cash=from_units(row.cash_units),
        cost=from_units(row.cost_units),
        realised=from_units(row.realised_units),
        third_fees=from_units(row.third_fee_units),
    )


def equity(row: Any) -> views.EquityView:
    tick_size = Decimal(row.tick_size)
    return views.EquityView(
        at=moment(row.at),
        run_id=row.run_id,
        equity=from_units(row.equity_units),
        base=from_units(row.base_units),
        cash=from_units(row.cash_units),
        cost=from_units(row.cost_units),
        realised=from_units(row.realised_units),
        third_fees=from_units(row.third_fee_units),
        bid=tick_size * row.bid_ticks,
        ask=tick_size * row.ask_ticks,
        day_pnl=from_units(row.day_pnl_units),
        peak=from_units(row.peak_units),
        drawdown=Decimal(row.drawdown),
        spread=tick_size * row.spread_ticks,
    )


def risk_event(row: Any) -> views.RiskEventView:
    return views.RiskEventView(
        at=moment(row.at),
        run_id=row.run_id,
        kind=row.kind,
        code=row.code,
        severity=row.severity,
        detail=row.detail,
        side=row.side,
        price=None if row.ticks is None else Decimal(row.tick_size) * row.ticks,
        size=None if row.lots is None else Decimal(row.lot_size) * row.lots,
        limit=row.limit_value,
        would_be=row.would_be,
        unit=row.unit,
    )


def latency(row: Any) -> views.LatencyView:
    return views.LatencyView(moment(row.at), row.run_id, row.kind, row.micros)


def heartbeat(row: Any) -> views.HeartbeatView:
    return views.HeartbeatView(
        at=moment(row.at),
        run_id=row.run_id,
        state=row.state,
        cpu_percent=row.cpu_percent,
        rss_bytes=row.rss_bytes,
        lag_ms=row.lag_ms,
        open_orders=row.open_orders,
        unknown_orders=row.unknown_orders,
    )


def capital_flow(row: Any) -> views.CapitalFlowView:
    return views.CapitalFlowView(
        at=moment(row.at),
        run_id=row.run_id,
        account_epoch=row.account_epoch,
        asset=row.asset,
        amount=from_units(row.asset_units),
        quote_worth=from_units(row.quote_units),
        why=row.why,
    )


def balance_baseline(row: Any) -> views.BalanceBaselineView:
    return views.BalanceBaselineView(row.account_epoch, row.asset, from_units(int(row.units)), moment(row.at))
