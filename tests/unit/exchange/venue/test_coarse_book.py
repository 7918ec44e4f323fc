"""The coarse book alone: a touch with a shape, and accounts' orders behind it."""

from hypothesis import given
from hypothesis import strategies as st

from mm.exchange.venue.book import DepthLog
from mm.exchange.venue.coarse_book import CoarseBook, Shape
from mm.exchange.venue.order import Appetite, Order


def book() -> CoarseBook:
    made = CoarseBook(DepthLog(0))
    made.set_market(100, 101, Shape.of(((0, 5), (3, 7))), Shape.of(((0, 4), (2, 6))))
    return made


def order(number: int, ticks: int, lots: int, *, buy: bool = True) -> Order:
    return Order(number, 1, "ETHUSDC", f"c{number}", buy, "LIMIT", "GTC", ticks, lots, 0, 0)


def test_levels_hold_market_and_accounts_in_order() -> None:
    made = book()
    for each in (order(1, 100, 2), order(2, 99, 1), order(3, 90, 1)):
        made.rest(each)
    assert made.levels(10, buy=True) == [(100, 7), (99, 1), (97, 7), (90, 1)]
    assert made.levels(2, buy=True) == [(100, 7), (99, 1)]
    assert made.levels(10, buy=False) == [(101, 4), (103, 6)]
    assert (made.best(buy=True), made.best(buy=False)) == (100, 101)
    assert made.displayed(100, buy=True) == 7


def test_what_stood_there_first_is_eaten_first() -> None:
    made = book()
    at_touch = order(1, 100, 2)
    made.rest(at_touch)
    assert made.hit(100, 4, buy=True) == []
    assert at_touch.queue_ahead == 1
    assert made.hit(100, 2, buy=True) == [(at_touch, 1)]


def test_a_better_price_is_hit_before_and_a_worse_one_never() -> None:
    made = book()
    made.set_market(100, 105, Shape.of([(0, 5)]), Shape.of([(0, 4)]))
    better, worse = order(1, 103, 2), order(2, 99, 2)
    made.rest(better)
    made.rest(worse)
    assert made.hit(100, 20, buy=True) == [(better, 2)]
    asked, far = order(3, 104, 3, buy=False), order(4, 106, 3, buy=False)
    made.rest(asked)
    made.rest(far)
    assert made.hit(105, 1, buy=False) == [(asked, 1)]


def test_orders_that_the_other_side_has_reached_are_crossed() -> None:
    made = book()
    near, far = order(1, 100, 1), order(2, 97, 1)
    made.rest(near)
    made.rest(far)
    assert made.crossed(100, buy=True) == [near]
    assert made.crossed(101, buy=True) == []
    assert made.crossed(97, buy=True) == [near, far]


def test_what_was_taken_is_gone_until_the_market_quotes_anew() -> None:
    made = book()
    made.take(None, 101, 4, buy=False)
    assert (made.best(buy=False), made.others(101, buy=False)) == (103, 0)
    assert [match.ticks for match in made.plan(Appetite(1, True, None, 3)).matches] == [103]
    made.set_market(100, 101, Shape.of([(0, 5)]), Shape.of([(0, 4)]))
    assert made.best(buy=False) == 101


@given(
    st.dictionaries(st.integers(1, 12), st.integers(1, 9), max_size=6),
    st.lists(st.tuples(st.integers(85, 104), st.integers(1, 9)), max_size=4),
    st.integers(1, 8),
)
def test_levels_are_those_that_an_aggressor_would_meet(
    beyond: dict[int, int], own: list[tuple[int, int]], limit: int
) -> None:
    made = CoarseBook(DepthLog(0))
    made.set_market(100, 105, Shape.of({0: 5, **beyond}.items()), Shape.of({0: 4, **beyond}.items()))
    for number, (ticks, lots) in enumerate(own):
        made.rest(order(number, ticks, lots))
        made.rest(order(100 + number, 205 - ticks, lots, buy=False))
    for buy in (True, False):
        met: dict[int, int] = {}
        for match in made.plan(Appetite(99, not buy, None, 10_000)).matches:
            met[match.ticks] = met.get(match.ticks, 0) + match.lots
        assert made.levels(limit, buy=buy) == list(met.items())[:limit]
