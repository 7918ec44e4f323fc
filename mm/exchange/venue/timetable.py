"""What a scenario has happen when: the path it adds to the price, and its halts. Times in seconds since the start."""

from mm.exchange.venue.scenario import Scenario


def path_at(scenario: Scenario, seconds: float) -> float:
    """Log change that the path has made by then: straight lines between its points, from nothing at the start."""
    if not scenario.path:
        return 0.0
    done, within = _cycle(scenario, seconds)
    last = scenario.path[-1][1]
    before_s = before = 0.0
    for at, level in scenario.path:
        if within <= at:
            return done * last + before + (level - before) * (within - before_s) / (at - before_s)
        before_s, before = at, level
    return done * last + last


def is_halted(scenario: Scenario, seconds: float) -> bool:
    if not scenario.halts:
        return False
    _, within = _cycle(scenario, seconds)
    return any(begins <= within < ends for begins, ends in scenario.halts)


def _cycle(scenario: Scenario, seconds: float) -> tuple[int, float]:
    """How many whole cycles are over, and the seconds into the present one."""
    if not scenario.repeats or not scenario.path or seconds <= scenario.path[-1][0]:
        return 0, seconds
    whole, within = divmod(seconds, scenario.path[-1][0])
    return int(whole), within
