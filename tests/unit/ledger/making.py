"""Runs, orders and fills for ledger tests."""

from datetime import UTC, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from mm.domain.actions import RecordEquity, RecordFill
from mm.domain.fill import Fill
from mm.domain.instrument import UNITS, Instrument
from mm.domain.order import OrderIntent, OrderType, Side
from mm.domain.position import Position
from mm.domain.records import RunStart
from mm.domain.trading_day import TradingDay, trading_day_at

ETHUSDC = Instrument(
    "ETHUSDC", "ETH", "USDC", Decimal("0.01"), Decimal("0.0001"), 1, 10**8, Decimal(5), Decimal(9_000_000)
)
CLOSE = time(22)
BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
SECOND = 1_000_000_000
HOUR = 3600 * SECOND


def at(moment: datetime) -> int:
    return int(moment.timestamp()) * SECOND


def day_of(moment: datetime) -> TradingDay:
    return trading_day_at(moment, CLOSE, BERLIN)


def a_run(
    name: str = "run-1",
    *,
    account_epoch: int = 1,
    uid: str = "u1",
    stage: str = "testnet",
    capital: int = 100,
    started: datetime = START,
    symbol: str = "ETHUSDC",
    instrument: Instrument = ETHUSDC,
) -> RunStart:
    return RunStart(
        run_id=name,
        epoch=0,
        account_epoch=account_epoch,
        account_uid=uid,
        environment="sim",
        profile="100usdc",
        stage=stage,
        symbol=symbol,
        scenario="lively",
        started=started,
        config_hash="c0",
        code_hash="d0",
        version="0.1.0",
        pid=1,
        instrument=instrument,
        capital_units=capital * UNITS,
    )


def an_intent(seq: int, *, tag: str = "abc123", ticks: int = 300_000, lots: int = 20) -> OrderIntent:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    text, rest = "", seq
    while rest:
        text, rest = digits[rest % 36] + text, rest // 36
    return OrderIntent(
        f"mm-{tag}-{text or '0'}", "ETHUSDC", Side.BUY, OrderType.LIMIT_MAKER, ticks, lots, at(START) + seq
    )


def a_fill(
    trade_id: int, *, buy: bool = True, ticks: int = 300_000, lots: int = 20, moment: int | None = None, fee: int = 0
) -> Fill:
    return Fill(
        symbol="ETHUSDC",
        trade_id=trade_id,
        exchange_id=f"x{trade_id}",
        client_id="",
        buy=buy,
        ticks=ticks,
        lots=lots,
        quote_units=ETHUSDC.notional_units(ticks, lots),
        fee_units=fee,
        fee_asset="ETH" if buy else "USDC",
        fee_quote_units=ETHUSDC.value_units(fee, ticks) if buy else fee,
        maker=True,
        time_ms=(at(START) + trade_id * SECOND if moment is None else moment) // 1_000_000,
    )


def seen(fill: Fill) -> RecordFill:
    return RecordFill(fill, Position(), 300_000.5)


def equity(units: int, *, peak: int | None = None, bid: int = 300_000) -> RecordEquity:
    return RecordEquity(units, Position(), bid, bid + 2, 0, units if peak is None else peak, Decimal(0), 2)
