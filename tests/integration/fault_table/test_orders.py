"""Rows about requests, answers and reports of orders."""

from pathlib import Path

import pytest

from tests.integration.fault_table.playing import noted_orders, under


def test_request_time_out_connection_reset_5xx_1006_1007(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = noted_orders(monkeypatch)
    result = under(
        tmp_path,
        ("request-lost", "", "", "0.3"),
        ("answer-lost", "", "", "0.3"),
        ("connection-reset", "after", "", "0.3"),
        ("http-error", "503 executed", "", "0.3"),
        ("http-error", "502", "", "0.3"),
        ("error-code", "-1006 executed", "", "0.3"),
        ("error-code", "-1007 executed", "", "0.3"),
    )
    ids = [intent.client_id for intent in sent]
    assert len(ids) == len(set(ids)), "nothing is sent twice"
    assert result.orders <= len(ids)
    # A query that says -2013 too early ends no order.
    silent = (("answer-lost", "", "order.place"), ("events-lost", "", "account"))
    under(tmp_path, *silent, ("query-lies", "", "", "0.7"), together=True, rounds=3)


def test_429_418_403(tmp_path: Path) -> None:
    """That no request leaves inside the window is counted over the wire (test_manners)."""
    under(tmp_path, ("rate-limited", "10s"), ("banned", "60s"), ("firewall",))


def test_insufficient_balance_2010(tmp_path: Path) -> None:
    under(tmp_path, ("insufficient-balance", "", "", "0.7"))


def test_filter_refused_1013(tmp_path: Path) -> None:
    """That the rules are read once and the symbol is disabled then is counted over the wire (test_manners)."""
    under(tmp_path, ("filter-changed", "NOTIONAL=50"), ("filter-changed", "LOT_SIZE=0.001"))


def test_duplicate_or_reordered_execution_reports(tmp_path: Path) -> None:
    result = under(tmp_path, ("events-duplicated", "5s"), ("events-reordered", "5s"), ("events-late", "10s"), rounds=4)
    assert result.fills


def test_partial_fill_racing_a_cancel_2011(tmp_path: Path) -> None:
    result = under(
        tmp_path, ("cancel-lies", "unknown-order", "", "0.7"), ("cancel-lies", "canceled", "", "0.7"), rounds=4
    )
    assert result.fills


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MM_HOME", str(tmp_path))
