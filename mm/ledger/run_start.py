"""The first row of a run: its epoch, its account, its capital."""

from collections.abc import Sequence
from dataclasses import asdict, replace

import orjson

from mm.domain.errors import LedgerError
from mm.domain.records import BalanceBaseline, RunStart
from mm.ledger import statements as sql
from mm.ledger.history import nanoseconds
from mm.ledger.recording import Cursor

CAPITAL = "capital"


def insert_run(cursor: Cursor, run: RunStart, baseline: Sequence[BalanceBaseline]) -> tuple[RunStart, bool]:
    """The run with its epoch, and whether its account epoch is new. In the caller's transaction."""
    newest, account = cursor.execute("SELECT coalesce(max(epoch), 0), max(account_epoch) FROM runs").fetchone()
    is_new_account = account is None or run.account_epoch > account
    if account is not None and run.account_epoch < account:
        raise LedgerError(f"account epoch {run.account_epoch} is over, the ledger is at {account}")
    if not is_new_account:
        _refuse_other_symbol(cursor, run)
    begun = replace(run, epoch=newest + 1)
    started = nanoseconds(run.started)
    instrument = run.instrument
    cursor.execute(
        sql.INSERT_RUN,
        (
            begun.epoch,
            run.run_id,
            run.account_epoch,
            run.account_uid,
            run.environment,
            run.profile,
            run.stage,
            run.symbol,
            str(instrument.tick_size),
            str(instrument.lot_size),
            instrument.base,
            instrument.quote,
            orjson.dumps(asdict(instrument), default=str).decode(),
            run.capital_units,
            run.scenario,
            started,
            None,
            None,
            0,
            run.config_hash,
            run.code_hash,
            run.version,
            run.pid,
            run.config,
        ),
    )
    if is_new_account:
        for held in baseline:
            cursor.execute(sql.INSERT_BASELINE, (run.account_epoch, held.asset, str(held.units), started))
    booked = cursor.execute(
        "SELECT coalesce(sum(quote_units), 0) FROM capital_flows WHERE account_epoch = ? AND why = ?",
        (run.account_epoch, CAPITAL),
    ).fetchone()[0]
    change = run.capital_units - booked
    if change:
        flow = (started, begun.epoch, run.account_epoch, instrument.quote, change, change, CAPITAL)
        cursor.execute(sql.INSERT_FLOW, flow)
    return begun, is_new_account


def _refuse_other_symbol(cursor: Cursor, run: RunStart) -> None:
    row = cursor.execute(
        "SELECT symbol FROM runs WHERE account_epoch = ? AND symbol <> ? LIMIT 1", (run.account_epoch, run.symbol)
    ).fetchone()
    if row is not None:
        raise LedgerError(
            f"this account epoch traded {row[0]}, the run wants {run.symbol}", "one account epoch trades one symbol"
        )
