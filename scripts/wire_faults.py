"""Play seeded fault schedules over real HTTP and WebSocket: the bot with ccxt against the local venue.

    python -m scripts.wire_faults --schedules 300 --seed 1
    python -m scripts.wire_faults --schedules 1 --seed 17 --kinds wipe,hang

Each schedule: some seconds of random faults in which the bot is killed, tripped and started again, then none, a last
start and an orderly end. I1 to I5 are checked at every event of the venue, then the ledger is compared with the venue,
files and logs are searched for secrets (I6), and the audit runs. Every failed schedule is one line with its seed and
the command that plays it again. Schedules run side by side, since most of their time is waiting (the fence: 11.2 s).
Ends with 1 when anything is broken.
"""

import argparse
import asyncio
import json
import logging
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from mm.exchange.venue.faults.kinds import KINDS
from mm.ports import AccountReader
from mm.review.audit_world import audited
from mm.review.clock_gap import ClockGap
from mm.soak.wire.bot import WireBot, now
from mm.soak.wire.complaints import Complaints
from mm.soak.wire.play import play
from mm.soak.wire.result import WireResult, summed
from mm.soak.wire.schedule import FAULTY_SECONDS, Schedule

_SHM = Path("/dev/shm")  # noqa: S108 - a place, its own folder in it is made by tempfile
_RAM = _SHM if _SHM.is_dir() else None
_AT_ONCE = 12


def main(arguments: Sequence[str] | None = None) -> int:
    given = _arguments(arguments)
    kinds = tuple(given.kinds.split(",")) if given.kinds else ()
    wrong = sorted(set(kinds) - KINDS.keys())
    if wrong:
        told = f"wire_faults: there is no fault {', '.join(wrong)}; `mm sim faults kinds` lists them"
        print(told, file=sys.stderr)  # noqa: T201
        return 2
    schedules = [Schedule(seed, kinds, given.seconds) for seed in range(given.seed, given.seed + given.schedules)]
    jobs = min(given.jobs, len(schedules))
    parts = [schedules[first::jobs] for first in range(jobs)]
    began = time.monotonic()
    if jobs == 1:
        played = [played_together(parts[0], given.at_once)]
    else:
        with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
            played = list(pool.map(played_together, parts, [given.at_once] * jobs))
    results = [result for part, _ in played for result in part]
    complaints = [line for _, lines in played for line in lines]
    wall = time.monotonic() - began
    if given.json:
        print(json.dumps(_sum(results, complaints, wall)))  # noqa: T201
    else:
        print("\n".join(_table(results, complaints, wall)))  # noqa: T201
    leaked = any(line.startswith("I6") for line in complaints)
    return int(leaked or any(not result.holds for result in results))


def played_together(
    schedules: Sequence[Schedule], at_once: int, on_result: Callable[[WireResult], None] | None = None
) -> tuple[list[WireResult], list[str]]:
    """The schedules' results, and what the loggers complained of; at most `at_once` side by side in this process."""
    complaints = Complaints()
    root = logging.getLogger()
    before = root.level
    root.addHandler(complaints)
    root.setLevel(logging.INFO)
    try:
        return asyncio.run(_all(schedules, at_once, on_result or _tell)), complaints.found
    finally:
        root.removeHandler(complaints)
        root.setLevel(before)


async def _all(
    schedules: Sequence[Schedule], at_once: int, on_result: Callable[[WireResult], None]
) -> list[WireResult]:
    slots = asyncio.Semaphore(at_once)

    async def one(schedule: Schedule) -> WireResult:
        async with slots:
            with tempfile.TemporaryDirectory(prefix="mm-wire-", dir=_RAM) as folder:
                result = await play(schedule, Path(folder), _audit)
        on_result(result)
        return result

    return list(await asyncio.gather(*map(one, schedules)))


def _tell(result: WireResult) -> None:
    if not result.holds:
        print(result.line, flush=True)  # noqa: T201


async def _audit(bot: WireBot, reader: AccountReader) -> tuple[str, tuple[str, ...]]:
    drift = round(bot.risk.max_clock_drift.total_seconds() * 1000)
    found = await audited(bot.files.ledger, reader, bot.risk.max_position, ClockGap(0, drift + 1), now())
    if found is None:
        return "no run began", ("audit: no run began",)
    said = f"{found.intents} intents, {found.exchange_orders} orders, {found.exchange_fills} fills at the exchange"
    return said, tuple(f"{each.invariant} {each.subject}: {each.text}" for each in found.differences)


def _table(results: list[WireResult], complaints: list[str], wall: float) -> list[str]:
    met = summed(results, "faults")
    failed = [result for result in results if not result.holds]
    of_children = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = resource.getrusage(resource.RUSAGE_SELF)
    cpu = of_children.ru_utime + of_children.ru_stime + own.ru_utime + own.ru_stime
    lines = [f"{'kind of fault':24} met", *(f"{kind:24} {count}" for kind, count in met.items())]
    never = [kind for kind in KINDS if kind not in met]
    lines += [f"never met: {', '.join(never)}"] if never else []
    lines += [
        f"restarts: {_counted(summed(results, 'restarts'))}",
        f"instances: {_counted(summed(results, 'outcomes'))}",
        f"{len(results)} schedules: orders {sum(r.orders for r in results)} "
        f"({sum(r.unknown for r in results)} without a known answer), fills {sum(r.fills for r in results)}, "
        f"instances {sum(r.lives for r in results)}, accounts {sum(r.accounts for r in results)} "
        f"({sum(r.unreadable for r in results)} trades wiped unread), checks {sum(r.checks for r in results)}",
        f"wall {wall:.0f} s, CPU {cpu:.0f} s",
        *(f"logged {count} times: {line}" for line, count in Counter(complaints).most_common()),
        f"{len(failed)} with a violation: seeds {', '.join(str(r.schedule.seed) for r in failed)}"
        if failed
        else "no violation: I1 to I6 hold, ledger and venue are equal",
    ]
    return lines


def _sum(results: list[WireResult], complaints: list[str], wall: float) -> dict[str, object]:
    return {
        "schedules": len(results),
        "orders": sum(result.orders for result in results),
        "fills": sum(result.fills for result in results),
        "faults": summed(results, "faults"),
        "violations": [result.line for result in results if not result.holds] + sorted(set(complaints)),
        "wall": round(wall, 1),
    }


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.wire_faults", description="Fault schedules over the wire.")
    parser.add_argument("--schedules", type=int, default=300, help="how many, with seeds one after another")
    parser.add_argument("--seed", type=int, default=1, help="of the first")
    parser.add_argument("--kinds", default="", help="only these kinds of faults, like wipe,hang")
    parser.add_argument("--seconds", type=float, default=FAULTY_SECONDS, help="of faults in each")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--at-once", type=int, default=_AT_ONCE, help="schedules side by side in each process")
    parser.add_argument("--json", action="store_true", help="figures as one line of JSON")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
