"""`mm alerts` without a network: what is refused, listed and acknowledged."""

import pytest

from mm.control.store import ControlStore
from mm.domain.alert import Alert, Severity
from mm.home import Home
from tests.unit.cli.commands import Shell, one_line


def put(home: Home, code: str = "daily_loss", severity: Severity = Severity.ERROR, environment: str = "sim") -> int:
    home.path.mkdir(exist_ok=True)
    with ControlStore(home.control) as store:
        return store.outbox.add(Alert(environment, code, severity, f"halted: {code}", "lost 6 USDC"))


def test_a_test_without_a_channel_says_how_to_get_one(mm: Shell, home: Home) -> None:
    ran = mm("alerts", "test")
    assert ran.code == 3
    assert "no channel of alerts is configured" in one_line(ran)


def test_an_unknown_channel_is_named(mm: Shell, home: Home) -> None:
    ran = mm("alerts", "test", "--channel", "pigeon")
    assert ran.code == 3


def test_nothing_on_record_is_said_and_makes_no_file(mm: Shell, home: Home) -> None:
    assert mm("alerts", "list").out == "no alert is on record\n"
    assert not home.control.exists()


def test_a_list_shows_what_waits(mm: Shell, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    number = put(home)
    put(home, "ledger", Severity.CRITICAL, "mainnet")
    found = mm("alerts", "list", "--sim", "--open", "--json").json
    assert [(each["id"], each["code"], each["open"], each["deliveries"]) for each in found] == [
        (number, "daily_loss", True, [])
    ]
    monkeypatch.setenv("COLUMNS", "200")
    assert "waits for a courier" in mm("alerts", "list").out


def test_an_acknowledgement_names_ids_or_all_and_needs_a_note(mm: Shell, home: Home) -> None:
    number = put(home)
    for arguments in (["--note", "x"], [str(number), "--all", "--note", "x"], [str(number), "--note", " "], ["77"]):
        assert mm("alerts", "ack", *arguments).code == 2
    unknown = mm("alerts", "ack", "77", "--note", "x")
    assert unknown.code == 2
    assert "no alert 77" in one_line(unknown)
    ran = mm("alerts", "ack", str(number), "--note", "on it", "--by", "Li")
    assert (ran.code, ran.out) == (0, f"acknowledged {number}: ERROR halted: daily_loss\n")
    assert mm("alerts", "list", "--open").out == "no alert is open\n"
    assert "nothing was open" in mm("alerts", "ack", "--all", "--note", "x").out
