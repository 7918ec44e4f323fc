"""The life of a run around a real engine: how it ends, and what its timers do."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from mm.domain.errors import ExchangeError, NotProven
from mm.domain.events import (
    BookSeen,
    ClockDrift,
    HaltRequested,
    MarketTradeSeen,
    StopRequested,
    StreamUp,
    TimerFired,
)
from mm.domain.order import OrderIntent, OrderStatus
from mm.domain.records import Heartbeat
from mm.domain.trading_day import TradingDay, trading_day_at
from mm.ports import CancelAnswer, EventSink, PlaceAnswer
from mm.runner.loop import Runner, RunOutcome, RunTimes
from tests.fakes.desk import START_AT, book, report
from tests.fakes.scripted import Office, in_office

DAY_NS = 24 * 3600 * 10**9


class Still:
    def sample(self) -> tuple[float, int]:
        return 12.5, 80_000_000


def day_at(moment: datetime) -> TradingDay:
    return trading_day_at(moment, time(22, 0), ZoneInfo("UTC"))


def runner(office: Office, *, run_for: float | None = None) -> Runner:
    """Its exchange obeys: orders rest until they are cancelled, the book comes ten times a second."""
    exchange = office.exchange

    async def placed(intent: OrderIntent) -> PlaceAnswer:
        made = report(intent, OrderStatus.OPEN)
        exchange.open.append(made)
        exchange.known[intent.client_id] = made
        return made

    async def cancelled(client_id: str) -> CancelAnswer:
        exchange.open = [order for order in exchange.open if order.client_id != client_id]
        order = office.engine.orders.get(client_id)
        assert order is not None
        made = report(order.intent, OrderStatus.CANCELED)
        exchange.known[client_id] = made
        return made

    async def stream(sink: EventSink) -> None:
        sink(StreamUp(stream="account", **office.dispatcher.now()))
        while True:
            sink(BookSeen(book=book(), **office.dispatcher.now()))
            await asyncio.sleep(0.1)

    exchange.place_answer, exchange.cancel_answer, exchange.stream = placed, cancelled, stream
    times = RunTimes(tick=10.0, run_for=run_for, stop_timeout=30.0, day_at=day_at)
    made = Runner(office.engine, office.parts, times, Still())
    office.dispatcher = made.dispatcher
    return made


def during(
    story: Callable[[Office, Runner], Coroutine[None, None, None]], *, run_for: float | None = None
) -> tuple[Office, RunOutcome]:
    outcomes: list[RunOutcome] = []

    async def main(office: Office) -> None:
        made = runner(office, run_for=run_for)
        going = asyncio.create_task(made.run())
        await story(office, made)
        outcomes.append(await going)

    office = in_office(main)
    return office, outcomes[0]


async def nothing(_office: Office, _runner: Runner) -> None:
    return None


def seconds(office: Office) -> float:
    return (office.clock.now() - START_AT) / 1e9


def test_a_run_ends_after_its_time_with_nothing_left() -> None:
    office, outcome = during(nothing, run_for=60)
    assert outcome == RunOutcome("the time of the run is over", clean=True)
    assert 60 <= seconds(office) < 62
    assert office.exchange.open == []
    assert office.exchange.called("place") == ["mm-abcdef-1"]


def test_the_first_reference_is_the_last_price_of_the_exchange() -> None:
    office, _ = during(nothing, run_for=1)
    first = office.journal.events(MarketTradeSeen)[0]
    assert (first.ticks, first.lots) == (300_000, 0)


def test_without_a_last_price_nothing_is_quoted_and_the_run_goes_on() -> None:
    async def story(office: Office, _runner: Runner) -> None:
        office.exchange.errors["last_price"] = ExchangeError("busy")

    office, _ = during(story, run_for=15)
    assert office.exchange.called("place") == []


def test_ticks_pulses_and_heartbeats_come_at_their_pace() -> None:
    office, _ = during(nothing, run_for=59.2)
    names = [event.name for event in office.journal.events(TimerFired)]
    assert names.count("tick") == 5
    assert 238 <= names.count("pulse") <= 242
    assert names.count("day") == 1  # the day that was recovered is over
    beats = [row for row in office.ledger.rows if isinstance(row, Heartbeat)]
    assert len(beats) == 11
    assert office.latch.beats == 59, "a sign of life a second, for the watchdog"
    assert (beats[3].state, beats[3].open_orders, beats[3].unknown_orders) == ("ACTIVE", 1, 0)
    assert (beats[3].cpu_percent, beats[3].rss_bytes, beats[3].lag_ms) == (12.5, 80_000_000, 0.0)


def test_a_fallen_latch_stops_the_run_within_a_pulse() -> None:
    async def story(office: Office, _runner: Runner) -> None:
        await asyncio.sleep(20)
        office.latch.armed = False

    office, outcome = during(story)
    assert outcome.why == "the stop latch fell"
    assert seconds(office) < 21
    assert office.exchange.open == []


def test_peoples_commands_are_taken_within_a_second() -> None:
    async def story(office: Office, made: Runner) -> None:
        await asyncio.sleep(20.1)
        halt = HaltRequested(cause="tried", detail="a test", **office.dispatcher.now())
        office.control.waiting.append(halt)
        await asyncio.sleep(1)
        assert office.exchange.open == []
        assert office.control.halts == [("tried", "a test")]
        made.stop("enough")

    _, outcome = during(story)
    assert outcome.why == "enough"


@pytest.mark.parametrize("step", [DAY_NS, 3 * DAY_NS])
@pytest.mark.parametrize("confirmed", [True, False])
def test_a_clock_set_forwards_begins_the_new_day_once_if_the_exchange_agrees(step: int, confirmed: bool) -> None:
    """Clocks are compared once a minute; until then, and without agreement, the days go by the exchange's."""

    async def story(office: Office, _runner: Runner) -> None:
        office.engine.risk.new_day(day_at(_utc(office)).day.isoformat(), 100 * 10**8)
        await asyncio.sleep(5)
        office.clock.step(step)
        office.exchange.drift_ms = 0 if confirmed else -step // 1_000_000
        await asyncio.sleep(50)
        assert len([e for e in office.journal.events(TimerFired) if e.name == "day"]) <= 1  # the recovered one's end

    office, _ = during(story, run_for=70)
    days = [event.detail for event in office.journal.events(TimerFired) if event.name == "day"]
    assert len([day for day in days if day == day_at(_utc(office)).day.isoformat()]) == int(confirmed)


def test_a_clock_set_backwards_begins_no_day_again_and_delays_nothing() -> None:
    async def story(office: Office, _runner: Runner) -> None:
        await asyncio.sleep(5)
        before = len([e for e in office.journal.events(TimerFired) if e.name == "day"])
        office.clock.step(-2 * DAY_NS)
        await asyncio.sleep(30)
        names = [event.name for event in office.journal.events(TimerFired)]
        assert names.count("day") == before
        assert names.count("tick") == 3

    office, _ = during(story, run_for=40)
    assert office.clock.monotonic() / 1e9 < 1_000 + 42


def test_the_exchanges_clock_is_looked_at_once_a_minute_and_soon_again_after_a_failure() -> None:
    async def story(office: Office, _runner: Runner) -> None:
        await asyncio.sleep(1)
        assert len(office.journal.events(ClockDrift)) == 1
        office.exchange.errors["resync_clock"] = ExchangeError("busy")
        await asyncio.sleep(65)
        assert len(office.exchange.called("resync_clock")) == 3  # 0 s, 60 s, 65 s
        del office.exchange.errors["resync_clock"]
        await asyncio.sleep(5)
        assert len(office.journal.events(ClockDrift)) == 2

    during(story, run_for=75)


# --- broken runs ------------------------------------------------------------------------


def test_a_broken_stream_ends_the_run_with_its_error_and_clears_the_exchange() -> None:
    async def main(office: Office) -> None:
        made = runner(office)
        whole = office.exchange.stream

        async def breaks(sink: EventSink) -> None:
            # More ticks come while the exchange is cleared: a cleared quote must not be placed again.
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(whole(sink), 20)
            raise KeyError("broken")

        office.exchange.stream = breaks
        with pytest.raises(KeyError):
            await made.run()
        assert office.exchange.open == []
        assert seconds(office) > 20 + office.exchange.fence_seconds

    office = in_office(main)
    assert office.exchange.called("place") == ["mm-abcdef-1"]


def test_nothing_is_placed_while_the_exchange_is_cleared() -> None:
    """One task broke, the others go on: ticks and books still come, and the engine still wants to quote."""

    async def main(office: Office) -> None:
        made = runner(office)
        going = asyncio.create_task(made.run())
        await asyncio.sleep(20)

        async def broken() -> None:
            raise KeyError("broken")

        made.dispatcher.spawn(broken())
        with pytest.raises(KeyError):
            await going
        assert office.exchange.open == []

    office = in_office(main)
    assert office.exchange.called("place") == ["mm-abcdef-1"]


def test_orders_that_may_be_left_are_no_clean_end() -> None:
    async def main(office: Office) -> None:
        made = runner(office)

        async def broken(_sink: EventSink) -> None:
            raise KeyError("broken")

        office.exchange.stream = broken
        office.exchange.errors["open_orders"] = ExchangeError("busy")
        with pytest.raises(NotProven, match="may be left"):
            await made.run()
        office.exchange.errors.clear()

    in_office(main)


def test_a_stop_that_takes_too_long_clears_the_exchange() -> None:
    async def story(office: Office, made: Runner) -> None:
        await asyncio.sleep(20)
        office.exchange.errors["account"] = ExchangeError("busy")  # no proof will come
        made.stop("enough")

    office, outcome = during(story)
    assert outcome == RunOutcome("stopped by clearing the exchange", clean=False)
    assert 50 < seconds(office) < 70
    assert office.exchange.open == []
    assert len(office.journal.events(StopRequested)) == 1


def test_a_stop_that_takes_too_long_and_cannot_clear_names_what_is_left() -> None:
    async def main(office: Office) -> None:
        made = runner(office)

        async def deaf(client_id: str) -> CancelAnswer:
            return office.exchange.known[client_id]  # type: ignore[return-value]  # still open, it says

        office.exchange.cancel_answer = deaf
        going = asyncio.create_task(made.run())
        await asyncio.sleep(5)
        made.stop("enough")
        with pytest.raises(NotProven, match="mm-abcdef-1"):
            await going
        # 5 s, 30 s of stopping, one clearing of 13 s fence and 10 s more: it is not tried a second time.
        assert 57 < seconds(office) < 62

    in_office(main)


def _utc(office: Office) -> datetime:
    return datetime.fromtimestamp(office.clock.now() / 1e9, tz=UTC)
