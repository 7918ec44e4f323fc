"""Kill the whole process, as the machine would: the installed `mm run` over HTTP and WebSocket, again and again.

    python -m scripts.process_kills --kills 100 --jobs 2
    python -m scripts.process_kills --kills 10 --seed 3     # the home of seed 3 again

Each home has a venue of its own and ten lives of the bot, each ended by SIGKILL: at a random moment after its start or
after its first order, whatever it was doing then. One more life ends in order; then ledger, venue and audit must tell
the same, fill by fill.
Ends with 1 when they do not.
"""

import argparse
import json
import random
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mm.domain.errors import MmError
from tests.e2e.commands import EAGER, LIVELY, Background, Commands, until

# What is shown is that start-up recovers by itself; a watchdog would clear the orders and leave a STOP.
ALONE = {"MM__WATCHDOG__ENABLED": "false"}

LIVES_A_HOME = 10
_LATEST = 6.0
"""Real seconds after its start until which a life is killed; a quarter of that after its first quote."""


@dataclass(frozen=True, slots=True)
class Outcome:
    seed: int
    kills: int
    quoting: int
    """Lives that had an open order when they died."""
    orders: int
    fills: int
    missed: str


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.process_kills", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1, help="of the first home")
    parser.add_argument("--jobs", type=int, default=2, help="homes at once")
    parser.add_argument("--json", action="store_true", help="figures as one line of JSON")
    given = parser.parse_args(arguments)
    whole, rest = divmod(given.kills, LIVES_A_HOME)
    counts = [LIVES_A_HOME] * whole + ([rest] if rest else [])
    began = time.monotonic()
    with ThreadPoolExecutor(given.jobs) as pool:
        outcomes = list(pool.map(played, range(given.seed, given.seed + len(counts)), counts))
    missed = [
        f"{each.missed} (python -m scripts.process_kills --kills {count} --seed {each.seed})"
        for each, count in zip(outcomes, counts, strict=True)
        if each.missed
    ]
    told = {
        "kills": sum(each.kills for each in outcomes),
        "quoting": sum(each.quoting for each in outcomes),
        "orders": sum(each.orders for each in outcomes),
        "fills": sum(each.fills for each in outcomes),
        "homes": len(outcomes),
        "wall": round(time.monotonic() - began, 1),
        "violations": missed,
    }
    if given.json:
        print(json.dumps(told))  # noqa: T201
    else:
        print(  # noqa: T201
            f"{told['kills']} kills in {told['homes']} homes, {told['quoting']} of them with an open order; orders "
            f"{told['orders']}, fills {told['fills']}; {told['wall']} s"
        )
        print("\n".join(missed) or "no order lost, doubled or forgotten: ledger and venue are equal")  # noqa: T201
    return int(bool(missed))


def played(seed: int, kills: int) -> Outcome:
    """Never raises for what the bot does; `missed` tells."""
    rng = random.Random(f"process kills {seed}")  # noqa: S311 - moments
    with tempfile.TemporaryDirectory(prefix="mm-process-kills-") as folder:
        commands = Commands(Path(folder), {**EAGER, **ALONE, "MM__VENUE__SEED": str(seed)})
        quoting = 0
        try:
            for _ in range(kills):
                bot = commands.begin(*LIVELY)
                _await_the_end(bot, rng)
                bot.send(signal.SIGKILL)
                bot.process.wait()
                quoting += commands.venue.quotes()
                _resumed(commands)
            _end_in_order(commands)
            fills = commands.agree()
            orders = len(commands.venue.all_orders())
        except (AssertionError, OSError, MmError) as error:
            return Outcome(seed, kills, quoting, 0, 0, f"{type(error).__name__}: {str(error)[-1500:]}")
        finally:
            commands.close()
    return Outcome(seed, kills, quoting, orders, len(fills), "")


def _await_the_end(bot: Background, rng: random.Random) -> None:
    if rng.random() < 0.5:
        until(lambda: " place " in bot.stdout.read_text(), "a first order")  # asking the venue would cost its weight
        time.sleep(rng.uniform(0.0, _LATEST / 4))
    else:
        time.sleep(rng.uniform(0.3, _LATEST))


def _end_in_order(commands: Commands) -> None:
    last = commands.begin(*LIVELY, "--for", "4s").ended()
    if last.code:
        raise MmError(str(last))


def _resumed(commands: Commands) -> None:
    """The person who looks after a crash, played; nothing to lift is as well."""
    if (commands.home / "control.db").exists():
        commands.mm("risk", "resume", "--sim", "--note", "killed on purpose", code=None)


if __name__ == "__main__":
    sys.exit(main())
