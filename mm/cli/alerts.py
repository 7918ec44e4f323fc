"""`mm alerts test|list|ack`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mm.cli.lazy_group import group_of
from mm.cli.options import Json, Mainnet, Profile, Sim, Testnet, named_environment
from mm.home import Home

if TYPE_CHECKING:
    from mm.control.outbox import Delivery, KeptAlert

app = group_of("Alerts: try the channels, see what was told, say that it was seen.")


@app.command("test")
def send_test(
    channel: Annotated[
        str | None, typer.Option("--channel", metavar="NAME", help="Only this one, like email or dingtalk.")
    ] = None,
    by: Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who tests (else the account's name).")] = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Send a real message through every configured channel, and keep the answers as evidence in control.db.

    Exit codes: 0 every channel took it, 3 no such channel is configured, 5 one did not take it, 10 half a log-in.

    \b
    Example:
      mm alerts test
      mm alerts test --channel dingtalk
    """
    import os

    from mm.alerts.channel import Message
    from mm.cli.output import emit_json
    from mm.cli.records import open_control, person, utc_now
    from mm.config.loader import load_settings
    from mm.couriers import channels_of, duty_of
    from mm.domain.alert import Severity
    from mm.domain.errors import ConfigurationError, ExitCode

    home = Home.of()
    loaded = load_settings(home, profile, os.environ)
    configured = channels_of(home, loaded)
    chosen = [each for each in configured if channel in {None, each.name}]
    if not chosen:
        names = ", ".join(each.name for each in configured)
        raise ConfigurationError(
            f"no channel {channel!r} is configured" if names else "no channel of alerts is configured",
            f"there are {names}" if names else f"see section alerts of config.yaml, and {home.dotenv}",
        )
    who = person(by)
    duty = duty_of(loaded)
    contacts = "\n".join(f"  {contact}" for contact in duty.contacts)
    body = (
        f"This is a test, sent by {who} at {utc_now():%Y-%m-%d %H:%M:%S} UTC. Nothing has happened.\n\n"
        f"Emergency contacts, as they stand on every alert of level 2 and 3\n{contacts}\n"
    )
    results: list[dict[str, Any]] = []
    with open_control(home) as control:
        for each in chosen:
            sent = each.send(Message("[mm TEST] alerts arrive", body, Severity.INFO))
            number = control.outbox.tested(each.name, ok=sent.ok, detail=sent.detail, by=who)
            results.append({"channel": each.name, "ok": sent.ok, "detail": sent.detail, "alert": number})
            if not as_json:
                typer.echo(f"{each.name}: {'taken' if sent.ok else 'FAILED'}: {sent.detail}")
    if as_json:
        emit_json(results)
    if not all(result["ok"] for result in results):
        raise typer.Exit(int(ExitCode.CHECK_REFUSED))


@app.command("list")
def show(
    only_open: Annotated[
        bool, typer.Option("--open", help="Only what was not delivered, or is grave and not acknowledged.")
    ] = False,
    last: Annotated[int, typer.Option("--last", min=1, metavar="N", help="At most so many, the newest.")] = 50,
    as_json: Json = False,
    sim: Sim = False,
    testnet: Testnet = False,
    mainnet: Mainnet = False,
) -> None:
    """Alerts of all environments (or the one named), oldest first: what happened, and whether people were told.

    Exit codes: 0 shown, 9 control.db cannot be read.

    \b
    Example:
      mm alerts list --open
      mm alerts list --mainnet --json
    """
    from mm.cli.output import console, emit_json, table
    from mm.cli.records import open_control

    home = Home.of()
    environment = named_environment(sim=sim, testnet=testnet, mainnet=mainnet)
    found: list[KeptAlert] = []
    deliveries: list[Delivery] = []
    if home.control.exists():
        with open_control(home) as control:
            found = control.outbox.list(environment, only_open=only_open)[-last:]
            known = {alert.id for alert in found}
            deliveries = [each for each in control.outbox.deliveries() if each.alert_id in known]
    if as_json:
        emit_json([_as_dict(alert, deliveries) for alert in found])
        return
    if not found:
        typer.echo("no alert is open" if only_open else "no alert is on record")
        return
    rows = [
        (
            alert.id,
            alert.severity.name,
            alert.environment or "–",
            alert.last_at,
            alert.times,
            f"{alert.title}: {alert.last_text}" if alert.last_text else alert.title,
            _state(alert, deliveries),
        )
        for alert in found
    ]
    columns = ("id", "severity", "where", "last", "times", "what", "told")
    console().print(table(columns, rows, right=("id", "times"), whole=("id", "severity")))


@app.command("ack")
def ack(
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="What is done about it.")],
    ids: Annotated[
        list[int] | None, typer.Argument(metavar="[ID]...", help="Alerts, as mm alerts list counts.")
    ] = None,
    all_open: Annotated[bool, typer.Option("--all", help="Every open one (of the environment named).")] = False,
    by: Annotated[
        str | None, typer.Option("--by", metavar="NAME", help="Who has seen it (else the account's name).")
    ] = None,
    as_json: Json = False,
    sim: Sim = False,
    testnet: Testnet = False,
    mainnet: Mainnet = False,
) -> None:
    """Say that alerts were seen: they are not sent again. Halts stay; `mm risk resume` lifts them.

    Exit codes: 0 acknowledged (or nothing was open), 2 no note, no id or an unknown one, 9 control.db.

    \b
    Example:
      mm alerts ack 17 18 --note "I am looking at it" --by Li
      mm alerts ack --all --mainnet --note "maintenance at the exchange"
    """
    from mm.cli.output import emit_json
    from mm.cli.records import open_control, person
    from mm.domain.errors import UsageError

    who, text = person(by), note.strip()
    if not text:
        raise UsageError("an acknowledgement needs a note", 'say what is done: mm alerts ack 17 --note "…"')
    if bool(ids) == all_open:
        raise UsageError("which alerts", "name their ids, or give --all; mm alerts list --open shows them")
    environment = named_environment(sim=sim, testnet=testnet, mainnet=mainnet)
    with open_control(Home.of()) as control:
        known = {alert.id for alert in control.outbox.list(environment)}
        unknown = sorted(set(ids or ()) - known)
        if unknown:
            there = f" on {environment}" if environment else ""
            raise UsageError(f"no alert {', '.join(map(str, unknown))}{there}", "mm alerts list shows them")
        acked = control.outbox.ack(ids or None, who, text, environment)
    if as_json:
        emit_json({"by": who, "note": text, "acknowledged": [alert.id for alert in acked]})
        return
    for alert in acked:
        typer.echo(f"acknowledged {alert.id}: {alert.severity.name} {alert.title}")
    if not acked:
        typer.echo("nothing was open")


def _state(alert: "KeptAlert", deliveries: "list[Delivery]") -> str:
    """In words, for the table."""
    if alert.acked_at is not None and alert.code != "test":
        return f"seen by {alert.acked_by}: {alert.note}"
    taken = [each.channel for each in deliveries if each.alert_id == alert.id and each.ok]
    if taken:
        via = ", ".join(dict.fromkeys(taken))
        return f"via {via}, not acknowledged" if alert.is_open else f"via {via}"
    failed = [f"{each.channel}: {each.detail}" for each in deliveries if each.alert_id == alert.id]
    if failed:
        return f"failed ({'; '.join(failed)})" if alert.code == "test" else f"NOT DELIVERED ({'; '.join(failed)})"
    return "waits for a courier" if alert.next_try is not None else "kept only"


def _as_dict(alert: "KeptAlert", deliveries: "list[Delivery]") -> dict[str, Any]:
    return {
        "id": alert.id,
        "environment": alert.environment,
        "code": alert.code,
        "severity": alert.severity.name,
        "title": alert.title,
        "text": alert.text,
        "at": alert.at,
        "times": alert.times,
        "last_at": alert.last_at,
        "last_text": alert.last_text,
        "open": alert.is_open,
        "delivered_at": alert.delivered_at,
        "acknowledged_at": alert.acked_at,
        "acknowledged_by": alert.acked_by,
        "note": alert.note,
        "deliveries": [
            {"channel": each.channel, "at": each.at, "ok": each.ok, "times": each.times, "detail": each.detail}
            for each in deliveries
            if each.alert_id == alert.id
        ],
    }
