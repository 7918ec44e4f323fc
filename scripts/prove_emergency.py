"""Prove the emergency stop, again and again, under bad conditions and with real processes.

    python -m scripts.prove_emergency --rounds 50 --jobs 4
    python -m scripts.prove_emergency --rounds 1 --seed 17      the round of seed 17 alone

Each round has a MM_HOME, a local venue and a bot with open quotes. The bot then runs, is stopped with SIGSTOP or dead,
the ledger locked, the disk full, the venue slow or failing; `mm stop --emergency` must send its first cancel within
1 s of its start and prove within 20 s, the fence included, that no own order is left. Then the venue is watched for one
more fence. The conditions take turns with the seed. Ends with 1 when a round missed; the line says how to repeat it.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Semaphore

from scripts.emergency_round import CONDITIONS, FIRST_CANCEL, PROOF, Places, Round, play

_STARTING = 2


def main(arguments: Sequence[str] | None = None) -> int:
    given = _arguments(arguments)
    seeds = range(given.seed, given.seed + given.rounds)
    places = Places(Semaphore(min(_STARTING, given.jobs)), Semaphore(given.jobs))
    began = time.monotonic()
    rounds = []
    # A round that starts its bot or watches its venue takes none of the places of those that stop.
    with ThreadPoolExecutor(2 * given.jobs + _STARTING) as pool:
        for done in as_completed([pool.submit(play, seed, places) for seed in seeds]):
            rounds.append(done.result())
            _tell(rounds[-1], f"{len(rounds)}/{given.rounds}")
    print("\n".join(table(rounds, given.seed, time.monotonic() - began)))  # noqa: T201
    return int(any(each.missed for each in rounds))


def table(rounds: Sequence[Round], seed: int, wall: float) -> list[str]:
    """One line a condition: how often, and the worst of each figure in seconds."""
    lines = [f"{'condition':58} {'held':>7} {'first cancel':>13} {'proof':>7}"]
    for condition in CONDITIONS:
        of_it = [each for each in rounds if each.condition == condition]
        if of_it:
            held = f"{sum(not each.missed for each in of_it)}/{len(of_it)}"
            first = _worst([each.first_cancel for each in of_it])
            lines.append(f"{condition.name:58} {held:>7} {first:>13} {_worst([each.proof for each in of_it]):>7}")
    disks = sorted({each.disk for each in rounds if each.disk})
    held = sum(not each.missed for each in rounds)
    lines += [f"full disk: {', '.join(disks)}"] if disks else []
    lines.append(
        f"{held} of {len(rounds)} (seeds {seed} to {seed + len(rounds) - 1}): first cancel within {FIRST_CANCEL:g} s, "
        f"no own order proved within {PROOF:g} s, none came later; worst {_worst([r.first_cancel for r in rounds])} s "
        f"and {_worst([r.proof for r in rounds])} s; wall {wall:.0f} s"
    )
    return lines


def _worst(seconds: Sequence[float | None]) -> str:
    known = [each for each in seconds if each is not None]
    return f"{max(known):.2f}" if known else "-"


def _tell(done: Round, count: str) -> None:
    if done.missed:
        again = f"python -m scripts.prove_emergency --rounds 1 --seed {done.seed}"
        print(f"{count} MISSED {done.condition.name}: {'; '.join(done.missed)}\n  repeat: {again}", flush=True)  # noqa: T201


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.prove_emergency", description="Emergency stops, proved.")
    parser.add_argument("--rounds", type=int, default=50, help="how many, with seeds one after another")
    parser.add_argument("--jobs", type=int, default=4, help="stops side by side, each in a home of its own")
    parser.add_argument("--seed", type=int, default=0, help="of the first round; it chooses condition and market")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
