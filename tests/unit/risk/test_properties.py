"""What must hold for every order list and every way the approved ones may fill."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from mm.domain.order import OrderStatus, Side
from mm.domain.position import Position
from mm.domain.quote import QuoteLevel
from mm.risk.engine import RiskEngine
from tests.fakes.snapshots import BASELINE, CAPITAL, ETHUSDC, eth, own, risk_settings, snapshot

_ORDERS = st.lists(
    st.builds(QuoteLevel, st.sampled_from(Side), st.integers(294_000, 306_000), st.integers(1, 60)), max_size=12
)
_LIVE = st.lists(
    st.tuples(
        st.sampled_from(Side),
        st.integers(295_000, 305_000),
        st.integers(1, 30),
        st.sampled_from([OrderStatus.OPEN, OrderStatus.UNKNOWN, OrderStatus.PENDING]),
    ),
    max_size=3,
)


@given(desired=_ORDERS, live=_LIVE, base=st.integers(0, 1_000_000), data=st.data())
def test_no_order_of_fills_passes_the_cap_or_sells_what_is_not_held(
    desired: list[QuoteLevel], live: list[tuple[Side, int, int, OrderStatus]], base: int, data: st.DataObject
) -> None:
    mine = tuple(own(side, ticks, lots, status, n) for n, (side, ticks, lots, status) in enumerate(live))
    live_buys = sum(o.lots for o in mine if o.side is Side.BUY)
    live_sells = sum(o.lots for o in mine if o.side is Side.SELL)
    cap = eth("0.01")
    risk = RiskEngine(risk_settings(max_position=Decimal("0.01")), ETHUSDC, CAPITAL, BASELINE)
    risk.clear("starting")
    now = snapshot(position=Position(base_units=base, cash_units=CAPITAL), own_orders=mine)
    approved = risk.approve(desired, now).approved
    # The live orders are given; what they alone may break is not the new orders' doing.
    worst = max(cap, base + ETHUSDC.base_units(live_buys))
    least = min(0, base - ETHUSDC.base_units(live_sells))
    resting = [*approved, *(QuoteLevel(o.side, o.ticks, o.lots) for o in mine)]
    position = base
    for order in data.draw(st.permutations(resting)):
        filled = data.draw(st.integers(0, order.lots))
        position += order.side.sign * ETHUSDC.base_units(filled)
        assert least <= position <= worst
    assert len(approved) + len(mine) <= max(20, len(mine))
    bids = [o.ticks for o in resting if o.side is Side.BUY]
    for order in approved:
        if order.side is Side.SELL:
            assert not bids or order.ticks > max(bids)


@given(desired=_ORDERS, base=st.integers(0, 1_000_000))
def test_approving_is_a_filter_it_neither_changes_nor_reorders(desired: list[QuoteLevel], base: int) -> None:
    risk = RiskEngine(risk_settings(), ETHUSDC, CAPITAL, BASELINE)
    risk.clear("starting")
    result = risk.approve(desired, snapshot(position=Position(base_units=base, cash_units=CAPITAL)))
    kept, gone = iter(result.approved), iter(entry.order for entry in result.refused)
    refused = {id(entry.order) for entry in result.refused}
    merged = [next(gone) if id(order) in refused else next(kept) for order in desired]
    assert merged == desired
    assert next(kept, None) is None
    assert next(gone, None) is None
