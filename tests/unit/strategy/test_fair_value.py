import pytest

from mm.domain.book import Book
from mm.strategy.fair_value import microprice, mid


def test_mid_lies_halfway_also_between_ticks() -> None:
    assert mid(Book(((100, 1),), ((103, 9),))) == 101.5


def test_microprice_weights_each_price_by_the_other_sides_size() -> None:
    # (100 × 1 + 104 × 3) / 4 = 103: a heavy bid pushes the price towards the ask.
    assert microprice(Book(((100, 3),), ((104, 1),))) == 103.0
    assert microprice(Book(((100, 1),), ((104, 3),))) == 101.0
    assert microprice(Book(((100, 7),), ((104, 7),))) == 102.0


@pytest.mark.parametrize("book", [Book((), ()), Book(((100, 1),), ()), Book((), ((100, 1),))])
def test_one_side_alone_has_no_fair_value(book: Book) -> None:
    assert mid(book) is None
    assert microprice(book) is None
