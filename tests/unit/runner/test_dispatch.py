"""What the engine decides is carried out in order, and nothing is sent that may not be."""

import asyncio

import pytest

from mm.domain.actions import RecordFill, RecordOrder, RecordState
from mm.domain.events import (
    BookSeen,
    CancelRejected,
    CancelUnknown,
    CommitFailed,
    FillSeen,
    HaltRequested,
    IntentsCommitted,
    OrderNotSent,
    OrderSeen,
    OrderSent,
    PlaceRejected,
    PlaceUnknown,
    StopRequested,
)
from mm.domain.order import OrderIntent, OrderReport, OrderStatus
from mm.domain.records import Latency
from mm.ports import CancelAnswer, NotSent, PlaceAnswer, Rejected, Unknown
from tests.fakes.desk import FENCE, book, engine_setup, fill_of, report
from tests.fakes.scripted import Office, in_office, settle


def test_an_order_is_durable_before_the_latch_is_looked_at_and_only_then_sent() -> None:
    async def story(office: Office) -> None:
        async def placed(intent: OrderIntent) -> PlaceAnswer:
            office.story.append(f"send {intent.client_id}")
            return report(intent, OrderStatus.OPEN)

        office.exchange.place_answer = placed
        await office.open()

    office = in_office(story)
    assert office.story == ["commit mm-abcdef-1", "latch", "send mm-abcdef-1"]
    kinds = [type(event) for event, _ in office.journal.entries]
    assert kinds[-3:] == [IntentsCommitted, OrderSent, OrderSeen]
    (sent,) = office.journal.events(OrderSent)
    assert sent.fence_mono == sent.mono + FENCE
    assert {row.kind for row in office.ledger.rows if isinstance(row, Latency)} == {"commit", "place"}
    assert [row.after for row in office.ledger.rows if isinstance(row, RecordState)] == ["ACTIVE"]


def test_orders_of_one_decision_share_a_commit_and_are_sent_together() -> None:
    async def story(office: Office) -> None:
        waiting = asyncio.Event()

        async def placed(intent: OrderIntent) -> PlaceAnswer:
            await waiting.wait()
            return report(intent, OrderStatus.OPEN)

        office.exchange.place_answer = placed
        await office.open()
        assert sorted(office.exchange.called("place")) == ["mm-abcdef-1", "mm-abcdef-2"]
        waiting.set()
        await settle()

    office = in_office(story, engine_setup(strategy={"levels": 2}))
    assert office.story[0] == "commit mm-abcdef-1 mm-abcdef-2"
    assert office.engine.orders.count(OrderStatus.OPEN) == 2


def test_what_cannot_be_committed_is_not_sent() -> None:
    async def story(office: Office) -> None:
        office.ledger.refuse = "disk full"
        await office.open()

    office = in_office(story)
    assert office.exchange.called("place") == []
    assert office.journal.events(CommitFailed)[0].client_ids == ("mm-abcdef-1",)
    assert office.control.halts == [("ledger", "the ledger could not be written: disk full")]


def test_an_order_withdrawn_during_its_commit_is_not_sent() -> None:
    async def story(office: Office) -> None:
        office.ledger.commit_seconds = 0.1
        await office.open()
        office.feed(HaltRequested, cause="tried", detail="")
        await asyncio.sleep(0.2)

    office = in_office(story)
    assert office.exchange.called("place") == []
    assert [event.code for event in office.journal.events(OrderNotSent)] == ["withdrawn"]
    assert len(office.engine.orders) == 0


def test_a_latch_that_fell_during_the_commit_stops_the_run_before_anything_leaves() -> None:
    async def story(office: Office) -> None:
        office.ledger.commit_seconds = 0.1
        await office.open()
        office.latch.armed = False
        await asyncio.sleep(0.2)

    office = in_office(story)
    assert office.exchange.called("place") == []
    assert [event.code for event in office.journal.events(OrderNotSent)] == ["stopped"]
    assert [event.why for event in office.journal.events(StopRequested)] == ["stop latch"]


def test_after_shutting_nothing_is_sent_whatever_the_engine_decides() -> None:
    async def story(office: Office) -> None:
        office.dispatcher.shut()
        await office.open()

    office = in_office(story)
    assert office.exchange.called("place") == []
    assert [event.code for event in office.journal.events(OrderNotSent)] == ["stopped"]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Rejected(-2010, "would_match", "no"), OrderStatus.REJECTED),
        (Unknown("time out"), OrderStatus.UNKNOWN),
        (NotSent("limiter", "wait"), OrderStatus.NOT_SENT),
    ],
)
def test_each_answer_to_an_order_is_told_as_what_it_is(answer: PlaceAnswer, status: OrderStatus) -> None:
    async def story(office: Office) -> None:
        async def placed(_intent: OrderIntent) -> PlaceAnswer:
            return answer

        office.exchange.place_answer = placed
        await office.open()

    office = in_office(story)
    known = office.engine.orders.get("mm-abcdef-1")
    assert known is not None
    assert known.status is status
    told = [*office.journal.events(PlaceRejected), *office.journal.events(PlaceUnknown)]
    told += office.journal.events(OrderNotSent)
    assert len(told) == 1
    if isinstance(answer, Rejected):
        assert (told[0].code, told[0].reason, told[0].message) == (-2010, "would_match", "no")
    else:
        assert told[0].why == answer.why  # type: ignore[union-attr]  # both others have it


def test_fills_that_come_with_an_answer_are_told_before_the_order() -> None:
    async def story(office: Office) -> None:
        async def placed(intent: OrderIntent) -> PlaceAnswer:
            made = report(intent, OrderStatus.FILLED, intent.lots)
            return OrderReport(
                **{name: getattr(made, name) for name in made.__slots__ if name != "fills"},
                fills=(fill_of(intent, 5),),
            )

        office.exchange.place_answer = placed
        await office.open()

    office = in_office(story)
    assert [type(event) for event, _ in office.journal.entries][-2:] == [FillSeen, OrderSeen]
    assert len([row for row in office.ledger.rows if isinstance(row, RecordFill)]) == 1
    assert [row.status for row in office.ledger.rows if isinstance(row, RecordOrder)] == [OrderStatus.FILLED]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Rejected(-2011, "unknown_order", "no"), CancelRejected),
        (Unknown("time out"), CancelUnknown),
        (NotSent("limiter", "wait"), CancelUnknown),
    ],
)
def test_each_answer_to_a_cancel_is_told_as_what_it_is(
    answer: CancelAnswer, kind: type[CancelRejected] | type[CancelUnknown]
) -> None:
    async def story(office: Office) -> None:
        async def answered(_client_id: str) -> CancelAnswer:
            return answer

        office.exchange.cancel_answer = answered
        await office.open()
        office.feed(BookSeen, book=book(300_600))
        await settle()

    office = in_office(story)
    assert office.exchange.called("cancel") == ["mm-abcdef-1"]
    (told,) = office.journal.events(kind)
    assert told.client_id == "mm-abcdef-1"
    assert "cancel" in {row.kind for row in office.ledger.rows if isinstance(row, Latency)}


def test_a_cancel_that_worked_lets_the_replacement_go() -> None:
    async def story(office: Office) -> None:
        async def answered(client_id: str) -> CancelAnswer:
            order = office.engine.orders.get(client_id)
            assert order is not None
            told = report(order.intent, OrderStatus.CANCELED)
            office.feed(OrderSeen, report=told, source="stream")
            return told

        office.exchange.cancel_answer = answered
        await office.open()
        office.feed(BookSeen, book=book(300_600))
        await settle()

    office = in_office(story)
    assert [name for name, _ in office.exchange.calls if name in ("place", "cancel")] == ["place", "cancel", "place"]


def test_a_task_that_raises_ends_the_run_with_its_error() -> None:
    async def story(office: Office) -> None:
        async def broken(_intent: OrderIntent) -> PlaceAnswer:
            raise KeyError("broken")

        office.exchange.place_answer = broken
        await office.open()
        assert office.dispatcher.finished.done()
        with pytest.raises(KeyError):
            await office.dispatcher.finished

    in_office(story)


def test_the_end_of_a_stop_is_told_once() -> None:
    async def story(office: Office) -> None:
        office.feed(StopRequested, why="enough")
        await settle()
        assert await office.dispatcher.finished == "enough"

    office = in_office(story)
    assert office.exchange.called("open_orders") == ["ETHUSDC"]


@pytest.mark.parametrize(("commit_seconds", "sent"), [(1.9, True), (2.1, False)])
def test_a_decision_that_grew_old_during_its_commit_is_not_sent(commit_seconds: float, sent: bool) -> None:
    async def story(office: Office) -> None:
        office.ledger.commit_seconds = commit_seconds
        await office.open()
        await asyncio.sleep(commit_seconds - 0.05)
        office.feed(BookSeen, book=book())  # the book is fresh; the decision is what may be old
        await asyncio.sleep(0.1)

    office = in_office(story)
    assert bool(office.exchange.called("place")) is sent
    assert [event.code for event in office.journal.events(OrderNotSent)] == ([] if sent else ["stale"])
