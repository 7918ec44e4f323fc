"""What several soaks found together."""

from collections.abc import Iterator, Sequence
from typing import Any

from mm.soak.result import SoakResult


def unequal(results: Sequence[SoakResult]) -> bool:
    """Whether one seed was played several times, and not the same way each time."""
    seeds, traces = {result.spec.seed for result in results}, {result.trace for result in results}
    return len(seeds) == 1 and len(traces) > 1


def sum_lines(results: Sequence[SoakResult], asked: int) -> Iterator[str]:
    """`asked` soaks were to be played; somebody may have ended them early."""
    told = sum_as_json(results, asked)
    broken = told["broken"]
    yield (
        f"{len(results)} of {asked} soaks, {told['hours']:.0f} virtual hours: "
        f"events {told['events']}, checks {told['checks']}, orders {told['orders']}, "
        f"fills {told['fills']}, faults {told['faults_met']}, restarts {told['restarts']}; "
        + (f"{len(broken)} with a violation" if broken else "no violation")
    )
    for each in broken:
        yield f"  {each['invariant']} at {each['at']}: {each['command']}"
    if len(results) > 1 and len({result.spec.seed for result in results}) == 1:
        traces = sorted({result.trace for result in results})
        yield f"seed {results[0].spec.seed} in {len(results)} processes, each hash seed another: " + (
            f"one trace {traces[0]}" if len(traces) == 1 else f"{len(traces)} TRACES: {', '.join(traces)}"
        )


def sum_as_json(results: Sequence[SoakResult], asked: int) -> dict[str, Any]:
    """`holds`: all that were asked for ended, and without a violation. `faults_met` and `restarts` are counts; `broken`
    the first violation of each soak that had one.
    """
    return {
        "asked": asked,
        "soaks": len(results),
        "holds": len(results) == asked and all(result.holds for result in results) and not unequal(results),
        "hours": sum(result.speed.virtual_hours for result in results),
        "events": sum(result.events for result in results),
        "checks": sum(result.checks for result in results),
        "orders": sum(result.orders for result in results),
        "fills": sum(result.fills for result in results),
        "faults_met": sum(sum(result.faults.values()) for result in results),
        "restarts": sum(sum(result.restarts.values()) for result in results),
        "wall_seconds": round(sum(result.speed.wall_seconds for result in results), 1),
        "traces": len({result.trace for result in results}),
        "broken": [
            {
                "seed": result.spec.seed,
                "invariant": result.violations[0].invariant,
                "at": result.violations[0].moment,
                "text": result.violations[0].text,
                "command": result.spec.command,
            }
            for result in results
            if not result.holds
        ],
    }
