"""Every kind of fault that strikes requests: what the bot gets, over the wire and in process, and what the venue did.

All cases of the wire run at once in one event loop, since most of their time is waiting for time-outs.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from mm.clock.simulated import SimulatedClock, run_virtual
from mm.exchange.venue.faults.kind import Scope
from mm.exchange.venue.faults.kinds import KINDS
from tests.integration.faults.bench import START_MS, SYMBOL, Stage, Story, in_process, over_the_wire, told

PLACE, CANCEL, QUERY, ACCOUNT, RULES = "place", "cancel", "query", "account", "rules"


@dataclass(frozen=True)
class Case:
    """`then`: what a second, equal call gets at once. `arrived`: orders of ours at the venue afterwards; the cancel,
    query and read cases begin with one that is open. `open`: those still open."""

    kind: str
    value: str
    call: str
    gets: str
    arrived: int = 0
    is_open: int = 0
    then: str = ""

    def __str__(self) -> str:
        return f"{self.kind}-{self.value or 'plain'}-{self.call}".replace(" ", "_")


UNKNOWN = "Unknown"
CASES = [
    Case("unreachable", "", PLACE, "NotSent connect"),
    Case("unreachable", "", CANCEL, UNKNOWN, 1, 1),
    Case("unreachable", "", ACCOUNT, "ExchangeError", 1, 1),
    Case("hang", "", PLACE, UNKNOWN),
    Case("hang", "", ACCOUNT, "ExchangeError", 1, 1),
    Case("maintenance", "", PLACE, UNKNOWN),
    Case("maintenance", "", CANCEL, UNKNOWN, 1, 1),
    Case("clock-skew", "-1500ms", PLACE, "Rejected -1021 clock"),
    Case("clock-skew", "+2500ms", PLACE, "Rejected -1021 clock"),
    Case("clock-skew", "+2500ms", ACCOUNT, "Account", 1, 1),
    Case("clock-skew", "+300ms", PLACE, "OPEN", 1, 1),
    Case("geo-blocked", "", PLACE, "Rejected -451 geo_blocked"),
    Case("geo-blocked", "", ACCOUNT, "GeoBlocked", 1, 1),
    Case("banned", "60s", PLACE, "Rejected -1003 rate_limited", then="NotSent limiter"),
    Case("rate-limited", "60s", PLACE, "Rejected -1003 rate_limited", then="NotSent limiter"),
    Case("rate-limited", "60s", CANCEL, "Rejected -1003 rate_limited", 1, 1, then="NotSent limiter"),
    Case("rate-limited", "60s", ACCOUNT, "RateLimited", 1, 1),
    Case("firewall", "", PLACE, UNKNOWN, then="NotSent limiter"),
    Case("key-revoked", "", PLACE, "Rejected -2015 authentication", then="Rejected -2015 authentication"),
    Case("key-revoked", "", ACCOUNT, "AuthenticationRefused", 1, 1),
    Case("request-lost", "", PLACE, UNKNOWN),
    Case("request-lost", "", CANCEL, UNKNOWN, 1, 1),
    Case("connection-reset", "before", PLACE, UNKNOWN),
    Case("connection-reset", "after", PLACE, UNKNOWN, 1, 1),
    Case("answer-lost", "", PLACE, UNKNOWN, 1, 1),
    Case("answer-lost", "", CANCEL, UNKNOWN, 1, 0),
    Case("answer-late", "7s", PLACE, UNKNOWN, 1, 1),
    Case("answer-truncated", "", PLACE, UNKNOWN, 1, 1),
    *(Case("http-error", value, PLACE, UNKNOWN, "executed" in value, "executed" in value)
      for value in KINDS["http-error"].values),
    *(Case("error-code", value, PLACE, "Rejected -1010 rejected" if value == "-1010" else UNKNOWN,
           "executed" in value, "executed" in value) for value in KINDS["error-code"].values),
    Case("insufficient-balance", "", PLACE, "Rejected -2010 insufficient_balance"),
    Case("insufficient-balance", "", CANCEL, "CANCELED", 1, 0),
    Case("cancel-only", "", PLACE, "Rejected -2010 market_closed"),
    Case("cancel-only", "", CANCEL, "CANCELED", 1, 0),
    Case("filter-changed", "NOTIONAL=50", PLACE, "Rejected -1013 filter_notional"),
    Case("filter-changed", "LOT_SIZE=0.02", PLACE, "Rejected -1013 filter_lot_size"),
    Case("filter-changed", "PRICE_FILTER=0.07", PLACE, "Rejected -1013 filter_price_filter"),
    Case("filter-changed", "NOTIONAL=50", RULES, "50", 1, 1),
    Case("cancel-lies", "unknown-order", CANCEL, "Rejected -2011 unknown_order", 1, 1),
    Case("cancel-lies", "canceled", CANCEL, "CANCELED", 1, 1),
    Case("query-lies", "", QUERY, "NoneType", 1, 1),
    Case("latency-in", "50ms", PLACE, "OPEN", 1, 1),
    Case("latency-out", "exponential(20ms, 100ms)", PLACE, "OPEN", 1, 1),
]  # fmt: skip


def story(case: Case) -> Story:
    async def play(stage: Stage) -> tuple[str, str, int, int]:
        exchange = stage.exchange
        client_id = ""
        if case.call != PLACE:
            first = stage.intent()
            client_id = first.client_id
            assert await told(exchange.place(first)) == "OPEN"
        stage.strike(case.kind, case.value)
        if case.kind in ("unreachable", "maintenance"):
            await asyncio.sleep(0.1)  # the server looks now and then

        async def call() -> str:
            match case.call:
                case "place":
                    return await told(exchange.place(stage.intent()))
                case "cancel":
                    return await told(exchange.cancel(client_id))
                case "query":
                    return await told(exchange.order(client_id))
                case "account":
                    return await told(exchange.account())
            return f"{(await exchange.instrument(SYMBOL)).min_notional.normalize():f}"

        gets = await call()
        then = await call() if case.then else ""
        stage.plan.clear()
        return gets, then, stage.placed(), len(stage.venue.open_orders(stage.own, SYMBOL))

    return play


@pytest.fixture(scope="module")
def wire() -> dict[Case, Any]:
    async def all_at_once() -> list[Any]:
        slots = asyncio.Semaphore(8)

        async def one(case: Case) -> Any:
            async with slots:
                return await over_the_wire(story(case))

        return await asyncio.wait_for(asyncio.gather(*map(one, CASES), return_exceptions=True), 60)

    return dict(zip(CASES, asyncio.run(all_at_once()), strict=True))


def expected(case: Case) -> tuple[str, str, int, int]:
    return case.gets, case.then, case.arrived, case.is_open


@pytest.mark.parametrize("case", CASES, ids=str)
def test_over_the_wire(case: Case, wire: dict[Case, Any]) -> None:
    assert wire[case] == expected(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_in_process_it_is_the_same(case: Case) -> None:
    clock = SimulatedClock(START_MS * 1_000_000)
    assert run_virtual(in_process(story(case), clock), clock=clock) == expected(case)


def test_every_kind_that_strikes_requests_has_a_case() -> None:
    wanted = {kind.name for kind in KINDS.values() if kind.scope in (Scope.REQUESTS, Scope.EVERYTHING, Scope.CLOCK)}
    assert wanted == {case.kind for case in CASES}
