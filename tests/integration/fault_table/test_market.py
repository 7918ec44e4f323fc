"""Rows about the market, the streams and the exchange as a whole."""

from pathlib import Path

import pytest

from tests.integration import test_faults_virtual as virtual
from tests.integration.fault_table.playing import noted_orders, under
from tests.unit.runner import test_loop as loop

START_PRICE = 300_000
"""Ticks of the generated market's first price; `calm` stays within a per cent of it for the minutes of a test."""


def test_clock_skew_1021_time_step(tmp_path: Path) -> None:
    under(tmp_path, ("clock-skew", "+1500ms"), ("clock-skew", "-1500ms"), ("clock-skew", "+10ms/s"))
    loop.test_a_clock_set_backwards_begins_no_day_again_and_delays_nothing()
    for step, confirmed in ((loop.DAY_NS, False), (loop.DAY_NS, True)):
        loop.test_a_clock_set_forwards_begins_the_new_day_once_if_the_exchange_agrees(step, confirmed)


def test_fills_missed_while_the_stream_was_down(tmp_path: Path) -> None:
    virtual.test_fills_missed_while_the_streams_were_down_are_read_afterwards(tmp_path)
    under(tmp_path, ("events-lost", "", "account", "0.9"), ("stream-close", "", "account"), rounds=4)


def test_gap_in_depth_updates(tmp_path: Path) -> None:
    under(tmp_path, ("depth-gap", "", "", "0.3"), rounds=4)


def test_stale_feed(tmp_path: Path) -> None:
    under(tmp_path, ("stream-silence", "pings"), ("stream-silence", "no-pings"), ("stale-book",))


def test_crossed_or_locked_book_price_gap_flash_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = noted_orders(monkeypatch)
    # Each gap of a per cent opens the breaker: what the bot does after it must be seen too.
    monkeypatch.setenv("MM__RISK__CIRCUIT_BREAKER__TIMEOUT", "30s")
    gaps = [("price-gap", value) for value in ("5%", "-5%", "-20%", "0.5%")]
    under(tmp_path, ("crossed-book",), ("locked-book",), *gaps, scenario="calm")
    assert all(abs(intent.ticks / START_PRICE - 1) < 0.03 for intent in sent), "no price outside the collar"
    under(tmp_path, ("price-gap", "-20%"), scenario="flash-crash")


def test_exchange_maintenance_cancel_only_mode_stream_shutdown_notice(tmp_path: Path) -> None:
    """That only cancels are sent meanwhile is counted over the wire (test_manners)."""
    under(tmp_path, ("maintenance",), ("cancel-only",), ("shutdown-notice", "10s"), rounds=3)


def test_testnet_wiped(tmp_path: Path) -> None:
    """The oracle keeps the money of each account apart; on mainnet a wiped account is refused (test_startup)."""
    result = under(tmp_path, ("wipe",), rounds=2, restarts=True)
    assert result.accounts == 3, "a new account epoch after each"


def test_key_revoked_or_of_the_wrong_environment(tmp_path: Path) -> None:
    """At most three refused authentications: counted over the wire (test_manners)."""
    result = under(tmp_path, ("key-revoked",))
    assert "authentication" in result.resumes, "it halts, and a person resumes"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MM_HOME", str(tmp_path))
    monkeypatch.setattr("mm.exchange.venue.in_process._STEP_SECONDS", 0.25)
