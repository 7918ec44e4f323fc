"""Statistics on markets small enough to reckon by hand."""

import gzip
import math
import random
from pathlib import Path

import pytest

from mm.exchange.venue.calibration.captures import read_capture
from mm.exchange.venue.calibration.facts import facts_of
from mm.exchange.venue.calibration.impact import fills, markout, response
from mm.exchange.venue.calibration.minutes import heat_of
from mm.exchange.venue.calibration.prices import returns
from mm.exchange.venue.calibration.record import Depth, MarketRecord, Taken, Top, depth_of, joined
from mm.exchange.venue.calibration.statistic import Statistic, correlation_of, jackknife, kurtosis_of, mean_of

FLAT = Depth(1.0, (1.0,) * 6)


def record(mids: list[float], taken: list[Taken] | None = None) -> MarketRecord:
    tops = [Top(mid - 0.01, mid + 0.01) for mid in mids]
    return MarketRecord(0.0, tops, taken or [], [FLAT] * (len(mids) // 10))


def test_the_jackknife_of_a_mean_is_its_standard_error() -> None:
    rng = random.Random(5)
    parts = [[rng.gauss(2.0, 1.0) for _ in range(10)] for _ in range(12)]
    means = [sum(part) / 10 for part in parts]
    mean = sum(means) / 12
    expected = math.sqrt(sum((each - mean) ** 2 for each in means) / 11 / 12)
    found = jackknife(parts, lambda some: sum(map(sum, some)) / sum(map(len, some)))
    assert found.value == pytest.approx(mean)
    assert found.error == pytest.approx(expected)
    assert jackknife(parts[:2], lambda some: 1.0).error is None, "two parts say nothing of an error"


def test_kurtosis_and_correlation() -> None:
    moves = [1.0, -1.0, 1.0, -1.0]
    pairs = [(1.0, 2.0), (2.0, 4.0), (3.0, 6.0)]
    some = [record([1.0])]
    kurtosis: Statistic[MarketRecord] = kurtosis_of("k", lambda _: moves)
    correlation: Statistic[MarketRecord] = correlation_of("c", lambda _: pairs)
    nothing: Statistic[MarketRecord] = mean_of("m", "", lambda _: [])
    assert kurtosis.of(some).value == pytest.approx(1.0)
    assert correlation.of(some).value == pytest.approx(1.0)
    assert nothing.of(some).value is None


def test_returns_are_logs_in_bps_over_the_horizon() -> None:
    moves = returns(1.0)(record([100.0] * 10 + [101.0] * 10))
    assert len(moves) == 10
    assert moves[0] == pytest.approx(math.log(1.01) * 1e4)


def test_prints_of_one_moment_and_side_are_one_order() -> None:
    prints = [(0.0, 10.0, 5.0, True), (0.4, 11.0, 6.0, True), (0.5, 9.0, 1.0, False), (5.0, 9.0, 1.0, False)]
    assert joined(prints) == [
        Taken(0.0, True, 11.0, 10.0, 11.0),
        Taken(0.5, False, 1.0, 9.0, 9.0),
        Taken(5.0, False, 1.0, 9.0, 9.0),
    ]


def test_depth_is_summed_from_the_sides_own_best_price() -> None:
    bids = [(10_000.0, 100.0), (9_999.6, 10.0), (9_990.0, 1.0), (9_000.0, 7.0)]
    found = depth_of(bids, bids)
    assert found is not None
    assert found.touch == 100.0
    assert found.within == (110.0, 110.0, 110.0, 110.0, 111.0, 111.0)
    assert depth_of([], bids) is None


def test_the_response_is_signed_by_the_aggressor() -> None:
    mids = [100.0] * 5 + [101.0] * 20
    bought = record(mids, [Taken(450.0, True, 1.0, 100.0, 100.0)])
    sold = record(mids, [Taken(450.0, False, 1.0, 100.0, 100.0)])
    up = math.log(1.01) * 1e4
    assert response(0.1)(bought) == [pytest.approx(up)]
    assert response(1.0)(sold) == [pytest.approx(-up)]


def test_a_quote_fills_when_somebody_trades_through_it_and_is_marked_to_the_mid() -> None:
    mids = [100.0] * 20 + [99.9] * 700
    through = Taken(1950.0, False, 1.0, 99.94, 99.94)
    at_it = Taken(1950.0, False, 1.0, 99.95, 99.95)
    placed, found = fills(record(mids, [through]), 5.0)
    assert placed == 2 * 62
    first = [fill for fill in found if fill.at == 19]
    assert [(fill.buy, round(fill.price, 6)) for fill in first] == [(True, 99.95)] * 2
    marks = markout(5.0, 1.0)(record(mids, [through]))
    assert marks[0] == pytest.approx((99.9 / 99.95 - 1) * 1e4)
    # A trade at the very price is not through it; the ask that then stands below the quote fills it.
    assert {fill.at for fill in fills(record(mids, [at_it]), 5.0)[1]} == {20}


def test_heat_is_found_again_in_returns_made_with_it() -> None:
    stretches = []
    for seed in range(8):
        rng, heat, run = random.Random(seed), 0.0, []
        keep = math.exp(-60 / 3600)
        for _ in range(10_000):
            heat = heat * keep + rng.gauss(0.0, 0.5) * math.sqrt(1 - keep * keep)
            run.append(5.0 * math.exp(heat) * rng.gauss(0.0, 1.0))
        stretches.append(run)
    (hour, _), (days, _) = heat_of(stretches, (3600.0, 172_800.0))
    assert hour == pytest.approx(0.5, abs=0.08), "seeds 0–7"
    assert days < 0.15


def test_a_capture_is_read_as_a_record(tmp_path: Path) -> None:
    stream = '{"stream":"ethusdt@%s","data":%s}'
    lines = [
        (0, '{"lastUpdateId":1,"bids":[["100.00000000","2.00000000"]],"asks":[["100.01000000","1.00000000"]]}'),
        (1, stream % ("bookTicker", '{"u":2,"b":"100.00000000","B":"2.0","a":"100.01000000","A":"1.0"}')),
        (
            150,
            stream % ("trade", '{"p":"100.01000000","q":"0.50000000","m":false,"T":1,"t":1}'),
        ),
        (200, stream % ("bookTicker", '{"u":3,"b":"100.01000000","B":"2.0","a":"100.02000000","A":"1.0"}')),
        (2500, stream % ("bookTicker", '{"u":4,"b":"100.02000000","B":"2.0","a":"100.03000000","A":"1.0"}')),
    ]
    file = tmp_path / "capture_ethusdt.raw.gz"
    with gzip.open(file, "wt") as out:
        out.writelines(f"{1_700_000_000_000_000_000 + at * 1_000_000} {body}\n" for at, body in lines)
    found = read_capture([file])
    assert len(found.tops) == 24
    assert found.tops[0] == pytest.approx((100.0, 100.01))
    assert found.tops[-1] == pytest.approx((100.01, 100.02))
    assert [order.buy for order in found.taken] == [True]
    assert found.taken[0].notional == pytest.approx(50.005)
    assert len(found.depths) == 3
    assert found.depths[0].touch == pytest.approx((200.0 + 100.01) / 2)
    assert facts_of([found])["orders a second"].value == pytest.approx(0.5)
