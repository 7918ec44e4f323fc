"""Every kind of fault that strikes streams: what the bot is told, over the wire and in process."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from mm.clock.simulated import SimulatedClock, run_virtual
from mm.domain.events import BookSeen, FillSeen, HaltRequested, StreamDown, StreamUp
from mm.exchange.venue.faults.kind import Scope
from mm.exchange.venue.faults.kinds import KINDS
from tests.integration.faults.bench import START_MS, Stage, Story, in_process, over_the_wire, told

Told = Callable[[Stage], bool]


def down(stage: Stage, stream: str, why: str = "") -> bool:
    return any(isinstance(e, StreamDown) and e.stream == stream and why in e.why for e in stage.events)


def up(stage: Stage, stream: str) -> bool:
    return any(isinstance(e, StreamUp) and e.stream == stream for e in stage.events)


def books(stage: Stage) -> list[BookSeen]:
    return [e for e in stage.events if isinstance(e, BookSeen)]


def fills(stage: Stage) -> list[int]:
    return [e.fill.trade_id for e in stage.events if isinstance(e, FillSeen)]


async def two_fills(stage: Stage) -> None:
    """The own bid is hit twice."""
    assert await told(stage.exchange.place(stage.intent("2999.50", "0.0200"))) == "OPEN"
    for _ in range(2):
        stage.others("SELL", "2999.50", "0.0100")


async def nothing(_stage: Stage) -> None:
    return


@dataclass(frozen=True)
class Case:
    """After the fault has begun `act` happens; `sees` must hold soon, `never` must not hold then; after the fault
    has been cleared `after` must hold, on what was told since."""

    kind: str
    value: str
    sees: Told
    act: Callable[[Stage], Awaitable[None]] = nothing
    never: Told = lambda _stage: False
    after: Told = lambda _stage: True
    target: str = ""
    share: float = 1.0

    def __str__(self) -> str:
        return "-".join(part for part in (self.kind, self.value, self.target) if part).replace(" ", "_")


def both_down(stage: Stage) -> bool:
    return down(stage, "market") and down(stage, "account")


def both_up(stage: Stage) -> bool:
    return up(stage, "market") and up(stage, "account")


def book_moves(stage: Stage) -> bool:
    return len(books(stage)) >= 2 and not books(stage)[-1].book.is_crossed


def stands_still(stage: Stage) -> bool:
    seen = [e.exchange_ms for e in books(stage)]
    return len(seen) >= 3 and len(set(seen[-3:])) == 1


def right_again(stage: Stage) -> bool:
    return bool(books(stage)) and (books(stage)[-1].book.best_bid, books(stage)[-1].book.best_ask) == (299900, 300100)


CASES = [
    Case("events-lost", "", lambda s: bool(books(s)), two_fills, never=lambda s: bool(fills(s)), after=book_moves),
    Case("events-duplicated", "500ms", lambda s: sorted(fills(s)) == [1, 1, 2, 2], two_fills),
    Case("events-late", "300ms", lambda s: fills(s) == [1, 2], two_fills),
    Case("events-reordered", "500ms", lambda s: sorted(fills(s)) == [1, 2], two_fills),
    Case("depth-gap", "", lambda s: down(s, "market", "gap"), share=0.3, never=lambda s: down(s, "account"),
         after=book_moves),
    Case("stream-silence", "pings", lambda s: down(s, "market", "no market data"), never=lambda s: down(s, "account"),
         after=lambda s: up(s, "market")),
    Case("stream-silence", "no-pings", lambda s: down(s, "account"), target="account",
         never=lambda s: down(s, "market"), after=lambda s: up(s, "account")),
    Case("stream-close", "", both_down, never=both_up, after=both_up),
    Case("stream-close", "", lambda s: down(s, "account"), target="account", never=lambda s: down(s, "market"),
         after=lambda s: up(s, "account")),
    Case("shutdown-notice", "1s", lambda s: down(s, "market", "shutting") and down(s, "account", "shutting"),
         after=both_up),
    Case("unreachable", "", both_down, never=both_up, after=both_up),
    Case("maintenance", "", both_down, never=both_up, after=both_up),
    Case("hang", "", both_down, never=both_up, after=both_up),
    Case("key-revoked", "", lambda s: any(isinstance(e, HaltRequested) and e.cause == "authentication"
                                          for e in s.events), never=lambda s: up(s, "account")),
    Case("wipe", "", lambda s: down(s, "account", "ended the subscription") and up(s, "account")),
    Case("crossed-book", "", lambda s: any(e.book.best_bid > e.book.best_ask for e in books(s)), after=right_again),
    Case("locked-book", "", lambda s: any(e.book.best_bid == e.book.best_ask for e in books(s)), after=right_again),
    Case("stale-book", "", stands_still, after=lambda s: not stands_still(s) and bool(books(s))),
    Case("price-gap", "5%", lambda s: any(e.book.best_bid > 310_000 and not e.book.is_crossed for e in books(s)),
         after=right_again),
]  # fmt: skip


def story(case: Case) -> Story:
    async def play(stage: Stage) -> tuple[bool, bool, bool]:
        async with stage.streaming():
            await asyncio.sleep(0.1)
            stage.events.clear()
            more: dict[str, Any] = {"share": case.share} if case.share != 1 else {}
            stage.strike(case.kind, case.value, target=case.target, **more)
            await case.act(stage)
            sees = await stage.until(lambda: case.sees(stage))
            never = case.never(stage)
            stage.events.clear()
            stage.plan.clear()
            after = await stage.until(lambda: case.after(stage))
            return sees, never, after

    return play


@pytest.fixture(scope="module")
def wire() -> dict[Case, Any]:
    async def all_at_once() -> list[Any]:
        slots = asyncio.Semaphore(10)

        async def one(case: Case) -> Any:
            async with slots:
                return await over_the_wire(story(case))

        return await asyncio.wait_for(asyncio.gather(*map(one, CASES), return_exceptions=True), 90)

    return dict(zip(CASES, asyncio.run(all_at_once()), strict=True))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_over_the_wire(case: Case, wire: dict[Case, Any]) -> None:
    """Seen while it held; what must not be was not; and told again when it was over."""
    assert wire[case] == (True, False, True)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_in_process_it_is_the_same(case: Case) -> None:
    clock = SimulatedClock(START_MS * 1_000_000)
    assert run_virtual(in_process(story(case), clock), clock=clock) == (True, False, True)


def test_every_kind_that_strikes_streams_has_a_case() -> None:
    of_streams = (Scope.EVENTS, Scope.CONNECTIONS, Scope.BOOK, Scope.ONCE, Scope.EVERYTHING)
    wanted = {kind.name for kind in KINDS.values() if kind.scope in of_streams}
    assert wanted <= {case.kind for case in CASES}
