import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from mm.checklist.context import KnownAccount, PreflightContext
from mm.checklist.model import Checklist, Item, Result
from mm.checklist.preflight import refuse_blocking, run_preflight
from mm.config.loader import LoadedSettings
from mm.config.settings import MmSettings
from mm.control.key_acceptance import KeyAcceptance
from mm.domain.errors import AuthenticationRefused, CredentialsMissing, ExchangeError, PreflightRefused
from mm.domain.fill import FeeRates
from mm.domain.order import OrderReport, OrderStatus, Side
from mm.domain.records import BalanceBaseline
from mm.home import Home
from mm.ports import KeyPermissions
from mm.rollout.stages import Stage
from mm.runner.latch import trip
from mm.runner.lock import BotLock
from tests.fakes.account_reader import FakeReader, account

SAFE_KEY = KeyPermissions(ip_restricted=True, reading=True, spot_trading=True, withdrawals=False)


def settings(**sections: dict[str, Any]) -> MmSettings:
    base: dict[str, Any] = {
        "capital": 100,
        "strategy": {"base_spread": "0.002", "base_size": "0.001", "max_inventory": "0.01"},
        "risk": {"daily_loss_limit": 5, "max_position": "0.01"},
        "operator": {"name": "Li"},
        "contacts": {"primary": {"name": "Li"}, "backup": {"name": "Wu"}},
        "preflight": {"free_disk_gb": 0},
    }
    for name, changes in sections.items():
        base[name] = {**base.get(name, {}), **changes}
    return MmSettings.model_validate(base)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def context(home: Home, reader: FakeReader, environment: str = "sim", **changes: Any) -> PreflightContext:
    loaded = LoadedSettings(changes.pop("settings", settings()), {"capital": "100usdc.yaml:5"}, "0123456789abcdef")
    made = PreflightContext(
        home=home,
        loaded=loaded,
        environment=environment,
        profile="100usdc",
        stage=Stage.USDC_100,
        open_reader=reader.opened,
        now_ns=reader.now,
        mono_ns=reader.now,
        alert_channels=("email", "dingtalk"),
    )
    return replace(made, **changes)


def run(made: PreflightContext) -> Checklist:
    return asyncio.run(run_preflight(made))


def item(made: PreflightContext, name: str) -> Item:
    return next(each for each in run(made).items if each.id == name)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"alert_channels": ()}, "no channel is configured"),
        ({"alert_problem": "MM_ALERTS_SMTP_USER is not set"}, "MM_ALERTS_SMTP_USER is not set"),
    ],
)
def test_without_channels_preflight_warns_and_blocks_on_mainnet(home: Home, changes: dict[str, Any], said: str) -> None:
    for environment, result in (("sim", Result.WARN), ("testnet", Result.WARN), ("mainnet", Result.FAIL)):
        found = item(context(home, FakeReader(), environment, **changes), "alerts")
        assert (found.result, found.refuses) == (result, environment == "mainnet")
        assert said in found.evidence


def test_one_channel_alone_is_warned_of(home: Home) -> None:
    found = item(context(home, FakeReader(), alert_channels=("email",)), "alerts")
    assert found.result is Result.WARN
    assert "email alone" in found.evidence


def test_everything_in_order_blocks_nothing(home: Home) -> None:
    checklist = run(context(home, FakeReader()))
    assert checklist.refusals == ()
    assert [each.id for each in checklist.items] == [
        "configuration",
        "stage",
        "operator",
        "alerts",
        "disk",
        "log_folder",
        "ledger",
        "lock",
        "stop_latch",
        "halts",
        "key",
        "key_permissions",
        "network",
        "clock",
        "funds",
        "other_holdings",
        "size",
        "spread",
        "expectation",
    ]
    refuse_blocking(checklist)


def test_the_plans_own_numbers_raise_exactly_three_warnings(home: Home) -> None:
    # Size below the minimum notional, spread below twice the fee and an edge, and what recorded data says.
    warned = {each.id: each.evidence for each in run(context(home, FakeReader())).warnings}
    assert set(warned) == {"size", "spread", "expectation"}
    assert "too small for the exchange's minimum of 5 USDC" in warned["size"]
    assert "base_spread 0.2 %, maker fee 0.1 % a side" in warned["spread"]
    assert "quotes 0.22 % instead" in warned["spread"]
    assert "-3.00 to -1.50 USDC a day" in warned["expectation"]


def test_a_wide_spread_without_fees_is_no_warning(home: Home) -> None:
    free = FakeReader(fees=FeeRates(Decimal(0), Decimal(0)))
    assert item(context(home, free), "spread").result is Result.OK


@pytest.mark.parametrize(
    ("environment", "trip_ms", "result", "blocks"),
    [
        ("testnet", 10, Result.OK, False),
        ("testnet", 11, Result.WARN, False),
        ("testnet", 500, Result.WARN, False),
        ("testnet", 501, Result.FAIL, True),
        ("sim", 501, Result.WARN, False),
    ],
)
def test_round_trips(home: Home, environment: str, trip_ms: int, result: Result, blocks: bool) -> None:
    found = item(context(home, FakeReader(trip_ns=trip_ms * 1_000_000), environment), "network")
    assert (found.result, found.refuses) == (result, blocks)


@pytest.mark.parametrize(("drift", "result"), [(500, Result.OK), (502, Result.FAIL), (-502, Result.FAIL)])
def test_clock_drift(home: Home, drift: int, result: Result) -> None:
    assert item(context(home, FakeReader(ahead_ms=drift)), "clock").result is result


def test_disk_blocks_except_on_sim(home: Home) -> None:
    wanting = settings(preflight={"free_disk_gb": 100_000})
    assert item(context(home, FakeReader(), "testnet", settings=wanting), "disk").refuses
    assert item(context(home, FakeReader(), "sim", settings=wanting), "disk").result is Result.WARN


def test_a_log_folder_that_is_a_file_blocks(home: Home) -> None:
    folder = home.environment("sim").log.parent
    folder.parent.mkdir(parents=True)
    folder.write_text("in the way")
    assert item(context(home, FakeReader()), "log_folder").refuses


def test_a_fresh_account_needs_the_capital(home: Home) -> None:
    assert item(context(home, FakeReader(held=account(USDC="100"))), "funds").result is Result.OK
    short = item(context(home, FakeReader(held=account(USDC="99.99"))), "funds")
    assert short.refuses
    assert "99.99 USDC free" in short.evidence


def test_a_known_account_needs_what_the_ledger_says_and_no_more(home: Home) -> None:
    known = KnownAccount("7", Decimal(65), Decimal("0.01"), (BalanceBaseline("ETH", 50_000_000),))
    enough = FakeReader(held=account(USDC="65", ETH="0.51"))
    assert item(context(home, enough, account=known), "funds").result is Result.OK
    # 0.5 ETH were there before and are not the bot's: without its own 0.01 ETH, 30 of 95 USDC are missing.
    gone = FakeReader(held=account(USDC="65", ETH="0.5"))
    assert item(context(home, gone, account=known), "funds").refuses
    # A fill the ledger has not seen yet turns cash into base: worth the same, so recovery is not blocked.
    unseen = FakeReader(held=account(USDC="59", ETH="0.512"))
    assert item(context(home, unseen, account=known), "funds").result is Result.OK


def test_another_account_than_the_ledgers_is_a_fresh_one(home: Home) -> None:
    known = KnownAccount("6", Decimal(10), Decimal(0))
    assert item(context(home, FakeReader(held=account(USDC="50")), account=known), "funds").refuses


def foreign(client_id: str) -> OrderReport:
    return OrderReport(client_id, "x1", "ETHUSDC", Side.SELL, "LIMIT", OrderStatus.OPEN, 310_000, 20, 0, 0, 0)


def test_what_is_not_the_bots_is_listed(home: Home) -> None:
    reader = FakeReader(
        held=account(USDC="100", ETH="0.51", BNB="1.5"), open=(foreign("by-hand"), foreign("mm-abc123-4"))
    )
    known = KnownAccount("7", Decimal(100), Decimal("0.005"), (BalanceBaseline("ETH", 50_000_000),))
    found = item(context(home, reader, account=known, own_prefix="mm-abc123-"), "other_holdings")
    assert found.result is Result.WARN
    assert not found.refuses
    for words in ("0.5 ETH", "1.5 BNB", "by-hand (SELL 0.0020 at 3100.00)", "1 own open orders", "+0.005 ETH against"):
        assert words in found.evidence
    assert "mm-abc123-4" not in found.evidence


def test_permissions_of_the_key(home: Home) -> None:
    def judged(environment: str, **changes: Any) -> Item:
        reader = FakeReader(permissions=replace(SAFE_KEY, **changes))
        return item(context(home, reader, environment), "key_permissions")

    assert judged("mainnet").result is Result.OK
    assert judged("mainnet", withdrawals=True).refuses
    assert judged("sim", withdrawals=True).result is Result.WARN
    assert judged("mainnet", ip_restricted=False).refuses
    assert judged("testnet", ip_restricted=False).result is Result.WARN
    assert judged("testnet", spot_trading=False).refuses


def test_a_key_with_too_many_rights_is_taken_for_a_reason_and_stays_loud(home: Home) -> None:
    def judged(accepted: KeyAcceptance) -> Item:
        reader = FakeReader(permissions=replace(SAFE_KEY, withdrawals=True, ip_restricted=False))
        return item(context(home, reader, "mainnet", key_accepted=accepted), "key_permissions")

    both = frozenset({"withdrawals", "any_address"})
    accepted = KeyAcceptance(both, "the desk's address changes", "Li Wei", datetime(2026, 11, 22, tzinfo=UTC))
    told = judged(accepted)
    assert not told.refuses
    assert told.evidence.startswith("AT RISK: the key may withdraw money and the key works from any address")
    assert "accepted on 2026-11-22 by Li Wei: the desk's address changes" in told.evidence
    assert judged(replace(accepted, flaws=frozenset({"any_address"}))).refuses, "what was not accepted is refused"


def test_an_account_that_may_not_trade_blocks(home: Home) -> None:
    assert item(context(home, FakeReader(held=account(can_trade=False, USDC="100"))), "key").refuses


@pytest.mark.parametrize(
    ("error", "name", "words"),
    [
        (CredentialsMissing("no key for testnet", "set it"), "key", "no key for testnet"),
        (AuthenticationRefused("-2015 Invalid API-key"), "key", "the key was refused on testnet"),
        (ExchangeError("connection refused"), "exchange", "connection refused"),
    ],
)
def test_without_the_exchange_the_rest_is_honestly_not_checked(
    home: Home, error: Exception, name: str, words: str
) -> None:
    checklist = run(context(home, FakeReader(error=error), "testnet"))  # type: ignore[arg-type]  # each is an MmError
    first = next(each for each in checklist.items if each.id == name)
    assert first.refuses
    assert words in first.evidence
    assert next(each for each in checklist.items if each.id == "funds").evidence.startswith("not checked")
    with pytest.raises(PreflightRefused, match="blocking"):
        refuse_blocking(checklist)


def test_a_running_bot_blocks(home: Home) -> None:
    files = home.environment("sim")
    files.make()
    with BotLock(files, "run-9"):
        found = item(context(home, FakeReader()), "lock")
    assert found.refuses
    assert "run-9" in found.evidence
    assert item(context(home, FakeReader()), "lock").result is Result.OK


def test_an_emergency_stop_blocks(home: Home) -> None:
    trip(home.environment("sim"))
    assert item(context(home, FakeReader()), "stop_latch").refuses
    assert item(context(home, FakeReader(), "testnet"), "stop_latch").result is Result.OK


def test_an_open_halt_blocks(home: Home) -> None:
    found = item(context(home, FakeReader(), halts=("daily_loss: lost 5.1 USDC",)), "halts")
    assert found.refuses
    assert "daily_loss" in found.evidence


def test_a_damaged_ledger_blocks(home: Home) -> None:
    ledger = home.environment("sim").ledger
    ledger.parent.mkdir(parents=True)
    ledger.write_bytes(b"SQLite format 3\x00" + b"\xff" * 4096)
    assert item(context(home, FakeReader()), "ledger").refuses


def test_an_unsafe_sqlite_blocks(home: Home) -> None:
    with old_sqlite():
        assert item(context(home, FakeReader()), "ledger").refuses


@contextmanager
def old_sqlite() -> Iterator[None]:
    with patch("mm.checklist.machine_checks.wal_is_safe", return_value=False):
        yield


def test_the_stage_blocks_a_profile_above_it_on_mainnet(home: Home) -> None:
    reader = FakeReader(permissions=SAFE_KEY)
    assert item(context(home, reader, "mainnet", stage=Stage.TESTNET), "stage").refuses
    assert item(context(home, reader, "mainnet"), "stage").result is Result.OK
    assert item(context(home, reader, "sim", stage=Stage.TESTNET), "stage").result is Result.OK


def test_nobody_on_duty_is_a_warning_on_mainnet_only(home: Home) -> None:
    nobody = settings(operator={"name": ""}, contacts={"backup": {}})
    found = item(context(home, FakeReader(permissions=SAFE_KEY), "mainnet", settings=nobody), "operator")
    assert found.result is Result.WARN
    assert "operator.name, contacts.backup" in found.evidence
    assert item(context(home, FakeReader(), "sim", settings=nobody), "operator").result is Result.OK


def test_a_size_that_cannot_be_traded_blocks(home: Home) -> None:
    tiny = settings(strategy={"max_inventory": "0.001"}, risk={"max_position": "0.001"})
    assert item(context(home, FakeReader(), settings=tiny), "size").refuses
