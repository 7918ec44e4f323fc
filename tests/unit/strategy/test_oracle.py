"""What is counted in integers, once for a run, is what the formulas say."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from mm.domain.fill import FeeRates
from mm.domain.instrument import Instrument
from mm.strategy.effective_size import SizeRules
from mm.strategy.market_making import _is_too_high
from mm.strategy.settings import StrategySettings
from mm.strategy.terms import Terms
from tests.fakes.snapshots import ETHUSDC, strategy_settings
from tests.unit.strategy import oracle

TICKS = st.integers(20_000, 2_000_000)
FEES = st.decimals("0", "0.02", places=5).map(lambda rate: FeeRates(rate, rate))
SETTINGS = st.builds(
    strategy_settings,
    base_spread=st.decimals("0.0001", "0.02", places=6),
    base_size=st.decimals("0.0001", "0.05", places=5),
    max_inventory=st.decimals("0.001", "0.1", places=6),
    inventory_target=st.decimals("0", "1", places=4),
    inventory_skew=st.decimals("0", "1", places=4),
    levels=st.integers(1, 4),
    level_spacing=st.decimals("0", "0.01", places=5),
    dust_margin=st.decimals("0", "0.5", places=3),
    min_notional=st.sampled_from(["raise", "reject"]),
    price_floor=st.decimals("0", "20000", places=3),
    price_ceiling=st.decimals("0", "20000", places=3),
)
RULES = st.builds(
    lambda lots, notional, tick: replace(
        ETHUSDC, min_lots=lots[0], max_lots=lots[1], min_notional=notional, tick_size=tick
    ),
    st.tuples(st.integers(0, 30), st.integers(30, 500)),
    st.decimals("0.1", "12", places=4),
    st.sampled_from([Decimal("0.01"), Decimal("0.05"), Decimal("0.025")]),
)


@given(SETTINGS, RULES, FEES, st.lists(TICKS, min_size=1, max_size=4), st.integers(0, 10**7))
def test_sizes(
    settings: StrategySettings, rules: Instrument, fees: FeeRates, prices: list[int], cap_units: int
) -> None:
    sizes = SizeRules(settings, rules, fees, cap_units)
    for ticks in prices:  # one object for all: what it keeps from one price must not spoil the next
        made = sizes.at(ticks)
        assert (made.lots, made.smallest, made.reason) == oracle.effective(settings, rules, fees, ticks, cap_units)
        assert made.explanation.endswith(".")


@given(RULES, TICKS, st.integers(0, 600), st.decimals("0", "0.5", places=3))
def test_sellable(rules: Instrument, ticks: int, lots: int, fall: Decimal) -> None:
    sizes = SizeRules(strategy_settings(dust_margin=fall), rules, FeeRates(fall, fall), 0)
    assert sizes.after_a_fall.at(lots, ticks) is oracle.is_sellable(lots, rules, ticks, fall)
    assert sizes.at_once.at(lots, ticks) is oracle.is_sellable(lots, rules, ticks, Decimal(0))


@given(SETTINGS, FEES, st.lists(st.integers(-10, 2 * 10**7), min_size=1, max_size=4))
def test_places_of_quotes(settings: StrategySettings, fees: FeeRates, holdings: list[int]) -> None:
    terms = Terms(settings, ETHUSDC, fees, 10**6)
    for held in holdings:
        made = [
            (Fraction(place.bid_over, place.bid_under), Fraction(place.ask_over, place.ask_under))
            for place in terms.places(held)
        ]
        assert made == oracle.places(settings, fees, held)


@given(SETTINGS, RULES, TICKS)
def test_the_price_band(settings: StrategySettings, rules: Instrument, ticks: int) -> None:
    terms = Terms(settings, rules, FeeRates(Decimal(0), Decimal(0)), 10**6)
    for near in (ticks, terms.floor_ticks - 1, terms.floor_ticks, terms.ceiling_ticks, terms.ceiling_ticks + 1):
        too_high = _is_too_high(terms, near)
        assert (not too_high) is oracle.is_in_band(settings, rules, near, buys=False)
        bid_fits = not (near < terms.floor_ticks or too_high)
        assert bid_fits is oracle.is_in_band(settings, rules, near, buys=True)
