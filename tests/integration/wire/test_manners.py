"""What the venue sees of a bot that it refuses: counted there, request by request, over HTTP and WebSocket."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from mm.config.loader import load_settings
from mm.control.store import ControlStore
from mm.exchange.venue.faults.fate import RequestFate
from mm.exchange.venue.faults.fault import Fault
from mm.home import Home
from mm.soak.wire.bot import WireBot
from mm.soak.wire.schedule import PROFILE, SETTINGS, Schedule
from mm.soak.wire.venue import WireVenue, now_ms

CALM, FAULTY, LEFT = 0.5, 6.0, 1.5
"""Seconds of trading after the first order and before the fault, of the fault, and after it."""
LONGEST_START = 40.0
ON_ITS_WAY = 0.4
"""What had left before the refusal came is not held against the bot."""


@dataclass(frozen=True)
class Asked:
    """One request as it came in, with its kind of fault if one struck it."""

    at: float
    name: str
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Seen:
    """All requests from the fault on; orders the venue took in all; when the fault began; causes of halts."""

    orders: int
    asked: list[Asked]
    began: float
    halts: set[str]
    violations: list[str]

    def struck(self, kind: str) -> list[Asked]:
        return [each for each in self.asked if kind in each.kinds]

    def after_first(self, kind: str, seconds: float) -> list[Asked]:
        """Requests that came after the first refused one was answered, within `seconds` of it."""
        first = self.struck(kind)[0].at
        return [each for each in self.asked if first + ON_ITS_WAY < each.at < first + seconds]


async def watched(folder: Path, kind: str, value: str) -> Seen:
    """The bot trades, is struck, and ends."""
    folder.mkdir()  # noqa: ASYNC240 - nothing else runs yet
    loaded = load_settings(Home(folder / "none"), PROFILE, {**SETTINGS, "MM__EXECUTION__STOP_TIMEOUT": "2s"})
    schedule = Schedule(3)
    market = WireVenue(schedule, loaded.settings)
    bot = WireBot(folder, loaded, schedule, market)
    asked: list[Asked] = []
    plain = market.plan.on_request

    def noted(name: str, now_ms: int) -> RequestFate:
        fate = plain(name, now_ms)
        changed = (kind,) if name == "order.place" and market.plan.changed_rules(now_ms) else ()
        asked.append(Asked(time.monotonic(), name, (*fate.kinds, *changed)))
        return fate

    market.plan.on_request = noted  # type: ignore[method-assign]  # looked at, not changed
    await market.start(bot.follow)
    client = market.client()
    await bot.begin(client)
    living = asyncio.create_task(bot.live(LONGEST_START + FAULTY + LEFT, in_order=True))
    deadline = time.monotonic() + LONGEST_START
    while not bot.oracle.orders and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    await asyncio.sleep(CALM)
    began = time.monotonic()
    start = now_ms()
    market.plan.add(Fault(kind, start, start + round(FAULTY * 1000), value=value))
    await asyncio.sleep(FAULTY + LEFT)
    bot.end()
    await living
    market.plan.clear()
    await bot.settle()
    with ControlStore(folder / "control.db") as control:
        halts = {halt.cause for halt in control.open_halts("sim")}
    await client.close()
    await market.stop()
    bot.close()
    return Seen(bot.oracle.orders, asked, began, halts, [each.text for each in bot.oracle.violations])


CASES = {
    "rate-limited": "6s",
    "banned": "6s",
    "firewall": "",
    "key-revoked": "",
    "insufficient-balance": "",
    "filter-changed": "NOTIONAL=50",
    "maintenance": "",
    "cancel-only": "",
}
BREAKER = 3
"""So many refusals of one cause open the circuit breaker (the default)."""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seen]:
    """All at once: most of their time is waiting."""
    root = tmp_path_factory.mktemp("manners")

    async def all_at_once() -> list[Seen]:
        return await asyncio.gather(*(watched(root / kind, kind, value) for kind, value in CASES.items()))

    return dict(zip(CASES, asyncio.run(all_at_once()), strict=True))


@pytest.mark.parametrize("kind", CASES)
def test_no_invariant_is_broken(kind: str, seen: dict[str, Seen]) -> None:
    assert seen[kind].violations == []
    assert seen[kind].orders, "it traded"
    assert seen[kind].struck(kind), "and was struck"


@pytest.mark.parametrize("kind", ["rate-limited", "banned"])
def test_429_and_418_no_request_inside_the_window(kind: str, seen: dict[str, Seen]) -> None:
    assert seen[kind].after_first(kind, FAULTY) == []


def test_403_no_order_inside_the_window(seen: dict[str, Seen]) -> None:
    assert {each.name for each in seen["firewall"].after_first("firewall", FAULTY)} <= {"order.cancel"}


def test_key_revoked_at_most_three_refused_authentications_in_all(seen: dict[str, Seen]) -> None:
    assert 1 <= len(seen["key-revoked"].struck("key-revoked")) <= 3
    assert seen["key-revoked"].halts == {"authentication"}


def test_insufficient_balance_at_most_one_attempt_per_refresh(seen: dict[str, Seen]) -> None:
    """Both sides may have left together."""
    kind = "insufficient-balance"
    reads = [each for each in seen[kind].asked if each.name == "account.status" and each.at > seen[kind].began]
    assert len(seen[kind].struck(kind)) <= len(reads) + 2
    assert not seen[kind].halts


def test_a_filter_that_changed_the_rules_are_read_once_and_the_bot_halts(seen: dict[str, Seen]) -> None:
    kind = "filter-changed"
    later = [each.name for each in seen[kind].asked if each.at > seen[kind].began]
    assert later.count("exchangeInfo") == 1
    assert 1 <= later.count("order.place") <= 2
    assert seen[kind].halts == {"rules_changed"}


def test_maintenance_nothing_new_is_sent_while_it_lasts(seen: dict[str, Seen]) -> None:
    """The account is read now and then, to find out when it is over; no order but those that were on their way."""
    later = {each.name for each in seen["maintenance"].after_first("maintenance", FAULTY)}
    assert "order.place" not in later
    assert later, "it looks whether it is over"


def test_cancel_only_mode_is_learnt_by_refusals_until_the_breaker_opens(seen: dict[str, Seen]) -> None:
    """Then one order now and then is the probe (here every 2 s; with the profile every 10 min)."""
    refused = seen["cancel-only"].struck("cancel-only")
    probes = FAULTY / 2 + 1
    assert 1 <= len(refused) <= BREAKER + probes
    assert not [each for each in refused if each.name != "order.place"], "cancels pass"
