from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from mm.control.store import ControlStore
from mm.domain.errors import ExchangeError
from mm.domain.fill import Fill
from mm.domain.order import OrderReport, OrderStatus, Side
from mm.home import Home
from mm.ledger.queries import LedgerQueries
from mm.rollout.evidence import Evidence
from mm.rollout.stages import Stage
from tests.fakes.account_reader import FakeReader, account
from tests.fakes.mirror import mirror as mirror_of
from tests.fakes.prepared_ledger import prepare
from tests.unit.cli.commands import Shell, one_line


@pytest.fixture
def exchange(monkeypatch: pytest.MonkeyPatch) -> FakeReader:
    """What every command that asks an exchange meets."""
    reader = FakeReader()

    def open_reader(home: Home, loaded: Any, environment: str) -> AbstractAsyncContextManager[FakeReader]:
        return reader.opened()

    monkeypatch.setattr("mm.bootstrap.open_reader", open_reader, raising=False)
    monkeypatch.setattr("time.time_ns", reader.now)
    monkeypatch.setenv("MM__PREFLIGHT__FREE_DISK_GB", "0")
    return reader


def step_to(home: Home, *stages: str) -> None:
    with ControlStore(home.control) as control:
        for stage in stages:
            control.add_stage_event(stage, "promote", "Li", "", {})


# --- stage ------------------------------------------------------------------------------


def test_stage_show_before_anything_ran(mm: Shell, home: Home) -> None:
    shown = mm("stage", "show", "--json").json
    assert (shown["stage"], shown["next"], shown["allowed_on_mainnet"]) == ("testnet", "100", [])
    assert {criterion["judgement"] for criterion in shown["criteria"]} == {"insufficient"}
    assert "nothing has run there" in shown["evidence_source"]
    assert not home.control.exists()


def test_stage_show_judges_the_testnets_ledger(mm: Shell, home: Home) -> None:
    prepare(home, "testnet", clean=None)
    shown = mm("stage", "show", "--json").json
    by_demand = {criterion["demand"]: criterion for criterion in shown["criteria"]}
    uncrashed = by_demand["48 h in one stretch with 0 crashes"]
    assert (uncrashed["judgement"], uncrashed["plan"]) == ("fail", "P-1.2")
    assert "1 crashes in 1 runs" in uncrashed["evidence"]
    assert by_demand["order accuracy 100 %"]["evidence"].startswith("100.00 % of 3 orders")
    assert max(map(len, mm("stage", "show").out.splitlines())) <= 80


def test_runs_on_sim_prove_nothing(mm: Shell, home: Home) -> None:
    prepare(home, "sim")
    assert "nothing has run there" in mm("stage", "show", "--json").json["evidence_source"]


def test_runs_of_other_profiles_do_not_count(mm: Shell, home: Home) -> None:
    prepare(home, "testnet", profile="2000usdc")
    first = mm("stage", "show", "--json").json["criteria"][0]
    assert first["evidence"] == "no run in this stage yet"


def test_promotion_is_refused_with_every_criterion_listed(mm: Shell, home: Home) -> None:
    prepare(home, "testnet")
    ran = mm("stage", "promote", "100", "--approver", "Li", "--yes", "--json")
    assert ran.code == 4
    assert len(ran.json["criteria"]) == 5
    assert ran.json["promoted"] is False
    assert "-3.00 to -1.50 USDC a day on 100 USDC" in ran.json["expectation"]
    assert "5 of 5 criteria do not pass" in one_line(ran)
    assert mm("stage", "show", "--json").json["stage"] == "testnet"


@pytest.mark.parametrize(
    ("tier", "code", "words"),
    [
        ("200", 4, "no stage is skipped"),
        ("testnet", 4, "already current"),
        ("300", 2, "no stage '300'"),
    ],
)
def test_other_steps_are_refused(mm: Shell, home: Home, tier: str, code: int, words: str) -> None:
    ran = mm("stage", "promote", tier, "--approver", "Li", "--yes")
    assert ran.code == code
    assert words in one_line(ran)


def test_promotion_never_steps_down(mm: Shell, home: Home) -> None:
    step_to(home, "100", "200")
    ran = mm("stage", "promote", "100", "--approver", "Li", "--yes")
    assert ran.code == 4
    assert "lies below" in one_line(ran)


def test_promotion_with_all_passed_is_recorded(mm: Shell, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def proved(_home: Home, stage: Stage) -> Evidence:
        return replace(
            Evidence(stage=stage, source="testnet ledger", capital=Decimal(500), runs=1, crashes=0, orders=500),
            longest_clean=timedelta(hours=48),
            order_accuracy=Decimal(1),
            functions_exercised=(3, 3),
            drills_passed=(3, 3),
            alerts_proved=(2, 2),
        )

    monkeypatch.setattr("mm.cli.stage._evidence", proved)
    ran = mm("stage", "promote", "100", "--approver", "Li Wei", "--yes", "--json")
    assert ran.code == 0
    assert ran.json["promoted"] is True
    with ControlStore(home.control) as control:
        event = control.stage_events()[-1]
    assert (event.stage, event.kind, event.approver) == ("100", "promote", "Li Wei")
    assert {criterion["judgement"] for criterion in event.evidence["criteria"]} == {"pass"}
    shown = mm("stage", "show", "--json").json
    assert (shown["stage"], shown["allowed_on_mainnet"], shown["next"]) == ("100", ["100usdc"], "200")


def test_the_next_tiers_profile_must_fit_its_caps(mm: Shell, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    step_to(home, "100")

    def judged() -> tuple[str, str]:
        shown = mm("stage", "show", "--json").json
        found = next(c for c in shown["criteria"] if c["demand"] == "risk parameters of the new tier")
        return found["judgement"], found["evidence"]

    assert judged() == ("pass", "profile 200usdc: daily loss 10.0, position 0.02")
    monkeypatch.setenv("MM__RISK__MAX_POSITION", "0.03")
    assert judged()[0] == "fail"


# --- preflight ----------------------------------------------------------------------------


def test_preflight_on_a_fresh_home(mm: Shell, home: Home, exchange: FakeReader) -> None:
    ran = mm("preflight", "--sim", "--profile", "100usdc", "--json")
    assert ran.code == 0
    assert ran.json["passed"] is True
    assert mm("checklist", "preflight", "--sim", "--json").json == ran.json
    people = mm("preflight", "--sim")
    assert "nothing blocks a run" in people.out
    assert max(map(len, people.out.splitlines())) <= 80


def test_a_blocking_item_is_exit_five(mm: Shell, home: Home, exchange: FakeReader) -> None:
    exchange.held = account(USDC="12")
    ran = mm("preflight", "--sim", "--json")
    assert ran.code == 5
    assert [item["id"] for item in ran.json["items"] if item["result"] == "fail"] == ["funds"]


def test_preflight_takes_profile_and_account_of_the_last_run(mm: Shell, home: Home, exchange: FakeReader) -> None:
    prepare(home, profile="200usdc")
    exchange.held = account(USDC="99.71", ETH="0.000098")
    ran = mm("preflight", "--sim", "--json")
    assert ran.json["profile"] == "200usdc"
    funds = next(item for item in ran.json["items"] if item["id"] == "funds")
    assert "by the ledger" in funds["evidence"]


def test_a_profile_that_is_not_there(mm: Shell, home: Home, exchange: FakeReader) -> None:
    assert mm("preflight", "--sim", "--profile", "700usdc").code == 3


# --- audit ----------------------------------------------------------------------------------


def mirror(home: Home, exchange: FakeReader) -> None:
    with LedgerQueries(home.environment("sim").ledger) as ledger:
        mirror_of(ledger, exchange)


def test_audit_of_two_sides_that_agree(mm: Shell, home: Home, exchange: FakeReader) -> None:
    prepare(home)
    mirror(home, exchange)
    ran = mm("ledger", "audit", "--json")
    assert (ran.code, ran.json["clean"], ran.json["fills"]) == (0, True, 2)
    assert (ran.json["intents"], ran.json["exchange_orders"]) == (3, 3)
    assert ran.json["exposure"] == "0.00009800"  # 0.002 bought, 0.1 % of it fee, 0.0019 sold
    # 500 ms is what trading halts above; the rest is the drift measured now and the time a request takes.
    assert 500 < ran.json["clock_allowed_ms"] < 700
    shown = mm("ledger", "audit").out.replace("\n", " ")
    assert "sim: 3 intents, 3 orders at the exchange, 2 fills against 2" in shown
    assert "clean" in shown


def old_trade(exchange: FakeReader) -> Fill:
    return replace(exchange.fills[0], trade_id=5, exchange_id="1", time_ms=exchange.fills[0].time_ms - 3_600_000)


def test_audit_leaves_trades_of_earlier_accounts_out(mm: Shell, home: Home, exchange: FakeReader) -> None:
    prepare(home)
    mirror(home, exchange)
    exchange.fills = (old_trade(exchange), *exchange.fills)
    assert mm("ledger", "audit").code == 0


def test_audit_lists_what_differs(mm: Shell, home: Home, exchange: FakeReader) -> None:
    prepare(home)
    mirror(home, exchange)
    exchange.fills = (exchange.fills[0], replace(exchange.fills[1], fee_units=1))
    stray = OrderReport("mm-abc123-9", "99", "ETHUSDC", Side.BUY, "LIMIT", OrderStatus.OPEN, 290_000, 20, 0, 0, 0)
    exchange.open = (stray,)
    ended = replace(stray, client_id="mm-abc123-8", exchange_id="98", status=OrderStatus.CANCELED)
    exchange.history += (ended, replace(stray, client_id="by-hand", exchange_id="97"))
    ran = mm("ledger", "audit", "--json")
    assert ran.code == 9
    found = [(row["invariant"], row["subject"]) for row in ran.json["differences"]]
    assert found == [("I1", "mm-abc123-9"), ("I1", "mm-abc123-8"), ("I3", "trade 12")]
    shown = mm("ledger", "audit").out.replace("\n", " ")
    assert "3 intents, 5 orders at the exchange (1 of others)" in shown
    assert "fee_units is 570570 in the ledger, 1 at the exchange" in shown


@pytest.mark.parametrize(
    ("environment", "mend"),
    [("testnet", "`mm run --testnet` begins account epoch 2"), ("mainnet", "use the key that belongs to this ledger")],
)
def test_audit_of_an_account_that_was_opened_anew(
    mm: Shell, home: Home, exchange: FakeReader, environment: str, mend: str
) -> None:
    prepare(home, environment)
    step_to(home, "100")
    exchange.held = account("8", USDC="100")
    ran = mm("ledger", "audit", f"--{environment}")
    assert (ran.code, ran.out) == (9, "")
    assert "the ledger's last account is 7 (account epoch 1), the key belongs to account 8" in one_line(ran)
    assert mend in one_line(ran)


def test_audit_without_the_exchange(mm: Shell, home: Home, exchange: FakeReader) -> None:
    prepare(home)
    exchange.error = ExchangeError("connection refused")
    ran = mm("ledger", "audit")
    assert ran.code == 6
    assert "connection refused" in one_line(ran)
