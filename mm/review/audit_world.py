"""The audit of a ledger against an exchange that is at hand, in one call."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

from mm.domain.instrument import to_units
from mm.execution.client_order_id import prefix
from mm.ledger.queries import LedgerQueries
from mm.ports import AccountReader
from mm.review.audit import Audit, audit
from mm.review.audit_reader import read_exchange, read_ledger
from mm.review.clock_gap import ClockGap


async def audited(
    ledger_file: Path, reader: AccountReader, max_position: Decimal, clocks: ClockGap, now: datetime
) -> Audit | None:
    """Of the last account epoch; None when no run ever began. Raises LedgerError, ExchangeError."""
    with LedgerQueries(ledger_file) as ledger:
        run = ledger.last_run()
        if run is None:
            return None
        own, epoch = prefix(ledger.tag()), run.account_epoch
        theirs = await read_exchange(reader, ledger, own, account_epoch=epoch, clocks=clocks, now=now)
        instrument = await reader.instrument(run.symbol)
        mine = read_ledger(ledger, own, to_units(max_position), account_epoch=epoch, instrument=instrument)
        return audit(mine, theirs)
