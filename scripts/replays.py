"""Recorded markets over the wire, in real time: the bot, ccxt.pro and a plain client of the documentation follow them.

.venv/bin/python -m scripts.replays [--minutes N] [--only nexo|eth]     or: make replays

Plays NEXOUSDT's first ten minutes and the whole ETHUSDT capture (eleven minutes) from MM_SHARED (else ../shared), each
in a home of its own. Whoever finds a gap or a crossed book ends it with exit code 1.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from mm.exchange.venue_server import process
from mm.home import Home
from scripts.depth_follower import Broken, DepthFollower

DATA = Path(os.environ.get("MM_SHARED", Path(__file__).parents[2] / "shared")) / "data"
_START_SECONDS = 60.0
_POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Case:
    """`sizes` what the profile needs for this coin, as variables of the environment."""

    name: str
    files: tuple[str, ...]
    symbol: str
    market: str
    minutes: float
    sizes: dict[str, str] = field(default_factory=dict)


CASES = (
    Case(
        "nexo",
        tuple(f"binance_spot_nexousdt_2024072{day}.raw.gz" for day in (3, 4, 5)),
        "NEXOUSDT",
        "NEXO/USDT",
        10,
        {
            "MM__SYMBOL": "NEXOUSDT",
            "MM__STRATEGY__BASE_SIZE": "2.5",
            "MM__STRATEGY__MAX_INVENTORY": "25",
            "MM__RISK__MAX_POSITION": "25",
        },
    ),
    Case("eth", tuple(f"binance_spot_ethusdt_2024080{day}.raw.gz" for day in (8, 9)), "ETHUSDC", "ETH/USDC", 11),
)


@dataclass
class Pro:
    """ccxt.pro's own order book; it raises on a gap by itself."""

    host: str
    market: str
    books: int = 0

    async def run(self) -> None:
        """Until cancelled. Raises Broken on a crossed book, ccxt's ChecksumError on a gap."""
        import ccxt.pro  # noqa: PLC0415 - costs a second

        urls = {
            "api": {
                "public": f"http://{self.host}/api/v3",
                "ws": {"spot": f"ws://{self.host}/stream/ws"},
            }
        }
        options = {
            "defaultType": "spot",
            "fetchMarkets": {"types": ["spot"]},
            "fetchCurrencies": False,
            "fetchMargins": False,
        }
        client = ccxt.pro.binance({"urls": urls, "options": options})
        try:
            while True:
                book = await client.watch_order_book(self.market, 1000)
                self.books += 1
                if book["bids"] and book["asks"] and book["bids"][0][0] >= book["asks"][0][0]:
                    raise Broken(f"ccxt.pro's book is crossed: {book['bids'][0]} {book['asks'][0]}")
        finally:
            await client.close()


async def played(case: Case, minutes: float) -> dict[str, Any]:
    """Starts the bot, which starts the venue; both followers listen until the bot is done. Raises Broken."""
    files = [DATA / name for name in case.files]
    with tempfile.TemporaryDirectory(prefix="mm-replays-") as folder:
        home = Home(Path(folder))
        environment = {**os.environ, **case.sizes, "MM_HOME": folder}
        words = [sys.executable, "-m", "mm", "run", "--profile", "100usdc", "--sim", f"--for={round(minutes * 60)}s"]
        words += [f"--replay={file}" for file in files]
        log = home.path / "bot.txt"
        with log.open("wb") as output:
            bot = await asyncio.create_subprocess_exec(
                *words, stdout=output, stderr=output, env=environment, cwd=folder
            )
        try:
            return await _followed(case, home, bot, log, environment)
        finally:
            if bot.returncode is None:
                bot.send_signal(signal.SIGTERM)
                await bot.wait()
            process.stop(home)


async def _followed(
    case: Case, home: Home, bot: asyncio.subprocess.Process, log: Path, environment: dict[str, str]
) -> dict[str, Any]:
    began = time.monotonic()
    while (info := process.status(home)) is None:
        if bot.returncode is not None or time.monotonic() - began > _START_SECONDS:
            raise Broken(f"no venue came up: {_text(log)[-2000:]}")
        await asyncio.sleep(_POLL_SECONDS)
    host = f"{info.host}:{info.port}"
    follower = DepthFollower(f"http://{host}", f"ws://{host}/ws", case.symbol)
    pro = Pro(host, case.market)
    listening = [asyncio.create_task(follower.run()), asyncio.create_task(pro.run())]
    ended = asyncio.create_task(bot.wait())
    await asyncio.wait([ended, *listening], return_when=asyncio.FIRST_COMPLETED)
    for task in listening:
        if task.done():
            task.result()
            raise Broken("a follower's connection ended before the bot")
        task.cancel()
    await asyncio.wait(listening)
    said = _text(log)
    if bot.returncode != 0:
        raise Broken(f"the bot left with {bot.returncode}: {said[-2000:]}")
    audit = await _told(["ledger", "audit", "--sim", "--json"], environment)
    if not audit["clean"]:
        raise Broken(f"the audit found differences: {audit['differences']}")
    state = process.state(home)
    return {
        "recording": case.name,
        "seconds": round(time.monotonic() - began),
        "finished": state is not None and state.finished,
        "follower_events": follower.events,
        "snapshots_equal": follower.compared,
        "snapshots_passed": follower.too_late,
        "last_update_id": follower.last_id,
        "best": [str(follower.bids.best), str(follower.asks.best)],
        "ccxt_books": pro.books,
        "bot_intents": audit["intents"],
        "bot_fills": audit["fills"],
        "bot_said": said.strip().splitlines()[-3:],
        "gaps_seen_by_the_bot": said.count("gap in the depth"),
    }


def _text(log: Path) -> str:
    return log.read_text(errors="replace")


async def _told(words: list[str], environment: dict[str, str]) -> Any:
    asked = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "mm", *words, stdout=asyncio.subprocess.PIPE, env=environment
    )
    output, _ = await asked.communicate()
    return json.loads(output)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=Decimal, help="cut each recording after so many minutes")
    parser.add_argument("--only", choices=[case.name for case in CASES])
    given = parser.parse_args()
    for case in CASES:
        if given.only in {None, case.name}:
            minutes = case.minutes if given.minutes is None else min(case.minutes, float(given.minutes))
            try:
                found = asyncio.run(played(case, minutes))
            except Broken as error:
                print(f"{case.name}: BROKEN: {error}", flush=True)  # noqa: T201 - a check's output
                return 1
            if found["gaps_seen_by_the_bot"] or not found["snapshots_equal"] or not found["ccxt_books"]:
                print(f"{case.name}: BROKEN: {json.dumps(found)}", flush=True)  # noqa: T201 - the same
                return 1
            print(json.dumps(found, indent=1), flush=True)  # noqa: T201 - the same
    return 0


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
