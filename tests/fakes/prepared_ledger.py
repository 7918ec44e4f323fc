"""A small ledger in MM_HOME: one run on sim that bought, sold and ended (or died)."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from mm.domain.actions import RecordEquity, RecordFill, RecordOrder, RecordRefusal, RecordRisk, RecordState
from mm.domain.fill import Fill
from mm.domain.instrument import UNITS
from mm.domain.order import OrderIntent, OrderStatus, OrderType, Side
from mm.domain.position import Position
from mm.domain.records import BalanceBaseline, Heartbeat, Latency, RunStart
from mm.domain.risk import TradingState
from mm.home import Home
from mm.ledger.ledger import SqliteLedger
from tests.fakes.account_reader import ETHUSDC

TAG = "abc123"
SECOND = 10**9


def unix_ns(moment: datetime) -> int:
    return int(moment.timestamp()) * SECOND


def run_start(environment: str, started: datetime, *, profile: str = "100usdc", scenario: str = "lively") -> RunStart:
    return RunStart(
        run_id="run-1",
        epoch=0,
        account_epoch=1,
        account_uid="7",
        environment=environment,
        profile=profile,
        stage="testnet",
        symbol="ETHUSDC",
        scenario=scenario,
        started=started,
        config_hash="c0",
        code_hash="d0",
        version="0.1.0",
        pid=1,
        instrument=ETHUSDC,
        capital_units=100 * UNITS,
    )


def intent(number: int, side: Side, ticks: int, at: int, lots: int = 20) -> OrderIntent:
    return OrderIntent(f"mm-{TAG}-{number}", "ETHUSDC", side, OrderType.LIMIT_MAKER, ticks, lots, at)


def fill(trade_id: int, order: OrderIntent, at: int, fee: int) -> Fill:
    buy = order.side is Side.BUY
    return Fill(
        symbol="ETHUSDC",
        trade_id=trade_id,
        exchange_id=f"5{trade_id}",
        client_id=order.client_id,
        buy=buy,
        ticks=order.ticks,
        lots=order.lots,
        quote_units=ETHUSDC.notional_units(order.ticks, order.lots),
        fee_units=fee,
        fee_asset="ETH" if buy else "USDC",
        fee_quote_units=ETHUSDC.value_units(fee, order.ticks) if buy else fee,
        maker=True,
        time_ms=at // 1_000_000,
    )


def prepare(
    home: Home,
    environment: str = "sim",
    *,
    started: datetime | None = None,
    lost: Decimal = Decimal(0),
    clean: bool | None = True,
    profile: str = "100usdc",
) -> datetime:
    """Writes the ledger and `last_environment`; answers the start (two minutes ago unless given).

    Buys 0.002 ETH at 3000.00 (fee 0.00000200 ETH), sells 0.0019 at 3003.00 (fee 0.0057057 USDC), cancels
    one order, has one refused; the last snapshot says 100 − `lost` USDC. `clean` None: the run never ended.
    """
    start = started or datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=2)
    files = home.environment(environment)
    files.make()
    home.last_environment.write_text(environment)
    asyncio.run(_write(home, environment, start, lost=lost, clean=clean, profile=profile))
    return start


async def _write(
    home: Home, environment: str, start: datetime, *, lost: Decimal, clean: bool | None, profile: str
) -> None:
    problems: list[str] = []
    ledger = SqliteLedger.open(
        home.environment(environment).ledger, on_failure=problems.append, inline=True, new_tag=lambda: TAG
    )
    begun = await ledger.begin_run(run_start(environment, start, profile=profile), [BalanceBaseline("ETH", 0)])
    at = unix_ns(begun.run.started)
    buy, sell = intent(1, Side.BUY, 300_000, at + SECOND), intent(2, Side.SELL, 300_300, at + 20 * SECOND, 19)
    gone = intent(3, Side.BUY, 299_000, at + 21 * SECOND)
    await ledger.commit_intents([buy, sell, gone])
    bought, sold = fill(11, buy, at + 10 * SECOND, 200), fill(12, sell, at + 30 * SECOND, 570_570)
    held = Position(cash_units=100 * UNITS).after(bought, ETHUSDC)
    flat = held.after(sold, ETHUSDC)
    now = at + 40 * SECOND
    ledger.record(at, [RecordState(TradingState.HALTED, TradingState.ACTIVE, ())])
    ledger.record(at + 5 * SECOND, [_equity(100 * UNITS, Position(cash_units=100 * UNITS))])
    for order, made, position in ((buy, bought, held), (sell, sold, flat)):
        filled = RecordOrder(order.client_id, OrderStatus.FILLED, made.exchange_id, order.lots, "stream")
        ledger.record(made.time_ms * 1_000_000, [filled, RecordFill(made, position, float(made.ticks))])
    ledger.record(now, [RecordOrder(gone.client_id, OrderStatus.CANCELED, "53", 0, "stream")])
    ledger.record(now, [RecordRefusal("max_position", Side.BUY, 300_000, 20, "0.01", "0.012", "ETH")])
    ledger.record(now, [RecordRisk("breaker_open", "warning", "three rejections")])
    ledger.record(now, [Latency(now, "place", 1_500), Latency(now, "place", 2_500)])
    for beat in range(0, 60, 5):
        ledger.record(at + beat * SECOND, [Heartbeat(at + beat * SECOND, "ACTIVE", 12.5, 80_000_000, 0.4, 1, 0)])
    last = replace(_equity(100 * UNITS - int(lost * UNITS), flat), day_pnl_units=-int(lost * UNITS))
    ledger.record(at + 60 * SECOND, [last])
    await ledger.flush()
    if clean is not None:
        await ledger.end_run(at + 60 * SECOND, "done" if clean else "orders may be left", clean=clean)
    await ledger.close()
    assert problems == []


def _equity(units: int, position: Position) -> RecordEquity:
    peak = max(units, 100 * UNITS)
    drawdown = Decimal(peak - units) / (100 * UNITS)
    return RecordEquity(units, position, 300_000, 300_002, 0, peak, drawdown, 660)
