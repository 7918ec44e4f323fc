"""The faults of a soak: none, a random plan from its seed, or a schedule file."""

import random
from pathlib import Path

from mm.config.yaml_loader import read_yaml
from mm.domain.errors import ConfigurationError
from mm.exchange.venue.faults.kinds import KINDS
from mm.exchange.venue.faults.plan import FaultPlan
from mm.exchange.venue.faults.random_plan import random_plan
from mm.exchange.venue.faults.written import read_all
from mm.soak.spec import FAULTS_ALL, FAULTS_NONE, SoakSpec

MEAN_PAUSE = 300.0
"""Seconds between the beginnings of two faults, on average."""


def fault_plan(spec: SoakSpec, rng: random.Random, start_ms: int) -> FaultPlan:
    """Raises ConfigurationError for a file that cannot be read. `all`: every kind, those too that halt the bot."""
    if spec.faults == FAULTS_NONE:
        return FaultPlan((), rng)
    if spec.faults == FAULTS_ALL:
        return random_plan(rng, start_ms, spec.hours, KINDS, mean_pause_s=MEAN_PAUSE)
    return _written(Path(spec.faults), rng, start_ms)


def _written(path: Path, rng: random.Random, start_ms: int) -> FaultPlan:
    """A schedule as `mm sim faults` takes it: names with kind, in, for, share, target, value below each."""
    document = read_yaml(path)
    problems = list(document.problems)
    named: dict[str, dict[str, str]] = {}
    for keys, leaf in document.leaves.items():
        if len(keys) == 2:
            named.setdefault(keys[0], {})[keys[1]] = leaf.text
        else:
            problems.append(f"{leaf.place}: {'.'.join(keys)[:60]} is no fault's key")
    found, wrong = read_all(named)
    problems += [f"{path}: {line}" for line in wrong]
    if problems:
        raise ConfigurationError("\n".join(problems), "write each fault as a name with its keys below it")
    return FaultPlan([written.at(start_ms) for written in found.values()], rng)
