"""A schedule of faults at random: the same generator gives the same schedule."""

import random
from collections.abc import Collection

from mm.exchange.venue.faults.fault import Fault
from mm.exchange.venue.faults.kind import Kind, Scope
from mm.exchange.venue.faults.kinds import KINDS
from mm.exchange.venue.faults.plan import FaultPlan

RECOVERABLE = tuple(name for name, kind in KINDS.items() if not kind.halts)
"""Kinds after which the bot goes on by itself; the others halt it until a person has looked."""


def random_plan(
    rng: random.Random,
    start_ms: int,
    hours: float,
    kinds: Collection[str] = RECOVERABLE,
    *,
    mean_pause_s: float = 300.0,
    longest_s: float = 600.0,
) -> FaultPlan:
    """Faults of `kinds` from `start_ms` (UTC) on for so many hours; none begins or lasts beyond.

    `mean_pause_s` seconds lie between two beginnings on average (exponential), so that faults of different kinds
    do overlap; none lasts longer than `longest_s`. The order of `kinds` does not matter.
    Raises ValueError for a kind there is not, and for none.
    """
    unknown = sorted(set(kinds) - KINDS.keys())
    if unknown or not kinds:
        raise ValueError(f"there is no fault {', '.join(unknown)}" if unknown else "no kind of fault was given")
    chosen = [KINDS[name] for name in KINDS if name in set(kinds)]
    weights = [kind.weight for kind in chosen]
    plan = FaultPlan((), random.Random(rng.getrandbits(64)))  # noqa: S311 - faults, not secrets
    ends_ms = start_ms + round(hours * 3_600_000)
    busy_until = dict.fromkeys(KINDS, start_ms)
    at = start_ms + round(rng.expovariate(1 / mean_pause_s) * 1000)
    while at < ends_ms - 1:
        kind = rng.choices(chosen, weights)[0]
        fault = _drawn(rng, kind, at, ends_ms, longest_s)
        if busy_until[kind.name] <= at:
            plan.add(fault)
            busy_until[kind.name] = fault.ends_ms
        at += 1 + round(rng.expovariate(1 / mean_pause_s) * 1000)
    return plan


def _drawn(rng: random.Random, kind: Kind, at: int, ends_ms: int, longest_s: float) -> Fault:
    lasts_s = min(longest_s, rng.uniform(*kind.seconds))
    ends = at + 1 if kind.scope is Scope.ONCE else min(ends_ms, at + max(1, round(lasts_s * 1000)))
    return Fault(kind.name, at, ends, kind.share, "", rng.choice(kind.values))
