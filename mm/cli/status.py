"""`mm status`."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mm.cli.options import Json, Mainnet, Sim, Testnet, reading_environment
from mm.home import Home

if TYPE_CHECKING:
    from mm.home import EnvironmentHome

STALE_AFTER = 12.0
"""Seconds; a running bot's heart beats every five, so one late beat is no alarm."""


def status(
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Show it again every second until Ctrl-C.")] = False,
    as_json: Json = False,
    sim: Sim = False,
    testnet: Testnet = False,
    mainnet: Mainnet = False,
) -> None:
    """Show what the bot does now: state, position, equity, PnL of the day, orders, halts.

    `running` is verified by the bot's lock. What is not live is marked stale with its age.
    Exit codes: 0 shown (also when no bot runs), 2 wrong usage, 3 nothing has run, 9 ledger missing or damaged.

    \b
    Example:
      mm status --watch
      mm status --sim --json
    """
    import time

    from mm.cli.output import console, emit_json

    home = Home.of()
    files = home.environment(reading_environment(home, sim=sim, testnet=testnet, mainnet=mainnet))
    if not watch:
        found = read_status(home, files)
        if as_json:
            emit_json(found)
        else:
            _print(console(), found)
        return
    out = console()
    while True:
        found = read_status(home, files)
        if as_json:
            emit_json(found, indent=False)
        else:
            out.clear()
            _print(out, found)
        time.sleep(1)


def read_status(home: Home, files: "EnvironmentHome") -> dict[str, Any]:
    """Raises LedgerError when nothing ran there."""
    from mm.cli.records import (
        current_stage,
        last_run,
        live_run,
        minder,
        open_halts,
        open_ledger,
        settings_of,
        trading_day,
        utc_now,
    )

    live, now = live_run(files), utc_now()
    with open_ledger(files) as ledger:
        last_run(ledger, files)
        view = ledger.status()
    if view is None:
        raise RuntimeError("a ledger with a run has a status")
    run, equity, beat = view.run, view.equity, view.heartbeat
    running = live is not None and live == run.run_id
    settings = settings_of(home, run.profile).settings.trading_day
    day = trading_day(settings, None, now)
    of_today = equity is not None and equity.at >= day.start
    beat_age = _age(now, beat.at if beat else None)
    equity_age = _age(now, equity.at if equity else None)
    stale = not running or beat_age is None or beat_age > STALE_AFTER
    return {
        "environment": files.environment,
        "profile": run.profile,
        "stage": current_stage(home),
        "running": running,
        "run_id": run.run_id,
        "starting_run_id": live if live and not running else None,
        "scenario": run.scenario,
        "market_note": _market_note(files.environment, run.scenario),
        # A dead bot trades nothing, whatever its last word was.
        "trading_state": view.trading_state if running else "HALTED",
        "causes": list(view.causes) if running else ["not_running"],
        "stop_latch": files.stop.exists(),
        "watchdog": minder(files),
        "halts": [
            {"cause": h.cause, "detail": h.detail, "since": h.opened_at} for h in open_halts(home, files.environment)
        ],
        "position": equity.base if equity else None,
        "position_asset": run.base,
        "equity": equity.equity if equity else None,
        "cash": equity.cash if equity else None,
        "quote_asset": run.quote,
        "pnl_day": equity.day_pnl if equity and of_today else None,
        "trading_day": day.day.isoformat(),
        "drawdown": equity.drawdown if equity else None,
        "bid": equity.bid if equity else None,
        "ask": equity.ask if equity else None,
        "fills": view.fills,
        "open_orders": view.open_orders,
        "pending_orders": view.pending_orders,
        "unknown_orders": view.unknown_orders,
        "heartbeat_age": beat_age,
        "equity_age": equity_age,
        "stale": stale,
        "ended": run.ended,
        "outcome": run.outcome,
    }


def _market_note(environment: str, scenario: str) -> str:
    from mm.review.market import market

    return market(environment, scenario).warning


def _age(now: datetime, then: datetime | None) -> float | None:
    return None if then is None else round(max(0.0, (now - then).total_seconds()), 3)


def _print(out: Any, found: dict[str, Any]) -> None:
    from mm.cli.output import table

    ran = f"running, run {found['run_id']}" if found["running"] else f"not running (last run {found['run_id']})"
    out.print(f"{found['environment']} · profile {found['profile']} · stage {found['stage']} · {ran}")
    note = f": {found['market_note']}" if found["market_note"] else ""
    out.print(f"market {found['scenario'] or '–'}{note}", markup=False)
    if found["stale"]:
        age = f"{found['equity_age']:.0f} s old" if found["equity_age"] is not None else "never written"
        out.print(f"STALE: the figures below are the ledger's last word, {age}", markup=False)
    if found["stop_latch"]:
        out.print("STOP: an emergency stop is in force until `mm risk resume --note WHY`", markup=False)
    base, quote = found["position_asset"], found["quote_asset"]
    rows = [
        ("trading state", f"{found['trading_state']} {', '.join(found['causes'])}".strip()),
        ("position", _with(found["position"], base)),
        ("equity", _with(found["equity"], quote)),
        ("PnL of the day", _with(found["pnl_day"], quote)),
        ("drawdown", "–" if found["drawdown"] is None else f"{found['drawdown'] * 100:.3f} %"),
        ("bid / ask", f"{_with(found['bid'], '')} / {_with(found['ask'], '')}"),
        ("fills", found["fills"]),
        (
            "orders open / pending / unknown",
            f"{found['open_orders']} / {found['pending_orders']} / {found['unknown_orders']}",
        ),
        ("heartbeat", "never" if found["heartbeat_age"] is None else f"{found['heartbeat_age']:.1f} s ago"),
    ]
    minds = found["watchdog"]
    rows.append(("watchdog", f"process {minds['pid']} minds it" if minds else "none"))
    rows += [("halt", f"{halt['cause']}: {halt['detail']}") for halt in found["halts"]]
    out.print(table(("figure", "value"), rows))


def _with(value: Any, unit: str) -> str:
    return "–" if value is None else f"{value:f} {unit}".strip()
