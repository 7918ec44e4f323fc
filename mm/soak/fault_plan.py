"""The faults of a soak: none, a random plan from its seed, a storm of small ones, or a schedule file."""

import random
from pathlib import Path

from mm.config.fault_schedule import read_schedule
from mm.exchange.venue.faults.kinds import KINDS
from mm.exchange.venue.faults.plan import FaultPlan
from mm.exchange.venue.faults.random_plan import random_plan
from mm.soak.spec import FAULTS_ALL, FAULTS_NONE, FAULTS_STORM, STORM_SECONDS, SoakSpec

MEAN_PAUSE = 300.0
"""Seconds between the beginnings of two faults, on average."""
_STORM_PAUSE = 3.0
_STORM_LONGEST = 6.0


def fault_plan(spec: SoakSpec, rng: random.Random, start_ms: int) -> FaultPlan:
    """Raises ConfigurationError for a file that cannot be read. `all`: every kind, those too that halt the bot."""
    if spec.faults == FAULTS_NONE:
        return FaultPlan((), rng)
    if spec.faults == FAULTS_ALL:
        return random_plan(rng, start_ms, spec.hours, KINDS, mean_pause_s=MEAN_PAUSE)
    if spec.faults == FAULTS_STORM:
        return _storm(spec.schedules, rng, start_ms)
    written = read_schedule(Path(spec.faults))
    return FaultPlan([each.at(start_ms) for each in written.values()], rng)


_STORM_KINDS = tuple(kind for kind in KINDS if kind != "wipe")
"""A wiped account is noticed when it is read again; two wipes within a minute, and an order between them, would have
the trade of one account on record in two epochs. Testnet is wiped about monthly: `all` plays that."""


def _storm(schedules: int, rng: random.Random, start_ms: int) -> FaultPlan:
    """One small schedule after another, each drawn by itself: about three faults of any kind, which may overlap."""
    whole = FaultPlan((), rng)
    lasting = round(STORM_SECONDS * 1000)
    for number in range(schedules):
        begins = start_ms + number * lasting
        one = random.Random(rng.getrandbits(64))  # noqa: S311 - faults, no secrets
        small = random_plan(
            one, begins, STORM_SECONDS / 3600, _STORM_KINDS, mean_pause_s=_STORM_PAUSE, longest_s=_STORM_LONGEST
        )
        for fault in small.faults.values():
            whole.add(fault)
    return whole
