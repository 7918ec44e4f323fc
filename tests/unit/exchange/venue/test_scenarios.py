"""Each scenario does what its description says, and a file can hold one."""

import json
import math
import random
from dataclasses import asdict, replace
from decimal import Decimal
from pathlib import Path

import pytest

from mm.domain.errors import ConfigurationError
from mm.exchange.venue.errors import VenueError
from mm.exchange.venue.fair_price import FairPrice
from mm.exchange.venue.flow import Flow
from mm.exchange.venue.scenario_file import read_scenario, scenario_named, write_scenario
from mm.exchange.venue.scenarios import SCENARIOS
from tests.unit.exchange.venue.world import SYMBOL, World, d


class Market:
    """A world with a generated market of one symbol."""

    def __init__(self, scenario: str, seed: int = 1, symbol: str = SYMBOL) -> None:
        self.world = World(symbol=symbol)
        self.flow = Flow(self.world.venue, symbol, SCENARIOS[scenario], random.Random(seed), Decimal(3000))
        self.flow.advance(self.world.now)
        self._start = self.world.now

    def mid_at(self, seconds: float) -> float:
        """Moves on, 100 ms at a time."""
        while self.world.now < self._start + seconds * 1000:
            self.world.now += 100
            self.flow.advance(self.world.now)
        top = self.world.venue.book_ticker(self.world.symbol)
        return float(top.bid + top.ask) / 2


def fair_after(scenario: str, seed: int, seconds: float, step: float = 1.0) -> float:
    """Log change of the fair price alone."""
    fair = FairPrice(SCENARIOS[scenario], random.Random(seed), 300_000.0)
    before = fair.ticks
    for _ in range(round(seconds / step)):
        fair.step(step)
    return math.log(fair.ticks / before)


def test_the_names_agreed_on_are_there_and_each_says_what_it_is() -> None:
    assert list(SCENARIOS) == [
        *("ordinary", "lively", "calm", "trend-up", "trend-down", "flash-crash", "gap", "thin"),
        *("one-sided", "depeg", "halt"),
    ]
    for name, scenario in SCENARIOS.items():
        assert scenario.name == name
        assert len(scenario.description) > 30
        if scenario.path or scenario.halts:
            assert any(word in scenario.description for word in ("repeats", "once", "throughout", "an hour")), name


@pytest.mark.parametrize(("scenario", "sign"), [("trend-up", 1), ("trend-down", -1), ("one-sided", -1)])
def test_trends_go_on_hour_after_hour(scenario: str, sign: int) -> None:
    moves = [fair_after(scenario, seed, 4 * 3600.0, 20.0) for seed in range(6)]
    drift = abs(SCENARIOS[scenario].path[-1][1]) * 4
    mean = sum(moves) / len(moves)
    # Four hours at 63 % a year have a standard deviation of 1.3 %, the mean of six of 0.6 %.
    assert abs(mean * sign - drift) < 0.02, f"seeds 0–5: {mean:.4f}"


def test_calm_moves_a_third_of_ordinary() -> None:
    for scenario, expected in (("calm", 0.2), ("ordinary", 0.628)):
        fast = replace(SCENARIOS[scenario], heat=SCENARIOS[scenario].heat[:2])
        squares = []
        for seed in range(5):
            fair = FairPrice(fast, random.Random(seed), 300_000.0)
            for _ in range(1000):
                before = fair.ticks
                fair.step(10.0)
                squares.append(math.log(fair.ticks / before) ** 2)
        annual = math.sqrt(sum(squares) / len(squares) * 365 * 8640)
        assert abs(annual / expected - 1) < 0.2, f"seeds 0–4, {scenario}: {annual:.3f}"


def test_the_flash_crash_falls_eight_percent_in_twenty_seconds_and_rebounds() -> None:
    market = Market("flash-crash")
    before = market.mid_at(60)
    assert market.mid_at(80.3) / before - 1 == pytest.approx(-0.08, abs=0.012)
    assert market.mid_at(150.3) / before - 1 == pytest.approx(-0.02, abs=0.015)


def test_a_resting_bid_is_filled_in_the_flash_crash() -> None:
    market = Market("flash-crash")
    uid = market.world.account("maker")
    order = market.world.buy(uid, f"{d(str(round(market.mid_at(55) * 0.95, 2)))}", "0.1000")
    assert market.world.status(uid, order) == "NEW"
    market.mid_at(81)
    assert market.world.status(uid, order) == "FILLED"


def test_the_gap_jumps_within_a_few_hundred_milliseconds_and_comes_again() -> None:
    market = Market("gap")
    before = market.mid_at(59.9)
    assert market.mid_at(60.4) / before - 1 == pytest.approx(-0.0296, abs=0.002)
    first = fair_after("gap", 3, 59.0) - fair_after("gap", 3, 0.0)
    steps = [fair_after("gap", 3, seconds) for seconds in (1199.0, 1201.0)]
    assert abs(first) < 0.01
    assert steps[1] - steps[0] == pytest.approx(-0.03, abs=0.003), "the second cycle"


def test_thin_has_a_wide_spread_and_little_depth() -> None:
    spreads, depths = {}, {}
    for name in ("thin", "ordinary"):
        market = Market(name)
        market.mid_at(5)
        book = market.world.venue.depth(SYMBOL, 1000)
        spreads[name] = float(book.asks[0][0] / book.bids[0][0] - 1) * 1e4
        depths[name] = float(sum(price * size for price, size in book.bids if price > book.bids[0][0] * d("0.999")))
    assert 3.5 < spreads["thin"] < 15
    assert spreads["ordinary"] < 1
    assert depths["thin"] < depths["ordinary"] / 20


def test_one_sided_sells() -> None:
    market = Market("one-sided")
    market.mid_at(60)
    trades = market.world.venue.trades(SYMBOL, 1000)
    sold = sum(trade.buyer_is_maker for trade in trades) / len(trades)
    assert sold > 0.6, f"seed 1: {sold:.2f} of {len(trades)} trades sold"


def test_depeg_lifts_pairs_in_usdc_and_leaves_those_in_usdt() -> None:
    for symbol, expected in (("ETHUSDC", 0.10), ("ETHUSDT", 0.0)):
        market = Market("depeg", symbol=symbol)
        market.world.now += 1_260_000
        market.flow.advance(market.world.now)
        moved = math.log(market.mid_at(1261) / 3000)
        # 21 minutes at 63 % a year, hot at worst: 0.4 to 1 %.
        assert abs(moved - expected) < 0.025, f"seed 1, {symbol}: {moved:.4f}"
    late = [fair_after("depeg", seed, 9000.0, 20.0) for seed in range(6)]
    assert abs(sum(late) / 6) < 0.02, "back after two and a half hours"


def test_in_a_halt_nothing_trades_and_nothing_is_taken_and_then_it_goes_on() -> None:
    market = Market("halt")
    uid = market.world.account("maker")
    venue = market.world.venue
    before = market.mid_at(59.9)
    resting = market.world.buy(uid, f"{before * 0.97:.2f}", "0.1000")
    market.mid_at(60.2)
    assert venue.exchange_info((SYMBOL,))["symbols"][0]["status"] == "BREAK"
    last = venue.trades(SYMBOL, 1)[-1].trade_id
    with pytest.raises(VenueError, match=r"Market is closed"):
        market.world.buy(uid, f"{before * 0.98:.2f}", "0.1000")
    with pytest.raises(VenueError, match=r"Market is closed"):
        venue.cancel(uid, SYMBOL, order_id=resting.order_id)
    market.mid_at(179.8)
    assert venue.trades(SYMBOL, 1)[-1].trade_id == last
    after = market.mid_at(182)
    assert venue.exchange_info((SYMBOL,))["symbols"][0]["status"] == "TRADING"
    assert venue.trades(SYMBOL, 1)[-1].trade_id > last
    assert after / before - 1 == pytest.approx(-0.01, abs=0.008)
    venue.cancel(uid, SYMBOL, order_id=resting.order_id)


def test_a_status_that_somebody_else_set_stays() -> None:
    market = Market("ordinary")
    market.world.venue.set_status(SYMBOL, "BREAK")
    market.mid_at(2)
    assert market.world.venue.exchange_info((SYMBOL,))["symbols"][0]["status"] == "BREAK"


@pytest.mark.parametrize(("symbol", "price"), [("BTCUSDC", "61000"), ("SOLUSDC", "150"), ("NEXOUSDT", "1.2")])
def test_the_market_is_the_same_for_other_symbols_but_for_their_ticks(symbol: str, price: str) -> None:
    world = World(symbol=symbol)
    flow = Flow(world.venue, symbol, SCENARIOS["ordinary"], random.Random(3), Decimal(price))
    tick = world.venue.rules(symbol).tick_size
    for _ in range(600):
        flow.advance(world.now)
        world.now += 100
        top = world.venue.book_ticker(symbol)
        assert top.ask - top.bid >= tick
    assert abs(float(top.bid) / float(price) - 1) < 0.01
    assert len(world.venue.trades(symbol, 1000)) > 50


def test_own_scenarios_are_found_by_name_and_refused_when_they_are_none(tmp_path: Path) -> None:
    mine = replace(SCENARIOS["calm"], name="mine", annual_volatility=0.3)
    write_scenario(mine, tmp_path / "mine.json")
    assert scenario_named("mine", tmp_path) == mine
    assert scenario_named("calm", tmp_path) is SCENARIOS["calm"]
    with pytest.raises(ConfigurationError, match="no scenario 'other'") as caught:
        scenario_named("other", tmp_path)
    assert "mine" in (caught.value.hint or "")
    good = json.loads(json.dumps(asdict(mine)))
    for wrong in (
        {**good, "annual_volatility": -1},
        {**good, "jumps": "many"},
        {**good, "depth": []},
        {key: value for key, value in good.items() if key != "heat"},
    ):
        (tmp_path / "wrong.json").write_text(json.dumps(wrong))
        with pytest.raises(ConfigurationError, match="holds no scenario"):
            read_scenario(tmp_path / "wrong.json")
