"""Where equity stands against the marks that losses count from, as the ledger last knew it."""

from datetime import datetime, timedelta

from mm.domain.instrument import to_units
from mm.domain.risk import RiskBaseline
from mm.domain.trading_day import TradingDay
from mm.ledger.queries import LedgerQueries
from mm.ledger.views import EquityView
from mm.review.metrics import metrics
from mm.review.reader import read_facts


def standing(ledger: LedgerQueries, day: TradingDay, now: datetime) -> tuple[RiskBaseline, EquityView] | None:
    """The marks and the last snapshot they go with; None before the first snapshot.

    A snapshot from before `day` is where `day` began: nothing has been lost since.
    """
    run = ledger.last_run()
    points = ledger.equity(last=1)
    if run is None or not points:
        return None
    last = points[0]
    equity = to_units(last.equity)
    day_pnl = to_units(last.day_pnl) if last.at >= day.start else 0
    facts = read_facts(ledger, last.at, last.at + timedelta(microseconds=1), now, None)
    cumulative = metrics(facts).money.cumulative_pnl.value if facts else None
    return RiskBaseline(
        day=day.day.isoformat(),
        day_start_units=equity - day_pnl,
        stage_start_units=equity - (to_units(cumulative) if cumulative is not None else 0),
        peak_units=to_units(last.peak),
        capital_units=to_units(run.capital),
    ), last
