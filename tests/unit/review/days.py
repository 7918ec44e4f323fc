"""A trading day made by hand, small enough to reckon on paper."""

from dataclasses import replace
from decimal import Decimal

from mm.domain.fill import Fill
from mm.domain.instrument import UNITS
from mm.domain.order import OrderStatus, Side
from mm.review.facts import (
    BeatFacts,
    DayFacts,
    EquityFacts,
    FillFacts,
    FlowFacts,
    LatencyFacts,
    OrderFacts,
    RiskFacts,
    RunFacts,
)
from tests.fakes.account_reader import ETHUSDC

SECOND = 10**9
HOUR = 3600 * SECOND
START = 1_795_284_000 * SECOND
END = START + 24 * HOUR
RUN = RunFacts("r1", 1, "sim", "100usdc", "testnet", "lively", 100 * UNITS, START, START + HOUR, True, "done", START)


def order(
    client_id: str, status: OrderStatus, *, executed: int = 0, exchange_id: str = "x", reason: str = ""
) -> OrderFacts:
    return OrderFacts(client_id, "r1", Side.BUY, 300_000, 20, START, status, exchange_id, executed, reason)


def fill(trade_id: int, *, buy: bool, ticks: int, lots: int, fee: int, second: int) -> FillFacts:
    """Fee in the asset received, 1e-8 units."""
    made = Fill(
        symbol="ETHUSDC",
        trade_id=trade_id,
        exchange_id=f"x{trade_id}",
        client_id=f"c{trade_id}",
        buy=buy,
        ticks=ticks,
        lots=lots,
        quote_units=ETHUSDC.notional_units(ticks, lots),
        fee_units=fee,
        fee_asset="ETH" if buy else "USDC",
        fee_quote_units=None,
        maker=True,
        time_ms=(START + second * SECOND) // 1_000_000,
    )
    return FillFacts(made, 1, float(ticks))


def point(
    second: int, equity: str, *, bid: int = 300_000, ask: int = 300_000, spread: int = 0, epoch: int = 1
) -> EquityFacts:
    units = int(Decimal(equity) * UNITS)
    return EquityFacts(START + second * SECOND, epoch, units, 0, bid, ask, spread, Decimal(0))


def flow(second: int, amount: str, *, epoch: int = 1) -> FlowFacts:
    return FlowFacts(START + second * SECOND, epoch, int(Decimal(amount) * UNITS))


def empty() -> DayFacts:
    return DayFacts(START, END, END, ETHUSDC)


def traded() -> DayFacts:
    """Buy 0.01 ETH at 3000 (fee 0.00001 ETH), sell 0.0099 at 2990 (fee 0.0296 USDC); one run of an hour."""
    return replace(
        empty(),
        runs=[RUN],
        orders=[
            order("a", OrderStatus.FILLED, executed=20),
            order("b", OrderStatus.CANCELED, executed=5),
            order("c", OrderStatus.CANCELED),
            order("d", OrderStatus.REJECTED, exchange_id="", reason="-2010 would_match"),
            order("e", OrderStatus.NOT_PLACED, exchange_id=""),
        ],
        fills=[
            fill(1, buy=True, ticks=300_000, lots=100, fee=1_000, second=10),
            fill(2, buy=False, ticks=299_000, lots=99, fee=2_960_000, second=20),
        ],
        opening=[point(-1, "0")],
        origin=[point(-1, "0")],
        flows=[flow(0, "100")],
        equity=[
            replace(point(5, "100", bid=299_900, ask=300_100, spread=600), drawdown=Decimal(0)),
            replace(point(25, "99.8", bid=298_900, ask=299_100), drawdown=Decimal("0.002")),
            replace(point(75, "99.85", bid=299_400, ask=299_600, spread=599), drawdown=Decimal("0.0015")),
        ],
        risk=[
            RiskFacts(START, "event", "breaker_open", "warning"),
            RiskFacts(START, "event", "breaker_closed", "info"),
            RiskFacts(START, "refusal", "max_position", "info"),
            RiskFacts(START, "refusal", "max_position", "info"),
            RiskFacts(START, "event", "resumed", "info"),
        ],
        latencies=[LatencyFacts("place", micros) for micros in range(1_000, 21_000, 1_000)],
        beats=[BeatFacts(START + second * SECOND, 10.0, 50_000_000 + second, 1.5) for second in range(0, 3600, 10)],
    )
