"""The faults of a soak: none, a random plan from its seed, or a schedule file."""

import random
from pathlib import Path

from mm.config.fault_schedule import read_schedule
from mm.exchange.venue.faults.kinds import KINDS
from mm.exchange.venue.faults.plan import FaultPlan
from mm.exchange.venue.faults.random_plan import random_plan
from mm.soak.spec import FAULTS_ALL, FAULTS_NONE, SoakSpec

MEAN_PAUSE = 300.0
"""Seconds between the beginnings of two faults, on average."""


def fault_plan(spec: SoakSpec, rng: random.Random, start_ms: int) -> FaultPlan:
    """Raises ConfigurationError for a file that cannot be read. `all`: every kind, those too that halt the bot."""
    if spec.faults == FAULTS_NONE:
        return FaultPlan((), rng)
    if spec.faults == FAULTS_ALL:
        return random_plan(rng, start_ms, spec.hours, KINDS, mean_pause_s=MEAN_PAUSE)
    written = read_schedule(Path(spec.faults))
    return FaultPlan([each.at(start_ms) for each in written.values()], rng)
