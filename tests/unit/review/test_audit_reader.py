import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mm.domain.errors import LedgerError
from mm.domain.order import OrderReport, OrderStatus, Side
from mm.home import Home
from mm.ledger.queries import LedgerQueries
from mm.review import audit_reader
from mm.review.audit import Difference, ExchangeSide, audit
from mm.review.clock_gap import ClockGap
from tests.fakes.account_reader import ETHUSDC, FakeReader, account
from tests.fakes.mirror import mirror
from tests.fakes.prepared_ledger import prepare

PREFIX = "mm-abc123-"
NOW = datetime.now(UTC)


@pytest.fixture
def ledger(mm_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LedgerQueries]:
    monkeypatch.setattr("mm.review.audit_reader.PAGE", 2)
    home = Home(mm_home)
    prepare(home)
    with LedgerQueries(home.environment("sim").ledger) as opened:
        yield opened


def read(ledger: LedgerQueries, reader: FakeReader, now: datetime = NOW) -> ExchangeSide:
    return asyncio.run(
        audit_reader.read_exchange(reader, ledger, PREFIX, account_epoch=1, clocks=ClockGap(0, 510), now=now)
    )


def differences(ledger: LedgerQueries, reader: FakeReader) -> list[tuple[str, str]]:
    mine = audit_reader.read_ledger(ledger, PREFIX, 10**9, account_epoch=1)
    found: tuple[Difference, ...] = audit(mine, read(ledger, reader)).differences
    return [(each.invariant, each.subject) for each in found]


def stray(number: int, client_id: str = PREFIX + "z", status: OrderStatus = OrderStatus.CANCELED) -> OrderReport:
    return OrderReport(client_id, str(number), "ETHUSDC", Side.BUY, "LIMIT", status, 1, 20, 0, 0, 0)


def test_every_page_of_orders_and_trades_is_read(ledger: LedgerQueries) -> None:
    reader = mirror(ledger)
    first = reader.fills[0]
    strange, foreign = (replace(first, trade_id=13, exchange_id="9"), replace(first, trade_id=14, exchange_id="98"))
    early = replace(first, trade_id=3, exchange_id="1", time_ms=first.time_ms - 3_600_000)
    reader.fills = (early, *reader.fills, strange, foreign)
    reader.known = {PREFIX + "y": stray(9, PREFIX + "y")}
    others = tuple(stray(number, f"by-hand-{number}") for number in range(600, 605))
    before = stray(52, "by-hand-52")  # the ledger's first known order is 53
    reader.history = (before, *reader.history, *others)
    side = read(ledger, reader)
    assert [fill.trade_id for fill in side.trades] == [11, 12, 13, 14]
    assert side.trade_orders == {"98": "", "9": PREFIX + "y"}
    numbers = sorted(int(order.exchange_id) for order in side.orders)
    assert numbers == [9, 53, 511, 512, 600, 601, 602, 603, 604]
    assert (side.absent, side.too_old) == (frozenset(), 0)


def test_two_sides_that_agree(ledger: LedgerQueries) -> None:
    assert differences(ledger, mirror(ledger)) == []


@pytest.mark.parametrize("number", [54, 700])
def test_an_ended_order_that_was_never_intended_is_found(ledger: LedgerQueries, number: int) -> None:
    reader = mirror(ledger)
    reader.history += (stray(number),)
    assert differences(ledger, reader) == [("I1", PREFIX + "z")]


def test_an_open_order_that_was_never_intended_is_found_wherever_it_is(ledger: LedgerQueries) -> None:
    reader = mirror(ledger)
    reader.open = (stray(5, status=OrderStatus.OPEN),)
    assert differences(ledger, reader) == [("I1", PREFIX + "z")]


def test_a_client_id_that_was_used_again_is_found(ledger: LedgerQueries) -> None:
    reader = mirror(ledger)
    canceled = next(order for order in reader.history if order.exchange_id == "53")
    reader.history += (replace(canceled, exchange_id="701"),)
    assert differences(ledger, reader) == [("I2", PREFIX + "3")]


def test_an_order_the_list_lacks_is_asked_for_before_it_counts_as_unknown(ledger: LedgerQueries) -> None:
    reader = mirror(ledger)
    canceled = next(order for order in reader.history if order.exchange_id == "53")
    reader.history = tuple(order for order in reader.history if order is not canceled)
    reader.known = {canceled.client_id: canceled}
    assert differences(ledger, reader) == []
    reader.known = {}
    assert differences(ledger, reader) == [("I1", PREFIX + "3")]


def test_an_order_that_ended_unfilled_too_long_ago_is_not_asked_of_the_exchange(ledger: LedgerQueries) -> None:
    reader = mirror(ledger)
    reader.history = tuple(order for order in reader.history if order.executed_lots)
    assert read(ledger, reader).absent == {PREFIX + "3"}
    later = read(ledger, reader, NOW + timedelta(days=91))
    assert (later.absent, later.too_old) == (frozenset(), 1)
    reader.history = ()
    assert read(ledger, reader, NOW + timedelta(days=91)).absent == {PREFIX + "1", PREFIX + "2"}


def test_of_two_words_on_one_order_the_later_state_counts(ledger: LedgerQueries) -> None:
    reader = mirror(ledger)
    filled = next(order for order in reader.history if order.exchange_id == "511")
    reader.open = (replace(filled, status=OrderStatus.OPEN, executed_lots=0),)
    assert differences(ledger, reader) == []


def test_another_account_is_named_and_nothing_compared(ledger: LedgerQueries) -> None:
    reader = mirror(ledger)
    reader.held = account("8", USDC="100")
    with pytest.raises(LedgerError, match=r"account is 7 \(account epoch 1\), the key belongs to account 8") as caught:
        read(ledger, reader)
    assert "begins account epoch 2" in caught.value.hint


def test_a_wiped_account_of_the_same_number_is_named(ledger: LedgerQueries) -> None:
    reader = mirror(ledger)
    # Ids begin anew: one trade and one order have numbers that the ledger knows.
    reader.fills = (replace(reader.fills[0], time_ms=reader.fills[0].time_ms + 60_000),)
    reader.history = (stray(511),)
    with pytest.raises(LedgerError, match="knows none of its 3 orders and 2 fills: it was wiped"):
        read(ledger, reader)


def test_later_pages_leave_a_running_bot_its_request_weight(
    ledger: LedgerQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr("mm.review.audit_reader.asyncio.sleep", sleep)
    reader = mirror(ledger)
    reader.history += tuple(stray(number, f"by-hand-{number}") for number in range(600, 621))
    assert len(read(ledger, reader).orders) == 24
    # 24 orders, two a page and an empty one: 13 pages, of which the first ten come without a pause.
    assert pauses == [1.2] * 3


def test_steps_that_the_exchange_changed_since_are_no_difference(ledger: LedgerQueries) -> None:
    """Ticks and lots of one side are not those of the other; prices and sizes are the same."""
    finer = replace(ETHUSDC, tick_size=ETHUSDC.tick_size / 2, lot_size=ETHUSDC.lot_size / 10)
    reader = mirror(ledger)
    reader.history = tuple(
        replace(each, ticks=each.ticks * 2, lots=each.lots * 10, executed_lots=each.executed_lots * 10)
        for each in reader.history
    )
    reader.fills = tuple(replace(each, ticks=each.ticks * 2, lots=each.lots * 10) for each in reader.fills)
    mine = audit_reader.read_ledger(ledger, PREFIX, 10**9, account_epoch=1, instrument=finer)
    assert audit(mine, read(ledger, reader)).differences == ()
    assert differences(ledger, reader), "in the steps of the run they differ"
