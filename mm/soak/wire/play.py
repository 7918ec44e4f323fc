"""Plays one schedule from its seed to its result."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from decimal import Decimal
from pathlib import Path

from mm.config.loader import load_settings
from mm.domain.instrument import from_units
from mm.home import Home
from mm.ledger.queries import LedgerQueries
from mm.ports import AccountReader
from mm.soak.canary import leaks
from mm.soak.wire.bot import WireBot
from mm.soak.wire.result import WireResult
from mm.soak.wire.schedule import CALM_SECONDS, PROFILE, SETTINGS, Schedule
from mm.soak.wire.venue import WireVenue

LAST_SECONDS = 2.5
"""How long the last instance trades, without faults, before it is stopped."""
_LONGEST_LIFE = 15.0
_TRIES = 3
"""Starts without faults: on a busy machine an answer may come after its time."""
_LATEST = 2.0
"""Requests may be on their way so long after the plan was cleared (latency-in)."""

Audit = Callable[[WireBot, AccountReader], Awaitable[tuple[str, tuple[str, ...]]]]
"""Compares the ledger with the exchange: in short, and each difference."""


async def play(schedule: Schedule, folder: Path, audit: Audit) -> WireResult:
    """About 20 s, of which most are waiting; `folder` is its own, and empty. Raises what breaks the program itself."""
    began = time.monotonic()
    loaded = load_settings(Home(folder / "none"), PROFILE, SETTINGS)
    market = WireVenue(schedule, loaded.settings)
    bot = WireBot(folder, loaded, schedule, market)
    await market.start(bot.follow)
    client = market.client()
    try:
        await bot.begin(client)
        start = market.balances(market.uid)
        market.strike()
        over = time.monotonic() + CALM_SECONDS + schedule.faulty_seconds
        while (left := over - time.monotonic()) > 0:
            await bot.live(min(left, _LONGEST_LIFE), in_order=False)
        market.plan.clear()
        await bot.settle()
        await asyncio.sleep(_LATEST)
        for left in reversed(range(_TRIES)):
            if await bot.live(LAST_SECONDS, in_order=True):
                break
            if not left:
                bot.oracle.violate("end", f"the last instance, without faults: {bot.last_words}")
        await bot.settle()
        oracle = bot.oracle
        for difference in _differences(bot, market, start):
            oracle.violate("end", difference)
        said, found = await audit(bot, client)
        for difference in found:
            oracle.violate("audit", difference)
    finally:
        await client.close()
        await bot.settle()
        await market.stop()
        bot.close()
    for leak in leaks(folder):
        oracle.violate("I6", leak)
    return WireResult(
        schedule=schedule,
        seconds=time.monotonic() - began,
        checks=oracle.checked,
        orders=oracle.orders,
        fills=oracle.fills,
        lives=bot.lives,
        accounts=len(oracle.accounts),
        unreadable=sum(each.lost for each in oracle.accounts),
        unknown=bot.unknown,
        audit=said,
        faults=dict(market.plan.met),
        restarts=dict(bot.restarts),
        outcomes=dict(bot.outcomes),
        violations=tuple(oracle.violations),
    )


def _differences(bot: WireBot, market: WireVenue, start: dict[str, Decimal]) -> Iterator[str]:
    """What is not as it must be when everything has ended, by the venue's own account."""
    account, instrument = bot.oracle.account, bot.oracle.instrument
    broken = market.is_broken()
    if broken:
        yield f"the market stopped by an error: {broken}"
    left = [order.client_id for order in market.venue.open_orders(account.uid)]
    if left:
        yield f"orders are left open: {', '.join(left)}"
    if account.unseen:
        yield f"trades {sorted(account.unseen)[:5]} are in no ledger"
    with LedgerQueries(bot.files.ledger) as ledger:
        run = ledger.last_run()
        kept = ledger.positions(account_epoch=run.account_epoch) if run else []
    base = kept[-1].base if kept else Decimal(0)
    if base != from_units(account.base_units):
        yield f"the ledger holds {base} {instrument.base}, the account bought {from_units(account.base_units)}"
    if len(bot.oracle.accounts) == 1:
        held = market.balances(account.uid)
        for asset, units in ((instrument.base, account.base_units), (instrument.quote, account.quote_units)):
            was = start.get(asset, Decimal(0))
            if held.get(asset, Decimal(0)) != was + from_units(units):
                yield f"the account holds {held.get(asset)} {asset}, and its trades make {was + from_units(units)}"
