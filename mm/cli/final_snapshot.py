"""The ledger's last word on the money, for `mm stop`."""

from collections.abc import Mapping
from datetime import datetime

from mm.domain.errors import LedgerError
from mm.home import EnvironmentHome


def final_snapshot(files: EnvironmentHome) -> Mapping[str, str] | None:
    """Position, cash, equity and PnL of the day with their time; None when nothing is on record.

    A clean run ends with a snapshot of its own. A position that changed after it (`--flatten`) is told with its time.
    """
    from mm.ledger.queries import LedgerQueries

    if not files.ledger.is_file():
        return None
    try:
        with LedgerQueries(files.ledger) as ledger, ledger.one_moment():
            run = ledger.last_run()
            equities, positions = ledger.equity(last=1), ledger.positions(last=1)
    except LedgerError as error:
        return {"unreadable": error.message}
    if run is None or not (equities or positions):
        return None
    newest = positions[0] if positions and (not equities or positions[0].at > equities[0].at) else equities[0]
    quote = run.quote
    told = {
        "time": _time(newest.at),
        "position": f"{newest.base:f} {run.base}",
        "cash": f"{newest.cash:f} {quote}",
    }
    if equities:
        marked = "" if newest is equities[0] else f" at {_time(equities[0].at)}"
        told["equity"] = f"{equities[0].equity:f} {quote}{marked}"
        told["PnL of the day"] = f"{equities[0].day_pnl:+f} {quote}{marked}"
    return told


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
