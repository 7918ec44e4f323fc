"""`mm ledger orders|fills|pnl|audit`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mm.cli.lazy_group import group_of
from mm.cli.options import Json, Mainnet, Sim, Testnet, reading_environment
from mm.home import Home

if TYPE_CHECKING:
    from mm.home import EnvironmentHome
    from mm.ledger.queries import LedgerQueries

app = group_of("Orders, fills, PnL and the audit against the exchange.")

Run = Annotated[str | None, typer.Option("--run", metavar="ID", help="Only this run.")]
Day = Annotated[str | None, typer.Option("--day", metavar="YYYY-MM-DD", help="Only this trading day.")]
All = Annotated[bool, typer.Option("--all", help="Also accounts that were wiped or reset since.")]


@app.command("orders")
def orders(
    run: Run = None,
    day: Day = None,
    everything: All = False,
    as_json: Json = False,
    sim: Sim = False,
    testnet: Testnet = False,
    mainnet: Mainnet = False,
) -> None:
    """List orders, oldest first, with what became of each.

    Exit codes: 0 listed (none is fine), 2 no such day or run, 9 nothing has run.

    \b
    Example:
      mm ledger orders --day 2026-11-22 --json
    """
    from mm.cli.output import console, emit_json, iso, table
    from mm.cli.records import open_ledger

    files = _files(sim, testnet, mainnet)
    with open_ledger(files) as ledger:
        found = ledger.orders(**_filters(files, ledger, run, day, everything))
    if as_json:
        rows = [
            {
                "client_order_id": view.client_id,
                "order_id": view.exchange_id,
                "run_id": view.run_id,
                "account_epoch": view.account_epoch,
                "symbol": view.symbol,
                "side": view.side,
                "type": view.type,
                "price": view.price,
                "size": view.size,
                "executed": view.executed,
                "status": view.status,
                "reason": view.reason,
                "purpose": view.purpose,
                "level": view.level,
                "decided": view.decided,
                "updated": view.updated,
            }
            for view in found
        ]
        emit_json({"environment": files.environment, "orders": rows})
        return
    cells = [
        (iso(v.decided, "seconds")[5:-1], v.client_id, v.side, v.price, v.size, v.executed, v.status) for v in found
    ]
    columns = ("decided UTC", "id", "side", "price", "size", "filled", "status")
    console().print(table(columns, cells, right=("price", "size", "filled")))
    console().print(f"{len(found)} orders on {files.environment}")


@app.command("fills")
def fills(
    run: Run = None,
    day: Day = None,
    everything: All = False,
    as_json: Json = False,
    sim: Sim = False,
    testnet: Testnet = False,
    mainnet: Mainnet = False,
) -> None:
    """List fills of the current account, oldest first. `mm sim trades --json` prints the venue's in the same shape.

    Exit codes: 0 listed (none is fine), 2 no such day or run, 9 nothing has run.

    \b
    Example:
      mm ledger fills --sim --json
    """
    from mm.cli.output import console, emit_json, iso, table
    from mm.cli.records import open_ledger

    files = _files(sim, testnet, mainnet)
    with open_ledger(files) as ledger:
        found = ledger.fills(**_filters(files, ledger, run, day, everything))
    if as_json:
        emit_json({"environment": files.environment, "fills": [view.as_json() for view in found]})
        return
    cells = [
        (iso(v.time, "seconds")[5:-1], v.fill.trade_id, v.side, v.price, v.size, f"{v.fee:f} {v.fee_asset}", v.maker)
        for v in found
    ]
    columns = ("time UTC", "trade", "side", "price", "size", "fee", "maker")
    console().print(table(columns, cells, right=("trade", "price", "size", "fee")))
    console().print(f"{len(found)} fills on {files.environment}")


@app.command("pnl")
def pnl(
    run: Run = None,
    day: Day = None,
    everything: All = False,
    as_json: Json = False,
    sim: Sim = False,
    testnet: Testnet = False,
    mainnet: Mainnet = False,
) -> None:
    """Profit and loss by trading day: realised (average cost), change of open profit, fees, volume; in quote.

    Exit codes: 0 shown, 2 no such day or run, 9 nothing has run.

    \b
    Example:
      mm ledger pnl
      mm ledger pnl --day 2026-11-22 --json
    """
    from mm.cli.output import console, emit_json, table
    from mm.cli.records import last_run, open_ledger, settings_of, utc_now
    from mm.cli.records import trading_day as named_day
    from mm.domain.errors import UsageError

    files = _files(sim, testnet, mainnet)
    with open_ledger(files) as ledger:
        settings = settings_of(Home.of(), last_run(ledger, files).profile).settings.trading_day
        span: dict[str, Any] = {}
        epoch: int | None = None
        if run is not None:
            chosen = ledger.run(run)
            if chosen is None:
                raise UsageError(
                    f"no run {run[:40]!r} on {files.environment}", "see run_id in `mm ledger orders --json`"
                )
            epoch, span = chosen.account_epoch, {"start": chosen.started, "end": chosen.ended or utc_now()}
        if day is not None:
            trading = named_day(settings, day, utc_now())
            span = {"start": trading.start, "end": trading.end}
        epochs = sorted({each.account_epoch for each in ledger.runs()}) if everything else [epoch]
        days = [
            row
            for each in epochs
            for row in ledger.pnl_by_day(settings.close, settings.zone, account_epoch=each, **span)
        ]
    names = ("total", "realised", "unrealised", "fees", "volume", "flows", "equity_start", "equity_end")
    if as_json:
        rows = [
            {
                "day": row.day.isoformat(),
                "account_epoch": row.account_epoch,
                "start": row.start,
                "end": row.end,
                "partial": row.partial,
                "fills": row.fills,
                "unpriced_fees": row.unpriced_fees,
                **{name: getattr(row, name) for name in names},
            }
            for row in days
        ]
        emit_json({"environment": files.environment, "days": rows})
        return
    shown = [
        (
            f"{row.day}{'*' if row.partial else ''}",
            row.fills,
            *(f"{getattr(row, name):.4f}" for name in names[:5]),
            f"{row.equity_end:.4f}",
        )
        for row in days
    ]
    columns = ("day", "fills", "total", "realised", "open", "fees", "volume", "equity")
    console().print(table(columns, shown, right=columns[1:]))
    if any(row.partial for row in days):
        console().print("* partial: the record begins or ends within the day")


@app.command("audit")
def audit(as_json: Json = False, sim: Sim = False, testnet: Testnet = False, mainnet: Mainnet = False) -> None:
    """Compare the ledger with the exchange: orders, fills, position against the cap (I1 to I4). Reads only.

    All orders and trades of the present account are read, open and ended, from the ledger's first order on.
    While the bot runs a difference is looked at again before it counts, since the two sides move.
    Exit codes: 0 clean, 6 exchange not reached, 9 a difference (each is listed), the exchange's account is not the
    ledger's last one, or nothing has run, 10 key refused.

    \b
    Example:
      mm ledger audit
      mm ledger audit --testnet --json
    """
    import asyncio

    from mm.cli.audit import as_json as json_of
    from mm.cli.audit import audited, show
    from mm.cli.output import emit_json
    from mm.domain.errors import ExitCode

    files = _files(sim, testnet, mainnet)
    found = asyncio.run(audited(Home.of(), files))
    if as_json:
        emit_json(json_of(files.environment, found))
    else:
        show(files.environment, found)
    if found.differences:
        raise typer.Exit(int(ExitCode.LEDGER))


def _files(sim: bool, testnet: bool, mainnet: bool) -> "EnvironmentHome":
    home = Home.of()
    return home.environment(reading_environment(home, sim=sim, testnet=testnet, mainnet=mainnet))


def _filters(
    files: "EnvironmentHome", ledger: "LedgerQueries", run: str | None, day: str | None, everything: bool
) -> dict[str, Any]:
    """Raises UsageError for a run or day that is not on record."""
    from mm.cli.records import last_run, settings_of, trading_day, utc_now
    from mm.domain.errors import UsageError
    from mm.ledger.reading import ANY_EPOCH

    filters: dict[str, Any] = {"account_epoch": ANY_EPOCH if everything or run else None}
    if run is not None:
        if ledger.run(run) is None:
            raise UsageError(f"no run {run[:40]!r} on {files.environment}", "see run_id in `mm ledger orders --json`")
        filters["run_id"] = run
    if day is not None:
        settings = settings_of(Home.of(), last_run(ledger, files).profile).settings.trading_day
        named = trading_day(settings, day, utc_now())
        filters |= {"start": named.start, "end": named.end}
    return filters
