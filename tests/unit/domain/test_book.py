from hypothesis import given
from hypothesis import strategies as st

from mm.domain.book import Book
from mm.domain.order import OrderStatus, Side
from tests.fakes.snapshots import own, snapshot

BOOK = Book(bids=((100, 5), (99, 7)), asks=((102, 4), (103, 6)), update_id=9)


def test_best_prices_and_sides() -> None:
    assert (BOOK.best_bid, BOOK.best_ask, BOOK.is_two_sided, BOOK.is_crossed) == (100, 102, True, False)
    empty = Book((), ())
    assert (empty.best_bid, empty.best_ask, empty.is_two_sided, empty.is_crossed) == (0, 0, False, False)
    assert not Book(BOOK.bids, ()).is_two_sided


def test_locked_counts_as_crossed() -> None:
    assert Book(((102, 1),), ((102, 1),)).is_crossed
    assert Book(((103, 1),), ((102, 1),)).is_crossed
    assert not Book(((101, 1),), ((102, 1),)).is_crossed


def test_own_sizes_are_taken_out_and_empty_levels_go() -> None:
    orders = [own(Side.BUY, 100, 3), own(Side.BUY, 100, 2), own(Side.SELL, 102, 1), own(Side.SELL, 100, 4)]
    others = BOOK.minus_own_orders(orders)
    assert others.bids == ((99, 7),)  # 5 − 3 − 2 leaves nothing; the sell at 100 touches no bid
    assert others.asks == ((102, 3), (103, 6))
    assert others.update_id == 9
    assert BOOK.minus_own_orders([]) is BOOK


def test_a_level_smaller_than_the_own_order_is_gone_not_negative() -> None:
    assert BOOK.minus_own_orders([own(Side.BUY, 100, 50)]).bids == ((99, 7),)


def test_only_orders_that_may_stand_in_the_market_are_taken_out() -> None:
    def best_bid(status: OrderStatus) -> int:
        return snapshot(book=BOOK, own_orders=(own(Side.BUY, 100, 5, status),)).others_book().best_bid

    assert best_bid(OrderStatus.OPEN) == best_bid(OrderStatus.UNKNOWN) == 99
    assert best_bid(OrderStatus.PENDING) == 100


@given(st.lists(st.tuples(st.sampled_from(Side), st.integers(96, 107), st.integers(1, 9)), max_size=5))
def test_taking_own_orders_out_level_by_level(orders: list[tuple[Side, int, int]]) -> None:
    def without(levels: tuple[tuple[int, int], ...], side: Side) -> tuple[tuple[int, int], ...]:
        left = [(ticks, lots - sum(o[2] for o in orders if o[:2] == (side, ticks))) for ticks, lots in levels]
        return tuple(level for level in left if level[1] > 0)

    others = BOOK.minus_own_orders([own(*order) for order in orders])
    assert others == Book(without(BOOK.bids, Side.BUY), without(BOOK.asks, Side.SELL), BOOK.update_id)
