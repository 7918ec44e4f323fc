from mm.domain.order import OrderStatus, OwnOrder, Side
from mm.domain.quote import QuoteLevel
from mm.execution.order_diff import OrderDiff, diff_orders

AGE = 1_000


def order(client_id: str, side: Side = Side.BUY, ticks: int = 100, lots: int = 10, **more: object) -> OwnOrder:
    fields: dict[str, object] = {"status": OrderStatus.OPEN, **more}
    return OwnOrder(client_id=client_id, side=side, ticks=ticks, lots=lots, **fields)  # type: ignore[arg-type]  # test shorthand


def diff(desired: list[QuoteLevel], live: list[OwnOrder], tolerance: int = 2, mono: int = 0) -> OrderDiff:
    return diff_orders(desired, live, tolerance_ticks=tolerance, mono=mono, max_age_ns=AGE)


BID = QuoteLevel(Side.BUY, 100, 10)
ASK = QuoteLevel(Side.SELL, 110, 10)


def test_empty_slots_are_filled() -> None:
    found = diff([BID, ASK], [])
    assert found == OrderDiff((), (), (BID, ASK), ())


def test_a_quote_exactly_at_the_tolerance_is_kept_and_one_tick_beyond_is_replaced() -> None:
    assert diff([BID], [order("a", ticks=102)]).keep == ("a",)
    beyond = diff([BID], [order("a", ticks=103)])
    assert beyond.cancel == (("a", "price"),)
    assert diff([BID], [order("a", ticks=97)]).cancel == (("a", "price"),)


def test_a_replacement_waits_until_the_old_order_is_gone() -> None:
    found = diff([BID], [order("a", ticks=50)])
    assert found.place == ()
    assert found.waiting == (BID,)
    on_its_way_out = diff([BID], [order("a", ticks=50, cancelling=True)])
    assert on_its_way_out == OrderDiff((), (), (), (BID,))


def test_an_order_of_unknown_fate_blocks_its_slot_and_is_left_alone() -> None:
    for status in (OrderStatus.UNKNOWN, OrderStatus.PENDING):
        found = diff([BID], [order("a", status=status)])
        assert found == OrderDiff((), (), (), (BID,))


def test_an_order_nobody_wants_is_cancelled() -> None:
    assert diff([], [order("a")]).cancel == (("a", "unwanted"),)
    assert diff([ASK], [order("a")]).cancel == (("a", "unwanted"),)


def test_a_partly_filled_order_is_kept_and_one_more_than_a_tenth_too_large_is_not() -> None:
    assert diff([BID], [order("a", lots=9)]).keep == ("a",)
    assert diff([BID], [order("a", lots=11)]).keep == ("a",)
    assert diff([BID], [order("a", lots=12)]).cancel == (("a", "size"),)


def test_an_old_order_is_renewed_only_past_its_age() -> None:
    assert diff([BID], [order("a", placed_mono=0)], mono=AGE).keep == ("a",)
    assert diff([BID], [order("a", placed_mono=0)], mono=AGE + 1).cancel == (("a", "age"),)


def test_two_orders_in_one_slot_leave_the_older_one() -> None:
    found = diff([BID], [order("young", placed_mono=5), order("old", placed_mono=1)])
    assert found.keep == ("old",)
    assert found.cancel == (("young", "duplicate_slot"),)


def test_levels_of_one_side_are_slots_of_their_own() -> None:
    second = QuoteLevel(Side.BUY, 90, 10, level=1)
    found = diff([BID, second], [order("a", level=1, ticks=90)])
    assert found.keep == ("a",)
    assert found.place == (BID,)
