"""A soak's result in lines for people and in one object for programs."""

from collections.abc import Iterator, Mapping
from typing import Any

from mm.soak.result import Memory, SoakResult

DURABILITY = "ledger in a temporary folder, synchronous=OFF; commits inline; no journal, a hash over all events instead"


def lines(result: SoakResult) -> Iterator[str]:
    spec, speed, memory = result.spec, result.speed, result.memory
    yield (
        f"soak of {spec.profile}, seed {spec.seed}: {speed.virtual_hours:.2f} virtual hours of "
        f"{f'{spec.hours:g}' if spec.hours else 'all'}, "
        f"{result.events} events, {result.actions} actions, {result.checks} checks of I1 to I5"
    )
    yield f"market: {result.scenario}"
    yield f"  {result.coarseness}"
    if result.recording:
        yield f"  {result.recording}"
    yield f"  {DURABILITY}"
    fees = ", ".join(f"{amount:f} {asset}" for asset, amount in result.fees.items()) or "none"
    yield (
        f"orders {result.orders}, fills {result.fills} ({result.maker_fills} as maker), PnL {result.pnl:.4f}, "
        f"fees {fees}, position {result.position:f}; trading {result.active_share:.1%} of the time"
    )
    if result.accounts > 1:
        yield f"accounts {result.accounts} (wiped {result.accounts - 1}; {result.unreadable} trades were wiped unread)"
    yield f"instances {result.runs}, {result.clean_runs} ended in order; restarts: {_counts(result.restarts)}"
    yield f"ends: {_counts(result.outcomes)}"
    yield f"halts lifted: {_counts(result.resumes)}" + (f" ({spec.pace.habit})" if result.resumes else "")
    if spec.schedules:
        yield f"{spec.schedules} fault schedules, one after another"
    yield f"faults met: {_counts(result.faults)}"
    yield f"audit: {result.audit}"
    yield (
        f"speed {speed.hours_per_minute:.1f} virtual hours a wall minute ({speed.wall_seconds:.1f} s, "
        f"CPU {speed.cpu_seconds:.1f} s)"
    )
    yield (
        f"memory {memory.start_mb:.1f} MB, after the first half (warm-up) {memory.warm_mb:.1f} MB, at the end "
        f"{memory.end_mb:.1f} MB: {_growth(memory)}; at most "
        f"{memory.files[0]} then {memory.files[1]} files open, {memory.tasks[0]} then {memory.tasks[1]} tasks"
    )
    yield f"trace {result.trace}"
    yield from verdict(result)


def verdict(result: SoakResult) -> Iterator[str]:
    if result.holds:
        yield "no violation: I1 to I6 hold, ledger and venue are equal"
        return
    first = result.violations[0]
    yield f"VIOLATION of {first.invariant} at {first.moment}: {first.text}"
    for more in result.violations[1:]:
        yield f"  then {more.invariant} at {more.moment}: {more.text}"
    yield f"play it again: {result.spec.command}"


def line(result: SoakResult) -> str:
    """One line a seed."""
    first = None if result.holds else result.violations[0]
    said = "holds" if first is None else f"VIOLATION of {first.invariant} at {first.moment} ({first.text})"
    return (
        f"seed {result.spec.seed}: {said}; {result.speed.virtual_hours:.1f} h, orders {result.orders}, "
        f"fills {result.fills}, PnL {result.pnl:.2f}, faults {sum(result.faults.values())}, "
        f"restarts {sum(result.restarts.values())}, halts lifted {sum(result.resumes.values())}, "
        f"{result.speed.hours_per_minute:.0f} h/min, memory {_growth(result.memory)}, trace {result.trace}"
    )


def as_json(result: SoakResult) -> dict[str, Any]:
    spec, speed, memory = result.spec, result.speed, result.memory
    return {
        "holds": result.holds,
        "profile": spec.profile,
        "seed": spec.seed,
        "hours": speed.virtual_hours,
        "faults_asked": spec.faults,
        "schedules": spec.schedules,
        "scenario": result.scenario,
        "coarseness": result.coarseness,
        "recording": result.recording or None,
        "trace": result.trace,
        "events": result.events,
        "actions": result.actions,
        "checks": result.checks,
        "orders": result.orders,
        "fills": result.fills,
        "maker_fills": result.maker_fills,
        "pnl": result.pnl,
        "fees": result.fees,
        "position": result.position,
        "accounts": result.accounts,
        "unreadable_trades": result.unreadable,
        "instances": result.runs,
        "ended_in_order": result.clean_runs,
        "active_share": round(result.active_share, 4),
        "restarts": result.restarts,
        "outcomes": result.outcomes,
        "halts_lifted": result.resumes,
        "faults_met": result.faults,
        "audit": result.audit,
        "hours_per_minute": round(speed.hours_per_minute, 2),
        "wall_seconds": round(speed.wall_seconds, 3),
        "cpu_seconds": round(speed.cpu_seconds, 3),
        "memory_start_mb": round(memory.start_mb, 1),
        "memory_warm_mb": round(memory.warm_mb, 1),
        "memory_end_mb": round(memory.end_mb, 1),
        "memory_mb_per_day": None if memory.per_day is None else round(memory.per_day, 2),
        "files": memory.files,
        "tasks": memory.tasks,
        "violations": [
            {"invariant": each.invariant, "at": each.moment, "text": each.text} for each in result.violations
        ],
        "command": spec.command,
    }


def _counts(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counted.items()) or "none"


def _growth(memory: Memory) -> str:
    if memory.per_day is None:
        return "too short to tell its growth"
    return f"{memory.per_day:+.2f} MB a virtual day in the second half"
