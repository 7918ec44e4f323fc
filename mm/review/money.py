"""PnL, fees, drawdown and markouts of a trading day. Pure; definitions in docs/review.md."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from mm.domain.instrument import Instrument, from_units
from mm.domain.position import Position
from mm.review.facts import DayFacts, EquityFacts, FillFacts, FlowFacts
from mm.review.figure import Figure, average, insufficient

MARKOUT_AFTER = 60 * 10**9
MARKOUT_SLACK = 60 * 10**9
"""A mid later than this after the moment asked for says nothing about it."""


@dataclass(frozen=True, slots=True)
class Money:
    """USDC, except shares (fractions of the capital), `markout` (basis points of a fill's price) and fees by asset."""

    capital: Decimal
    day_pnl: Figure
    day_return: Figure
    cumulative_pnl: Figure
    cumulative_return: Figure
    realised: Figure
    fees: dict[str, Figure]
    max_drawdown: Figure
    largest_loss: Figure
    end_equity: Figure
    end_base: Figure
    markout: Figure


def money(facts: DayFacts) -> Money:
    capital = _capital(facts)
    day = _day_pnl(facts)
    cumulative = _cumulative(facts)
    realised = _realised(facts)
    last = max(facts.equity, key=lambda point: point.at, default=None)
    count = len(facts.equity)
    return Money(
        capital=from_units(capital),
        day_pnl=day,
        day_return=_of_capital(day, capital),
        cumulative_pnl=cumulative,
        cumulative_return=_of_capital(cumulative, capital),
        realised=Figure(from_units(sum(realised)), len(realised), "USDC") if realised else insufficient("USDC"),
        fees=_fees(_fills_of_day(facts)),
        max_drawdown=Figure(max(point.drawdown for point in facts.equity), count, "share")
        if count
        else insufficient("share"),
        largest_loss=_largest_loss(realised),
        end_equity=Figure(from_units(last.equity_units), count, "USDC") if last else insufficient("USDC"),
        end_base=Figure(from_units(last.base_units), count, facts.instrument.base)
        if last
        else insufficient(facts.instrument.base),
        markout=_markout(facts),
    )


def flows_between(flows: Iterable[FlowFacts], epoch: int, after: int, until: int) -> int:
    """Quote units that came in (less what went out) in (after, until]."""
    return sum(flow.quote_units for flow in flows if flow.account_epoch == epoch and after < flow.at <= until)


def realised_by_fill(fills: Sequence[FillFacts], instrument: Instrument) -> list[tuple[FillFacts, int, bool]]:
    """Each fill with the profit it realised (average cost, fees included) and whether it closed a position.

    `fills` are all of their account epochs, since the average cost of a sale lies in earlier buys.
    """
    made: list[tuple[FillFacts, int, bool]] = []
    positions: dict[int, Position] = defaultdict(Position)
    for row in sorted(fills, key=lambda each: (each.account_epoch, each.fill.trade_id)):
        before = positions[row.account_epoch]
        after = before.after(row.fill, instrument)
        positions[row.account_epoch] = after
        made.append((row, after.realised_units - before.realised_units, not row.fill.buy))
    return made


def _fills_of_day(facts: DayFacts) -> list[FillFacts]:
    return [row for row in facts.fills if facts.start <= row.fill.time_ms * 1_000_000 < facts.end]


def _capital(facts: DayFacts) -> int:
    """Of the day's last run; 0 when there was none."""
    last = max(facts.runs, key=lambda run: run.started, default=None)
    return last.capital_units if last else 0


def _by_epoch(points: Iterable[EquityFacts]) -> dict[int, list[EquityFacts]]:
    grouped: dict[int, list[EquityFacts]] = defaultdict(list)
    for point in sorted(points, key=lambda each: each.at):
        grouped[point.account_epoch].append(point)
    return grouped


def _change(facts: DayFacts, first: EquityFacts, last: EquityFacts) -> int:
    flows = flows_between(facts.flows, first.account_epoch, first.at, last.at)
    return last.equity_units - first.equity_units - flows


def _day_pnl(facts: DayFacts) -> Figure:
    """Equity at the end less equity at the start less flows, summed over the account epochs of the day."""
    opening = {point.account_epoch: point for point in facts.opening}
    total, samples = 0, 0
    for epoch, points in _by_epoch(facts.equity).items():
        total += _change(facts, opening.get(epoch, points[0]), points[-1])
        samples += len(points)
    return Figure(from_units(total), samples, "USDC") if samples else insufficient("USDC")


def _cumulative(facts: DayFacts) -> Figure:
    """Since the day's last account epoch, or the stage within it, began."""
    grouped = _by_epoch(facts.equity)
    if not grouped:
        return insufficient("USDC")
    epoch = max(grouped)
    first = next((point for point in facts.origin if point.account_epoch == epoch), grouped[epoch][0])
    return Figure(from_units(_change(facts, first, grouped[epoch][-1])), len(grouped[epoch]), "USDC")


def _of_capital(pnl: Figure, capital: int) -> Figure:
    if pnl.value is None or capital == 0:
        return insufficient("share", pnl.samples)
    return Figure((pnl.value / from_units(capital)).quantize(Decimal("1e-8")), pnl.samples, "share")


def _realised(facts: DayFacts) -> list[int]:
    """What each fill of the day realised, in quote units; buys realise nothing but a fee in a third asset."""
    return [
        units
        for row, units, closed in realised_by_fill(facts.fills, facts.instrument)
        if (closed or units) and facts.start <= row.fill.time_ms * 1_000_000 < facts.end
    ]


def _largest_loss(realised: Sequence[int]) -> Figure:
    """The worst realised fill; 0 when none lost, insufficient when none closed anything."""
    if not realised:
        return insufficient("USDC")
    return Figure(from_units(min(0, *realised)), len(realised), "USDC")


def _fees(fills: Sequence[FillFacts]) -> dict[str, Figure]:
    totals: dict[str, list[int]] = defaultdict(list)
    for row in fills:
        totals[row.fill.fee_asset].append(row.fill.fee_units)
    return {asset: Figure(from_units(sum(units)), len(units), asset) for asset, units in sorted(totals.items())}


def _markout(facts: DayFacts) -> Figure:
    """Mean over the day's fills of side × (mid 60 s later − fill price) / fill price, in basis points."""
    points = sorted((p for p in facts.equity if p.bid_ticks and p.ask_ticks), key=lambda each: each.at)
    times = [point.at for point in points]
    values: list[Decimal] = []
    for row in _fills_of_day(facts):
        due = row.fill.time_ms * 1_000_000 + MARKOUT_AFTER
        place = bisect_left(times, due)
        if place == len(points) or times[place] > due + MARKOUT_SLACK:
            continue
        mid = Decimal(points[place].bid_ticks + points[place].ask_ticks) / 2
        sign = 1 if row.fill.buy else -1
        values.append(sign * (mid - row.fill.ticks) / row.fill.ticks * 10_000)
    return average(values, "bps", places=2)
