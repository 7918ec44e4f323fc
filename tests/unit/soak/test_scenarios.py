"""Scenarios in the coarse market: halts close it, and one's own are found."""

import random
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from mm.cli.soak import played
from mm.exchange.venue.coarse_flow import CoarseFlow
from mm.exchange.venue.errors import VenueError
from mm.exchange.venue.scenario_file import write_scenario
from mm.exchange.venue.scenarios import SCENARIOS
from mm.exchange.venue.symbol_rules import default_symbols
from mm.exchange.venue.venue import Venue
from mm.exchange.venue.views import NewOrder
from tests.unit.soak.playing import spec

SYMBOL = "ETHUSDC"
ORDER = NewOrder(
    symbol=SYMBOL, side="BUY", type="LIMIT", price=Decimal(2900), quantity=Decimal("0.1"), time_in_force="GTC"
)


def test_a_halt_closes_the_market_and_opens_it_lower() -> None:
    """BREAK from 60 s to 180 s."""
    now = 1_700_000_000_000
    venue = Venue({SYMBOL: default_symbols()[SYMBOL]}, lambda: now)
    uid = venue.open_account({"USDC": Decimal(10_000)}, Decimal(0), Decimal(0), "k").uid
    flow = CoarseFlow(venue, SYMBOL, SCENARIOS["halt"], random.Random(1), Decimal(3000))
    market = venue.market(SYMBOL)
    flow.advance(now)
    venue.place(uid, ORDER)
    seen: dict[int, tuple[str, int, int]] = {}
    for second in range(1, 200):
        now += 1000
        flow.advance(now)
        trades = market.tape.prints[-1].trade_id if market.tape.prints else 0
        seen[second] = market.status, market.book.log.last_id, trades
        if second == 100:
            with pytest.raises(VenueError, match="Market is closed"):
                venue.place(uid, ORDER)
    assert (seen[59][0], seen[61][0], seen[179][0], seen[181][0]) == ("TRADING", "BREAK", "BREAK", "TRADING")
    assert seen[61][1:] == seen[179][1:]  # neither book nor tape moves
    assert seen[190][1] > seen[179][1]


def test_a_pair_of_another_quote_does_not_take_the_depeg() -> None:
    rules = default_symbols()["ETHUSDT"]
    venue = Venue({"ETHUSDT": rules}, lambda: 0)
    wild = replace(SCENARIOS["calm"], path=((1.0, -0.5),), path_quote="USDC")
    flow = CoarseFlow(venue, "ETHUSDT", wild, random.Random(1), Decimal(3000))
    for now in (0, 1000, 2000):
        flow.advance(now)
    assert venue.book_ticker("ETHUSDT").bid > 2900


def test_a_scenario_of_ones_own_is_played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MM_HOME", str(tmp_path))
    own = replace(SCENARIOS["calm"], description="one of my own")
    write_scenario(own, tmp_path / "sim" / "scenarios" / "mine.json")
    found = played(spec(1, 0.2, "none", scenario="mine"))
    assert found.scenario == "mine: one of my own"
    assert found.holds
