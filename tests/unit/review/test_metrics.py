from dataclasses import replace
from decimal import Decimal

import pytest

from mm.domain.order import OrderStatus
from mm.review.facts import LatencyFacts
from mm.review.figure import Figure, percentile
from mm.review.metrics import metrics
from tests.unit.review.days import END, HOUR, RUN, START, empty, fill, flow, order, point, traded


def test_orders_are_counted_by_their_end() -> None:
    trading = metrics(traded()).trading
    counts = {name: getattr(trading, name).value for name in ("intents", "placed", "filled", "partly_filled")}
    assert counts == {"intents": 5, "placed": 3, "filled": 1, "partly_filled": 1}
    assert [figure.value for figure in (trading.cancelled, trading.rejected, trading.not_sent)] == [2, 1, 1]
    assert trading.refused.value == 2
    assert trading.fills.value == 2


def test_fill_rate_by_orders_and_by_size() -> None:
    trading = metrics(traded()).trading
    assert trading.fill_rate == Figure(Decimal("0.666667"), 3, "share")  # 2 of 3 placed
    assert trading.size_filled.value == Decimal("0.416667")  # 25 of 60 lots


def test_average_spread_takes_only_moments_with_both_sides_quoted() -> None:
    # 600 ticks around 300 000, 599 around 299 500: 0.002 and 0.002.
    assert metrics(traded()).trading.spread == Figure(Decimal("0.002000"), 2, "share")


def test_accuracy_counts_what_did_not_end_as_meant() -> None:
    # The post-only rejection is what post-only asks for; NOT_PLACED is not.
    trading = metrics(traded()).trading
    assert trading.accuracy == Figure(Decimal("0.800000"), 5, "share")
    assert trading.abnormal.value == 1


@pytest.mark.parametrize(
    ("status", "reason", "as_meant"),
    [
        (OrderStatus.FILLED, "", True),
        (OrderStatus.EXPIRED, "", True),
        (OrderStatus.REJECTED, "-2010 would_match", True),
        (OrderStatus.REJECTED, "-2010 insufficient_balance", False),
        (OrderStatus.REJECTED, "", False),
        (OrderStatus.UNKNOWN, "", False),
        (OrderStatus.PENDING, "", False),
        (OrderStatus.OPEN, "", False),
        (OrderStatus.NOT_SENT, "stopped: the stop latch fell", True),
        (OrderStatus.NOT_SENT, "withdrawn: no longer wanted", True),
        (OrderStatus.NOT_SENT, "limiter: budget spent", True),
        (OrderStatus.NOT_SENT, "connect: refused", False),
        (OrderStatus.NOT_SENT, "disk full", False),
    ],
)
def test_what_ends_as_meant(status: OrderStatus, reason: str, as_meant: bool) -> None:
    facts = replace(empty(), runs=[RUN], orders=[order("a", status, reason=reason)])
    assert metrics(facts).trading.accuracy.value == (1 if as_meant else 0)


def test_orders_on_their_way_in_a_living_run_are_not_judged_yet_but_unknown_ones_are() -> None:
    live = replace(RUN, live=True, ended=None)
    facts = replace(empty(), runs=[live], orders=[order("a", OrderStatus.OPEN), order("b", OrderStatus.PENDING)])
    assert metrics(facts).trading.accuracy == Figure(None, 0, "share")
    unknown = replace(facts, orders=[order("a", OrderStatus.UNKNOWN)])
    assert metrics(unknown).trading.accuracy.value == 0


def test_the_days_pnl_leaves_capital_out() -> None:
    books = metrics(traded()).money
    assert books.day_pnl == Figure(Decimal("-0.15000000"), 3, "USDC")
    assert books.day_return.value == Decimal("-0.00150000")
    assert books.cumulative_pnl.value == Decimal("-0.15000000")


def test_the_days_pnl_counts_from_the_evening_before_and_without_deposits() -> None:
    facts = replace(
        traded(),
        opening=[point(-600, "101")],
        origin=[point(-9001, "0")],
        flows=[flow(-9000, "100"), flow(30, "50")],
        equity=[point(5, "101"), point(75, "150.4")],
    )
    books = metrics(facts).money
    assert books.day_pnl.value == Decimal("-0.60000000")  # 150.4 − 101 − 50
    assert books.cumulative_pnl.value == Decimal("0.40000000")  # 150.4 − 100 − 50


def test_a_reset_account_ends_one_reckoning_and_begins_another() -> None:
    facts = replace(
        traded(),
        opening=[point(-600, "101"), point(40, "0", epoch=2)],
        origin=[point(-9001, "0"), point(40, "0", epoch=2)],
        flows=[flow(-9000, "100"), flow(41, "100", epoch=2)],
        equity=[point(5, "101.25"), point(60, "99.5", epoch=2)],
    )
    books = metrics(facts).money
    assert books.day_pnl.value == Decimal("-0.25000000")  # 0.25 with the old account, −0.5 with the new one
    assert books.cumulative_pnl.value == Decimal("-0.50000000")


def test_realised_by_average_cost_with_fees() -> None:
    # Bought 0.01 − 0.00001 = 0.00999 ETH for 30 USDC. Sold 0.0099 for 29.601 − 0.0296;
    # its cost 30 × 0.0099 / 0.00999 = 29.72972972 (floored): 29.601 − 0.0296 − 29.72972972 = −0.15832972.
    books = metrics(traded()).money
    assert books.realised == Figure(Decimal("-0.15832972"), 1, "USDC")
    assert books.largest_loss == Figure(Decimal("-0.15832972"), 1, "USDC")
    assert books.fees == {
        "ETH": Figure(Decimal("0.00001000"), 1, "ETH"),
        "USDC": Figure(Decimal("0.02960000"), 1, "USDC"),
    }


def test_the_cost_of_a_sale_lies_in_buys_of_earlier_days() -> None:
    before = fill(1, buy=True, ticks=200_000, lots=100, fee=0, second=-100)
    today = fill(2, buy=False, ticks=300_000, lots=100, fee=0, second=20)
    books = metrics(replace(traded(), fills=[before, today])).money
    assert books.realised == Figure(Decimal("10.00000000"), 1, "USDC")
    assert books.largest_loss.value == 0
    assert metrics(replace(traded(), fills=[before, today])).trading.fills.value == 1


def test_drawdown_is_the_worst_snapshot() -> None:
    assert metrics(traded()).money.max_drawdown == Figure(Decimal("0.002"), 3, "share")


def test_markout_a_minute_later_against_the_fill() -> None:
    # Fill 1 (buy at 300 000, second 10) meets the mid 299 500 of second 75: −16.67 bps.
    # Fill 2 (sell at 299 000, second 20) is due at 80, and there is no later mid.
    assert metrics(traded()).money.markout == Figure(Decimal("-16.67"), 1, "bps")


def test_triggers_are_what_acted_not_what_informed() -> None:
    figures = metrics(traded())
    assert figures.risk == {"breaker_open": 1}
    assert figures.refusals == {"max_position": 2}


def test_latency_percentiles_by_nearest_rank() -> None:
    place = metrics(traded()).latency["place"]
    assert place.mean == Figure(Decimal("10.500"), 20, "ms")
    assert place.p95 == Figure(Decimal("19.000"), 20, "ms")
    assert place.p99 == Figure(None, 20, "ms")  # twenty samples know no P99
    few = metrics(replace(traded(), latencies=[LatencyFacts("place", 1)] * 19)).latency["place"]
    assert few.p95.value is None


def test_percentile_of_a_hundred() -> None:
    values = list(range(100, 0, -1))
    assert percentile(values, 99, 100, "ms", Decimal(1)).value == 99
    assert percentile(values, 95, 20, "ms", Decimal(1)).value == 95


def test_system_figures() -> None:
    operation = metrics(traded()).operation
    assert operation.run_hours.value == 1
    assert operation.stability.value == 1
    assert operation.cpu_mean.value == Decimal("0.1000")
    assert operation.memory_max.value == 50_003_590
    assert [figure.value for figure in (operation.runs, operation.crashes)] == [1, 0]


def test_an_empty_day_makes_nothing_up() -> None:
    figures = metrics(empty())
    for holder in (figures.trading, figures.money, figures.operation):
        for name in type(holder).__slots__:
            value = getattr(holder, name)
            if isinstance(value, Figure) and value.unit not in {"count", "h"}:
                assert value.value is None, name
    assert figures.latency == {}
    assert figures.risk == {}
    assert figures.trading.placed.value == 0


def test_a_crash_takes_its_gap_out_of_stability() -> None:
    died = replace(RUN, ended=None, clean=False, last_seen=START + HOUR // 2)
    again = replace(RUN, run_id="r2", started=START + HOUR, ended=START + 2 * HOUR)
    beats = [beat for beat in traded().beats if beat.at < START + HOUR // 2]
    beats += [replace(beat, at=beat.at + HOUR) for beat in traded().beats]
    operation = metrics(replace(empty(), runs=[died, again], beats=beats)).operation
    assert operation.crashes.value == 1
    assert operation.stability.value == Decimal("0.75")  # half an hour of two is lost
    assert operation.run_hours.value == 2


def test_the_time_before_the_first_heartbeat_is_no_gap_but_silence_after_it_is() -> None:
    beats = [beat for beat in traded().beats if START < beat.at <= START + HOUR // 2]
    operation = metrics(replace(empty(), runs=[RUN], beats=beats)).operation
    assert operation.stability.value == Decimal("0.502777")  # 1810 s of 3600: ten seconds after the last beat
    assert metrics(replace(empty(), runs=[RUN])).operation.stability.value is None


def test_a_run_that_lives_is_no_crash_and_counts_until_now() -> None:
    live = replace(RUN, live=True, ended=None, clean=False)
    facts = replace(empty(), until=START + HOUR // 2, runs=[live], beats=traded().beats[:180])
    operation = metrics(facts).operation
    assert operation.crashes.value == 0
    assert operation.run_hours.value == Decimal("0.5000")
    assert operation.stability.value == 1


def test_an_end_without_proof_is_a_crash() -> None:
    assert metrics(replace(empty(), runs=[replace(RUN, clean=False)])).operation.crashes.value == 1


def test_fills_at_the_edges_belong_to_one_day_only() -> None:
    first = fill(1, buy=True, ticks=300_000, lots=100, fee=0, second=0)
    last = fill(2, buy=True, ticks=300_000, lots=100, fee=0, second=(END - START) // 10**9)
    assert metrics(replace(traded(), fills=[first, last])).trading.fills.value == 1
