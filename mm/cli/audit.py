"""What `mm ledger audit` does and shows."""

import asyncio
import time
from typing import Any

from mm.cli.output import console, table
from mm.cli.records import current_stage, last_run, live_run, open_ledger, settings_of, utc_now
from mm.domain.instrument import from_units, to_units
from mm.execution.client_order_id import prefix
from mm.fields import seconds
from mm.home import EnvironmentHome, Home
from mm.review.audit import Audit, audit
from mm.review.audit_reader import read_exchange, read_ledger
from mm.review.clock_gap import measure
from mm.rollout.stages import cap_risk, parse_stage

_TRIES = 4
_PAUSE = 1.5
"""Seconds before a difference is looked at again while the bot runs."""


async def audited(home: Home, files: EnvironmentHome) -> Audit:
    """Raises LedgerError, ExchangeError, ConfigurationError, CredentialsMissing."""
    from mm.bootstrap import open_reader

    with open_ledger(files) as ledger:
        run = last_run(ledger, files)
        own, epoch = prefix(ledger.tag()), run.account_epoch
        loaded = settings_of(home, run.profile)
        limits = cap_risk(loaded.settings.risk, parse_stage(current_stage(home)), files.environment)
        async with open_reader(home, loaded, files.environment) as reader:
            most_ms = round(seconds(limits.max_clock_drift) * 1000)
            clocks = await measure(reader, most_ms, time.time_ns, time.monotonic_ns)
            instrument = await reader.instrument(run.symbol)
            for attempt in range(_TRIES):
                exchange = await read_exchange(reader, ledger, own, account_epoch=epoch, clocks=clocks, now=utc_now())
                cap = to_units(limits.max_position)
                mine = read_ledger(ledger, own, cap, account_epoch=epoch, instrument=instrument)
                found = audit(mine, exchange)
                if not found.differences or live_run(files) is None or attempt == _TRIES - 1:
                    break
                await asyncio.sleep(_PAUSE)
    return found


def as_json(environment: str, found: Audit) -> dict[str, Any]:
    return {
        "environment": environment,
        "clean": not found.differences,
        "intents": found.intents,
        "never_placed": found.never_placed,
        "exchange_orders": found.exchange_orders,
        "too_old_orders": found.too_old,
        "fills": found.fills,
        "exchange_fills": found.exchange_fills,
        "foreign_orders": found.foreign_orders,
        "clock_drift_ms": found.clocks.drift,
        "clock_allowed_ms": found.clocks.allowed,
        "exposure": from_units(found.exposure_units),
        "max_position": from_units(found.max_position_units),
        "differences": [{"invariant": d.invariant, "subject": d.subject, "text": d.text} for d in found.differences],
    }


def show(environment: str, found: Audit) -> None:
    out = console()
    out.print(
        f"{environment}: {_orders(found)}, {found.fills} fills against {found.exchange_fills}; "
        f"exposure {from_units(found.exposure_units):f} of {from_units(found.max_position_units):f}"
    )
    out.print(f"clocks {found.clocks.drift} ms apart now, {found.clocks.allowed} ms allowed between intent and order")
    if found.differences:
        rows = [(d.invariant, d.subject, d.text) for d in found.differences]
        out.print(table(("rule", "where", "difference"), rows))
    else:
        out.print("clean: I1 to I4 hold")


def _orders(found: Audit) -> str:
    """`84 intents, 84 orders at the exchange`, with what explains a difference of the two numbers."""
    beside = (
        (found.never_placed, "never placed"),
        (found.too_old, "too old to be told"),
        (found.foreign_orders, "of others"),
    )
    told = ", ".join(f"{count} {what}" for count, what in beside if count)
    counts = f"{found.intents} intents, {found.exchange_orders} orders at the exchange"
    return f"{counts} ({told})" if told else counts
