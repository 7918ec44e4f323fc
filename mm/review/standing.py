"""Where equity stands against the marks that losses count from, as the ledger last knew it."""

from datetime import datetime, timedelta

from mm.domain.instrument import to_units
from mm.domain.risk import RiskBaseline
from mm.domain.trading_day import TradingDay
from mm.ledger.queries import LedgerQueries
from mm.ledger.views import EquityView
from mm.review.metrics import metrics
from mm.review.reader import read_facts


def standing(
    ledger: LedgerQueries, day: TradingDay, now: datetime, *, stage_since: datetime | None = None
) -> tuple[RiskBaseline, EquityView] | None:
    """The marks and the last snapshot they go with; None before the first snapshot. `stage_since` when the stage became
    current, where no bot runs.

    A snapshot from before `day` is where `day` began: nothing has been lost since. Where the stage began after the last
    run did (a level 3 sent the rollout back), its losses count from the last snapshot before it.
    """
    run = ledger.last_run()
    points = ledger.equity(last=1)
    if run is None or not points:
        return None
    last = points[0]
    equity = to_units(last.equity)
    day_pnl = to_units(last.day_pnl) if last.at >= day.start else 0
    if stage_since is not None and stage_since > run.started:
        before = ledger.equity(end=stage_since, last=1)
        began = to_units(before[0].equity) if before else equity
        return RiskBaseline(
            day.day.isoformat(), equity - day_pnl, began, max(began, equity), to_units(run.capital)
        ), last
    facts = read_facts(ledger, last.at, last.at + timedelta(microseconds=1), now, None)
    cumulative = metrics(facts).money.cumulative_pnl.value if facts else None
    return RiskBaseline(
        day=day.day.isoformat(),
        day_start_units=equity - day_pnl,
        stage_start_units=equity - (to_units(cumulative) if cumulative is not None else 0),
        peak_units=to_units(last.peak),
        capital_units=to_units(run.capital),
    ), last
