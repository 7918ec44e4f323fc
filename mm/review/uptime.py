"""When the bot should have run, and when its heartbeats say that it did. Pure; UTC nanoseconds."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_FLOOR, Decimal

from mm.review.facts import RunFacts
from mm.review.figure import Figure, insufficient

FRESH_FOR = 10 * 10**9
"""A heartbeat speaks for the ten seconds after it."""

Span = tuple[int, int]


def crashes(runs: Iterable[RunFacts], start: int, end: int) -> int:
    """Runs that died within [start, end), by their last sign of life."""
    return sum(run.crashed and start <= (run.ended or run.last_seen) < end for run in runs)


def run_spans(runs: Sequence[RunFacts], start: int, until: int) -> tuple[Span, ...]:
    """The time within [start, until) in which the bot was meant to run, overlaps joined.

    A run counts from its start to its end. One without an end counts until the next run began, or `until`:
    so the time lost to a crash is time that should have been run. (`runs` are those that were alive in the time.)
    """
    ordered = sorted(runs, key=lambda run: run.started)
    spans: list[Span] = []
    for place, run in enumerate(ordered):
        following = ordered[place + 1].started if place + 1 < len(ordered) else until
        end = run.ended if run.ended is not None else following
        spans.append((max(run.started, start), min(end, until)))
    return union(spans)


def union(spans: Iterable[Span]) -> tuple[Span, ...]:
    joined: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)


def stability(spans: Sequence[Span], beats: Iterable[int]) -> Figure:
    """Share of `spans` covered by heartbeats, each good for `FRESH_FOR`; floored at six places."""
    due = sum(end - start for start, end in spans)
    times = list(beats)
    if due == 0 or not times:
        return insufficient("share", len(times))
    fresh = union((at, at + FRESH_FOR) for at in times)
    covered = sum(
        max(0, min(end, fresh_end) - max(start, fresh_start))
        for start, end in spans
        for fresh_start, fresh_end in _near(fresh, start, end)
    )
    value = (Decimal(covered) / due).quantize(Decimal("1e-6"), ROUND_FLOOR)
    return Figure(value, len(times), "share")


def _near(spans: Sequence[Span], start: int, end: int) -> Iterable[Span]:
    return (span for span in spans if span[0] < end and span[1] > start)


def longest_clean(runs: Sequence[RunFacts], until: int) -> int:
    """The longest run time in nanoseconds between two crashes; pauses between clean runs do not count."""
    longest = stretch = 0
    for run in sorted(runs, key=lambda each: each.started):
        if run.crashed:
            stretch = 0
            continue
        stretch += max(0, (run.ended if run.ended is not None else until) - run.started)
        longest = max(longest, stretch)
    return longest
