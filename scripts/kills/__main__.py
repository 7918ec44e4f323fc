"""Kill the bot a few thousand times and look whether an order was lost, doubled or forgotten.

    python -m scripts.kills --lives 5000 --seed 1
    python -m scripts.kills --lives 250 --seed 7     # one home again

Each home is played for 250 lives with a seed of its own. A life is the real runner in a process forked from one that
has imported everything; its exchange is in the process that kills it, at any real instant or at a request: lost, late,
executed without an answer, partly filled, filled, answered. Every 25th life ends in order, and then the ledger is
compared with the exchange, whole. The instants are real time, so a seed repeats what is asked, not each microsecond.
Ends with 1 when anything is broken.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from scripts.kills.home import KilledHome

LIVES_A_HOME = 250
_SHM = Path("/dev/shm")  # noqa: S108 - a place, its own folder in it is made by tempfile


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.kills", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--lives", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="figures as one line of JSON")
    given = parser.parse_args(arguments)
    began = time.monotonic()
    killed: Counter[str] = Counter()
    figures: Counter[str] = Counter()
    slowest = 0.0
    broken: list[str] = []
    seed, left = given.seed, given.lives
    while left > 0 and not broken:
        lives = min(left, LIVES_A_HOME)
        with tempfile.TemporaryDirectory(prefix="mm-kills-", dir=_SHM if _SHM.is_dir() else None) as folder:
            home = KilledHome(Path(folder), seed)
            try:
                home.play(lives)
                broken += [
                    f"{each.invariant} {each.text} (python -m scripts.kills --lives {lives} --seed {seed})"
                    for each in home.oracle.violations
                ]
                figures["ledger_rows"] = max(figures["ledger_rows"], home.ledger_rows)
            finally:
                home.close()
        killed += home.killed
        figures["in_order"] += home.in_order
        figures["orders"] += home.oracle.orders
        figures["fills"] += home.oracle.fills
        figures["late"] += home.arrived_late
        slowest = max(slowest, home.slowest_start)
        seed, left = seed + 1, left - lives
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(each.ru_utime + each.ru_stime for each in used)
    told = {
        "lives": given.lives - left,
        "killed": dict(sorted(killed.items())),
        "kills": killed.total(),
        **figures,
        "slowest_start": round(slowest, 3),
        "wall": round(time.monotonic() - began, 1),
        "cpu": round(cpu, 1),
        "violations": broken,
    }
    if given.json:
        print(json.dumps(told))  # noqa: T201
    else:
        print("\n".join(_lines(told)))  # noqa: T201
    return int(bool(broken))


def _lines(told: dict[str, object]) -> list[str]:
    broken = told["violations"]
    assert isinstance(broken, list)  # noqa: S101 - made above
    return [
        f"{told['kills']} kills in {told['lives']} lives: {told['killed']}; {told['in_order']} ended in order",
        f"orders {told['orders']}, fills {told['fills']}, requests of dead bots that arrived {told['late']}",
        f"start to reconciled {told['slowest_start']} s at most; ledger of {told['ledger_rows']} rows at most",
        f"wall {told['wall']} s, CPU {told['cpu']} s",
        *(broken or ["no violation: I1 to I4 hold, ledger and venue are equal after every end in order"]),
    ]


if __name__ == "__main__":
    sys.exit(main())
