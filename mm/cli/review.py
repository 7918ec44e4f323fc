"""`mm review daily|note`."""

from typing import TYPE_CHECKING, Annotated

import typer

from mm.cli.lazy_group import group_of
from mm.cli.options import Json, Mainnet, Sim, Testnet, reading_environment
from mm.home import Home

if TYPE_CHECKING:
    from mm.home import EnvironmentHome
    from mm.review.daily import DailyReview

app = group_of("Reviews of what the bot did.")

Day = Annotated[str | None, typer.Option("--day", metavar="YYYY-MM-DD", help="The date on which the day closes.")]


@app.command("daily")
def daily(
    day: Day = None,
    as_json: Json = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    sim: Sim = False,
    testnet: Testnet = False,
    mainnet: Mainnet = False,
) -> None:
    """Review one trading day (today's unless named): orders, PnL, risk, system, problems. Stored as well as printed.

    Exit codes: 0 shown, 2 no such day, 9 nothing has run.

    \b
    Example:
      mm review daily
      mm review daily --day 2026-11-22 --markdown
    """
    from mm.cli.output import emit_json, json_text
    from mm.cli.records import open_control
    from mm.review.render import as_dict, markdown

    if as_json and as_markdown:
        raise typer.BadParameter("--json and --markdown exclude each other")
    home = Home.of()
    environment = reading_environment(home, sim=sim, testnet=testnet, mainnet=mainnet)
    review = make_review(home, home.environment(environment), day)
    content = as_dict(review)
    with open_control(home) as control:
        import orjson

        stored = orjson.loads(json_text(content))
        control.save_review(environment, "daily", review.day.isoformat(), stored, markdown(review))
    if as_json:
        emit_json(content)
    elif as_markdown:
        typer.echo(markdown(review), nl=False)
    else:
        show(review)


@app.command("note")
def note(
    text: Annotated[str, typer.Argument(help="What the operator wants to keep.")],
    by: Annotated[
        str | None, typer.Option("--by", metavar="NAME", help="Who says it (else the account's name).")
    ] = None,
    day: Day = None,
    as_json: Json = False,
    sim: Sim = False,
    testnet: Testnet = False,
    mainnet: Mainnet = False,
) -> None:
    """Add an operator's note to a trading day; it stands in section 5 of its review.

    Exit codes: 0 kept, 2 no such day or an empty note, 9 nothing has run.

    \b
    Example:
      mm review note "Exchange maintenance 10:00-10:20, quotes pulled" --by Li
    """
    from mm.cli.output import emit_json
    from mm.cli.records import last_run, open_control, open_ledger, person, settings_of, trading_day, utc_now
    from mm.domain.errors import UsageError

    home = Home.of()
    environment = reading_environment(home, sim=sim, testnet=testnet, mainnet=mainnet)
    if not text.strip():
        raise UsageError("the note is empty", 'write it in quotes: mm review note "…"')
    files = home.environment(environment)
    with open_ledger(files) as ledger:
        settings = settings_of(home, last_run(ledger, files).profile).settings.trading_day
    chosen = trading_day(settings, day, utc_now()).day.isoformat()
    who = person(by)
    with open_control(home) as control:
        control.add_note(environment, chosen, who, text.strip())
    if as_json:
        emit_json({"environment": environment, "day": chosen, "by": who, "text": text.strip()})
    else:
        typer.echo(f"kept for {chosen} on {environment}, by {who}")


def make_review(home: Home, files: "EnvironmentHome", day: str | None) -> "DailyReview":
    """Computed from the ledger and the operator's notes. Raises LedgerError, UsageError."""
    from mm.cli.records import (
        last_run,
        live_run,
        open_ledger,
        refuse_before_record,
        settings_of,
        trading_day,
        utc_now,
    )
    from mm.domain.errors import LedgerError
    from mm.review.daily import Note, daily_review
    from mm.review.market import market
    from mm.review.reader import read_facts

    environment, now = files.environment, utc_now()
    with open_ledger(files) as ledger:
        settings = settings_of(home, last_run(ledger, files).profile).settings.trading_day
        chosen = trading_day(settings, day, now)
        refuse_before_record(chosen, ledger, settings)
        facts = read_facts(ledger, chosen.start, chosen.end, now, live_run(files))
    notes: list[Note] = []
    if home.control.exists():
        from mm.cli.records import open_control

        with open_control(home) as control:
            notes = [Note(n.at, n.by, n.text) for n in control.notes(environment, chosen.day.isoformat())]
    if facts is None:
        raise LedgerError(f"{files.ledger} lost its runs while it was read", "try again")
    scenarios = dict.fromkeys(run.scenario for run in facts.runs)
    return daily_review(facts, chosen.day, environment, [market(environment, name) for name in scenarios], notes)


def show(review: "DailyReview") -> None:
    """The review as tables, at most 80 columns wide."""
    from mm.cli.output import console, table
    from mm.review.render import heading, sections

    out = console()
    for line in heading(review):
        out.print(line, markup=False)
    for section in sections(review):
        out.print()
        if section.rows:
            rows = [(row.name, row.value, row.samples, row.goal) for row in section.rows]
            columns = (section.title, "value", "samples", "goal")
            out.print(table(columns, rows, right=("value", "samples")))
        else:
            out.print(section.title, markup=False)
        for text in section.lines:
            out.print(f"- {text}", markup=False)
