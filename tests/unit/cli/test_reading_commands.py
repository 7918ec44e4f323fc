from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from mm.control.store import ControlStore
from mm.home import Home
from mm.runner.latch import trip
from mm.runner.lock import BotLock
from tests.fakes.prepared_ledger import prepare
from tests.unit.cli.commands import Shell, one_line


@pytest.mark.parametrize(
    "command",
    [
        ("review", "daily"),
        ("review", "note", "something"),
        ("ledger", "orders"),
        ("ledger", "fills"),
        ("ledger", "pnl"),
        ("ledger", "audit"),
        ("status",),
        ("risk", "show"),
    ],
)
def test_without_a_ledger_one_line_says_so(mm: Shell, command: tuple[str, ...]) -> None:
    ran = mm(*command, "--testnet")
    assert ran.code == 9
    assert "nothing has run on testnet yet" in one_line(ran)
    assert ran.out == ""


def test_without_any_run_the_environment_must_be_named(mm: Shell) -> None:
    ran = mm("status")
    assert ran.code == 3
    assert "nothing has run yet" in one_line(ran)


# --- review -------------------------------------------------------------------------


def test_review_of_a_day_is_shown_and_stored(mm: Shell, home: Home) -> None:
    start = prepare(home, lost=Decimal("0.25"))
    ran = mm("review", "daily", "--json")
    assert ran.code == 0
    review = ran.json
    assert review["environment"] == "sim"
    assert review["partial"] is True
    assert review["profiles"] == ["100usdc"]
    assert review["markets"] == [
        {"name": "lively", "warning": "kinder and livelier than the real market: fills here say nothing about profit"}
    ]
    assert review["orders"]["placed"]["value"] == 3
    assert review["orders"]["filled"]["value"] == 2
    assert review["orders"]["cancelled"]["value"] == 1
    assert review["orders"]["refused"]["value"] == 1
    assert review["orders"]["fill_rate"] == {"value": "0.666667", "samples": 3, "unit": "share"}
    assert review["orders"]["accuracy"]["value"] == "1.000000"
    assert review["pnl"]["day_pnl"] == {"value": "-0.25000000", "samples": 2, "unit": "USDC"}
    assert review["pnl"]["cumulative_pnl"]["value"] == "-0.25000000"
    assert review["pnl"]["fees"]["ETH"]["value"] == "0.00000200"
    assert review["pnl"]["max_drawdown"]["value"] == "0.0025"
    assert review["risk"] == {"triggers": {"breaker_open": 1}, "refusals": {"max_position": 1}}
    assert review["latency"]["place"]["mean"] == {"value": "2.000", "samples": 2, "unit": "ms"}
    assert review["latency"]["place"]["p99"] == {"value": None, "samples": 2, "unit": "ms"}
    assert review["operation"]["stability"]["value"] == "1.000000"
    goals = {goal["name"]: goal["met"] for goal in review["goals"]}
    assert goals["PnL of the day"] is False
    assert goals["max drawdown"] is True
    assert start.strftime("%Y") in review["start"]
    with ControlStore(home.control) as control:
        stored = control.reviews("sim", "daily", review["day"])
    assert [each.content for each in stored] == [review]


def test_review_for_people_has_its_five_sections_in_eighty_columns(mm: Shell, home: Home) -> None:
    prepare(home)
    mm("review", "note", "quotes pulled at noon", "--by", "Li")
    ran = mm("review", "daily")
    assert ran.code == 0
    for words in ("1. Orders", "2. Profit and loss", "3. Risk", "4. System", "5. Problems", "kinder and livelier"):
        assert words in ran.out
    assert "Note by Li" in ran.out
    assert "insufficient" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80


def test_review_as_markdown(mm: Shell, home: Home) -> None:
    prepare(home)
    ran = mm("review", "daily", "--markdown")
    assert ran.out.startswith("# Daily review ")
    assert "| PnL of the day | +0.0000 USDC | 2 | > 0.1 USDC: missed |" in ran.out
    assert "## 5. Problems, suggestions, improvements" in ran.out


def test_an_empty_day_after_the_first_is_reviewed_honestly(mm: Shell, home: Home) -> None:
    prepare(home, started=datetime.now(UTC).replace(microsecond=0) - timedelta(days=3))
    review = mm("review", "daily", "--json").json
    assert review["profiles"] == []
    assert review["orders"]["placed"]["value"] == 0
    assert review["pnl"]["day_pnl"]["value"] is None
    assert review["findings"][0]["text"].startswith("The bot did not run")
    assert all(goal["met"] is None for goal in review["goals"])


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2020-01-01", "nothing had run by trading day 2020-01-01"),
        ("2999-01-01", "has not begun"),
        ("yesterday", "is no day"),
    ],
)
def test_review_of_an_unknown_day(mm: Shell, home: Home, day: str, words: str) -> None:
    prepare(home)
    ran = mm("review", "daily", "--day", day)
    assert ran.code == 2
    assert words in one_line(ran)


# --- ledger -------------------------------------------------------------------------


def test_fills_have_the_agreed_shape(mm: Shell, home: Home) -> None:
    start = prepare(home)
    fills = mm("ledger", "fills", "--json").json["fills"]
    assert fills[0] == {
        "trade_id": 11,
        "order_id": "511",
        "client_order_id": "mm-abc123-1",
        "symbol": "ETHUSDC",
        "side": "BUY",
        "price": "3000.00",
        "size": "0.0020",
        "quote": "6.00000000",
        "fee": "0.00000200",
        "fee_asset": "ETH",
        "maker": True,
        "time": (start + timedelta(seconds=10)).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    }
    assert [fill["side"] for fill in fills] == ["BUY", "SELL"]


def test_orders_of_a_run_and_of_a_day(mm: Shell, home: Home) -> None:
    prepare(home)
    orders = mm("ledger", "orders", "--json", "--run", "run-1").json["orders"]
    assert [(order["client_order_id"], order["status"]) for order in orders] == [
        ("mm-abc123-1", "FILLED"),
        ("mm-abc123-2", "FILLED"),
        ("mm-abc123-3", "CANCELED"),
    ]
    assert mm("ledger", "orders", "--json", "--day", "2020-01-01").json["orders"] == []
    ran = mm("ledger", "orders", "--run", "run-7")
    assert ran.code == 2
    assert "no run 'run-7'" in one_line(ran)


@pytest.mark.parametrize("command", ["orders", "fills", "pnl"])
def test_tables_fit_eighty_columns(mm: Shell, home: Home, command: str) -> None:
    prepare(home)
    ran = mm("ledger", command)
    assert ran.code == 0
    assert max(map(len, ran.out.splitlines())) <= 80
    assert "mm-abc123-1" in ran.out or command != "orders"


def test_pnl_by_day(mm: Shell, home: Home) -> None:
    prepare(home)
    days = mm("ledger", "pnl", "--json").json["days"]
    assert sum(day["fills"] for day in days) == 2
    assert days[0]["equity_start"] == "100.00000000"


# --- status, risk, health, logs ---------------------------------------------------------


def test_status_of_a_bot_that_is_gone_is_stale(mm: Shell, home: Home) -> None:
    prepare(home, lost=Decimal("0.25"))
    status = mm("status", "--json").json
    assert status["running"] is False
    assert status["stale"] is True
    assert status["trading_state"] == "HALTED"
    assert status["equity"] == "99.75000000"
    assert status["pnl_day"] == "-0.25000000"
    assert 59 <= status["equity_age"] < 600
    assert (status["open_orders"], status["unknown_orders"]) == (0, 0)
    assert "STALE" in mm("status").out
    assert {"environment", "profile", "stage", "position", "heartbeat_age", "run_id", "scenario", "halts"} <= set(
        status
    )


def test_status_of_a_running_bot_follows_the_lock(mm: Shell, home: Home) -> None:
    prepare(home, clean=None)
    with BotLock(home.environment("sim"), "run-1"):
        status = mm("status", "--json").json
    assert status["running"] is True
    assert status["trading_state"] == "ACTIVE"
    # Its heart last beat a minute ago: running, but what it said is old.
    assert status["stale"] is True


def test_yesterdays_pnl_is_not_todays(mm: Shell, home: Home) -> None:
    prepare(home, started=datetime.now(UTC).replace(microsecond=0) - timedelta(days=2), lost=Decimal(1))
    assert mm("status", "--json").json["pnl_day"] is None
    limits = {row["name"]: row["value"] for row in mm("risk", "show", "--json").json["limits"]}
    assert Decimal(limits["daily_loss"]) == 0
    assert Decimal(limits["stage_loss_5pct"]) == 1


def test_risk_show_tells_the_distance_to_each_limit(mm: Shell, home: Home) -> None:
    prepare(home, lost=Decimal("2.5"))
    with ControlStore(home.control) as control:
        control.open_halt("sim", "inconsistent", "a fill is missing")
    found = mm("risk", "show", "--json").json
    limits = {row["name"]: (row["value"], row["limit"], row["used"]) for row in found["limits"]}
    assert limits["daily_loss"] == ("2.50000000", "5.00000000", "0.5000")
    assert limits["drawdown"] == ("2.50000000", "5.00000000", "0.5000")
    assert limits["stage_loss_10pct"] == ("2.50000000", "10.00000000", "0.2500")
    assert found["halts"][0]["cause"] == "inconsistent"
    ran = mm("risk", "show")
    assert "a fill is missing" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80


def test_resume_lifts_halts_and_the_stop_with_a_note(mm: Shell, home: Home) -> None:
    prepare(home, lost=Decimal("5.5"))
    trip(home.environment("sim"))
    with ControlStore(home.control) as control:
        control.open_halt("sim", "daily_loss", "lost 5.5")
        control.open_halt("testnet", "daily_loss", "elsewhere")
    ran = mm("risk", "resume", "--note", "reviewed", "--by", "Li", "--json")
    assert ran.code == 0
    assert ran.json["stop_latch_lifted"] is True
    assert [halt["cause"] for halt in ran.json["lifted"]] == ["daily_loss"]
    assert not home.environment("sim").stop.exists()
    with ControlStore(home.control) as control:
        assert control.open_halts("sim") == []
        assert len(control.open_halts("testnet")) == 1
        assert (control.halts("sim")[0].lifted_by, control.halts("sim")[0].note) == ("Li", "reviewed")


def test_resume_is_refused_while_a_tenth_of_the_capital_is_gone(mm: Shell, home: Home) -> None:
    prepare(home, lost=Decimal("10.01"))
    trip(home.environment("sim"))
    with ControlStore(home.control) as control:
        control.open_halt("sim", "stage_loss_10pct", "lost 10.01")
    ran = mm("risk", "resume", "--note", "go on", "--by", "Li")
    assert ran.code == 5
    assert "stage_loss_10pct: lost 10.01000000 USDC, limit 10.00000000 USDC" in one_line(ran)
    assert home.environment("sim").stop.exists()
    with ControlStore(home.control) as control:
        assert len(control.open_halts("sim")) == 1


def fallen(home: Home) -> None:
    """Level 3 on mainnet: halted, stopped, and the rollout is back on testnet."""
    with ControlStore(home.control) as control:
        control.add_stage_event("100", "promote", "jo", "", {})
    prepare(home, "mainnet", lost=Decimal("10.01"))
    trip(home.environment("mainnet"))
    with ControlStore(home.control) as control:
        control.open_halt("mainnet", "level_3", "lost 10.01")
        control.add_stage_event("testnet", "demote", "mm", "level 3", {})


def test_after_a_fall_back_the_losses_on_mainnet_can_still_be_seen(mm: Shell, home: Home) -> None:
    fallen(home)
    ran = mm("risk", "show", "--mainnet")
    assert ran.code == 0, ran.err
    assert "level_3" in ran.out


def test_after_a_fall_back_only_the_days_loss_keeps_mainnet_from_being_resumed(mm: Shell, home: Home) -> None:
    fallen(home)
    ran = mm("risk", "resume", "--note", "checked everything", "--by", "Li", "--mainnet")
    assert ran.code == 5
    assert "day_loss_10pct" in one_line(ran)
    assert "stage_loss_10pct" not in one_line(ran)


def test_after_a_fall_back_and_its_day_mainnet_can_be_resumed(
    mm: Shell, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    fallen(home)
    later = datetime.now(UTC) + timedelta(days=2)
    monkeypatch.setattr("mm.cli.records.utc_now", lambda: later)
    ran = mm("risk", "resume", "--note", "checked everything", "--by", "Li", "--mainnet")
    assert ran.code == 0, ran.err
    assert not home.environment("mainnet").stop.exists()


def test_resume_with_exactly_a_tenth_gone_is_not_refused(mm: Shell, home: Home) -> None:
    prepare(home, lost=Decimal(10))
    assert mm("risk", "resume", "--note", "go on", "--by", "Li").code == 0


def test_resume_needs_a_note(mm: Shell, home: Home) -> None:
    prepare(home)
    ran = mm("risk", "resume", "--note", "  ", "--by", "Li")
    assert ran.code == 2
    assert "needs a note" in one_line(ran)


def test_a_bot_that_does_not_take_the_resume_keeps_its_halts(
    mm: Shell, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(home, clean=None)
    monkeypatch.setattr("mm.cli.risk.TAKEN_WITHIN", 0.0)
    with ControlStore(home.control) as control:
        control.open_halt("sim", "ordered", "by hand")
    with BotLock(home.environment("sim"), "run-1"):
        ran = mm("risk", "resume", "--note", "fine", "--by", "Li")
    assert ran.code == 5
    assert "did not take the resume" in one_line(ran)
    with ControlStore(home.control) as control:
        assert len(control.open_halts("sim")) == 1


def test_health_names_what_is_wrong(mm: Shell, home: Home) -> None:
    prepare(home)
    ran = mm("health", "--json")
    parts = {part["name"]: part["ok"] for part in ran.json["parts"]}
    assert parts.keys() == {"sqlite", "disk", "memory", "ledger", "heartbeat", "watchdog", "halts", "venue"}
    assert parts["ledger"]
    assert parts["venue"]  # down, and no bot needs it
    trip(home.environment("sim"))
    ran = mm("health", "--json")
    assert ran.code == 1
    assert ran.json["healthy"] is False


def test_health_of_a_damaged_ledger(mm: Shell, home: Home) -> None:
    prepare(home)
    ledger = home.environment("sim").ledger
    ledger.write_bytes(ledger.read_bytes()[:4096] + b"\xff" * 8192)
    ran = mm("health", "--json")
    assert ran.code == 1
    assert not next(part for part in ran.json["parts"] if part["name"] == "ledger")["ok"]


def test_a_running_bot_without_a_heartbeat_is_unhealthy(mm: Shell, home: Home) -> None:
    prepare(home, "testnet", clean=None)
    with BotLock(home.environment("testnet"), "run-1"):
        ran = mm("health", "--json")
    assert not next(part for part in ran.json["parts"] if part["name"] == "heartbeat")["ok"]


def test_logs_show_the_last_lines_across_a_rotation(mm: Shell, home: Home) -> None:
    prepare(home)
    log = home.environment("sim").log
    log.with_name("mm.log.1").write_text("one\ntwo\n")
    log.write_text('three\n{"event":"four"}\n')
    assert mm("logs", "-n", "3").out == 'two\nthree\n{"event":"four"}\n'
    assert mm("logs", "-n", "2", "--json").out == '{"line":"three"}\n{"event":"four"}\n'
    log.unlink()
    assert mm("logs").code == 1


# --- levels and incidents ---------------------------------------------------------------


def test_risk_show_tells_the_level_and_what_would_come_next(mm: Shell, home: Home) -> None:
    prepare(home, lost=Decimal("2.5"))
    found = mm("risk", "show", "--json").json
    assert found["level"] == 0  # no row tells of a level: the figures alone raise none
    assert found["level_loss"] == "2.50000000"
    assert [(each["level"], each["above"], each["unit"]) for each in found["levels_ahead"]] == [
        (1, "2.00000000", "USDC"),
        (2, "5.00000000", "USDC"),
        (3, "10.00000000", "USDC"),
    ]
    assert "at a loss above 5.00 USDC: level 2: everything halts" in mm("risk", "show").out.replace("\n", " ")


def test_incidents_are_shown_and_closed_with_a_note(mm: Shell, home: Home) -> None:
    prepare(home)
    with ControlStore(home.control) as control:
        control.incidents.open("sim", "crashes", "4 runs")
        control.incidents.open("sim", "abnormal_orders", "3 of 20")
        control.incidents.open("mainnet", "level_3", "lost 11")
    shown = mm("risk", "show", "--json").json["incidents"]
    assert [(each["id"], each["kind"]) for each in shown] == [(1, "crashes"), (2, "abnormal_orders")]
    assert "crashes: 4 runs" in mm("risk", "show").out.replace("\n", " ")
    assert mm("risk", "close", "--by", "Li").code == 2
    assert mm("risk", "close", "3", "--note", "seen", "--by", "Li").code == 2  # another environment's
    assert mm("risk", "close", "2", "--note", "key was changed", "--by", "Li").out == (
        "closed: 2 abnormal_orders: 3 of 20\n"
    )
    closed = mm("risk", "close", "--note", "disk was full", "--by", "Li", "--json").json["closed"]
    assert [each["kind"] for each in closed] == ["crashes"]
    assert "no incident is open on sim" in mm("risk", "close", "--note", "again", "--by", "Li").out
    with ControlStore(home.control) as control:
        assert [each.kind for each in control.incidents.all("mainnet", only_open=True)] == ["level_3"]
        kept = control.incidents.all("sim")
    assert [(each.closed_by, each.note) for each in kept] == [("Li", "disk was full"), ("Li", "key was changed")]
