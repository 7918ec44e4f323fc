"""Selling what the bot holds, after its orders were proved gone: `mm stop --flatten`.

The bot is dead, so this is the ledger's only writer (it holds the bot's lock and takes an epoch of its own), and it
keeps the bot's rules: each intent is durable before its order is sent (I1), no order is sent twice (I2), every fill is
recorded (I3). A ledger that cannot be read or written, another account, or trades that do not add up: nothing is sold.
"""

import asyncio
import json
import os
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

from mm import __version__
from mm.domain.errors import ExitCode, LedgerError, MmError, NotProven
from mm.domain.instrument import Instrument, to_units
from mm.domain.records import RunStart
from mm.home import EnvironmentHome
from mm.ledger.ledger import SqliteLedger
from mm.ledger.queries import LedgerQueries
from mm.ledger.views import RunView
from mm.runner.emergency.account_client import AccountClient
from mm.runner.emergency.collar import FlattenOptions
from mm.runner.emergency.fence import EXCHANGE_TIMEOUT
from mm.runner.emergency.report import Flattened
from mm.runner.emergency.rest_client import RECV_WINDOW_MS, RestClient
from mm.runner.emergency.sale import Sale
from mm.runner.lock import BotLock

MARGIN = 1.0


def flatten(
    home: EnvironmentHome,
    client: RestClient,
    options: FlattenOptions,
    say: Callable[[str], None],
    exchange_timeout: float = EXCHANGE_TIMEOUT,
) -> Flattened:
    """Raises nothing: what went wrong is in the answer. `exchange_timeout` seconds, as for the fence."""
    done = Flattened()
    try:
        asyncio.run(
            _flatten(home, client, options, say, done=done, fence=RECV_WINDOW_MS / 1000 + exchange_timeout + MARGIN)
        )
    except MmError as error:
        done.problem, done.exit_code = str(error), error.exit_code
    except OSError as error:
        done.problem, done.exit_code = f"{home.path} cannot be used: {error.strerror}", ExitCode.LEDGER
    return done


async def _flatten(
    home: EnvironmentHome,
    client: RestClient,
    options: FlattenOptions,
    say: Callable[[str], None],
    *,
    done: Flattened,
    fence: float,
) -> None:
    if not home.ledger.is_file():
        raise LedgerError(f"{home.ledger} is not there, so what the bot holds is not known", "nothing is sold")
    run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-flat-{secrets.token_hex(2)}"
    with BotLock(home, run_id):
        with LedgerQueries(home.ledger) as queries:
            last = queries.last_run()
        if last is None:
            raise LedgerError(f"nothing has run on {home.environment}", "there is nothing to sell")
        account = AccountClient(client, last.symbol)
        if account.account().uid != last.account_uid:
            raise LedgerError(
                f"the ledger belongs to account {last.account_uid}, the key to another", "nothing is sold"
            )
        failures: list[str] = []
        ledger = SqliteLedger.open(home.ledger, on_failure=failures.append, inline=True, synced=True)
        try:
            run = _run(last, run_id, account.instrument, options)
            sale = await Sale.begin(ledger, account, run, done, fence)
            collar = options.collar or Decimal(str(json.loads(last.config)["risk"]["price_collar"]))
            try:
                await sale.sell(collar, say)
            except MmError as error:
                await sale.end(f"flatten: {error.message}", clean=not isinstance(error, NotProven))
                raise
            await sale.end(f"flatten: sold {done.sold} {account.instrument.base}", clean=True)
        finally:
            await ledger.close()


def _run(last: RunView, run_id: str, instrument: Instrument, options: FlattenOptions) -> RunStart:
    """A run of its own, so that an older instance can commit nothing any more."""
    return RunStart(
        run_id=run_id,
        epoch=0,
        account_epoch=last.account_epoch,
        account_uid=last.account_uid,
        environment=last.environment,
        profile=last.profile,
        stage=last.stage,
        symbol=last.symbol,
        scenario=last.scenario,
        started=datetime.now(UTC),
        config_hash=last.config_hash,
        code_hash=options.code_hash(),
        version=__version__,
        pid=os.getpid(),
        instrument=instrument,
        capital_units=to_units(last.capital),
        config=last.config,
    )
