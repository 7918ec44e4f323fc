"""What readers see: exact, filtered, and never able to write."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import insert

from mm.domain.actions import RecordOrder, RecordRefusal, RecordState
from mm.domain.errors import LedgerError
from mm.domain.instrument import UNITS
from mm.domain.order import OrderStatus, Side
from mm.domain.records import CapitalFlow, Heartbeat, Latency, RunStart
from mm.domain.risk import TradingState
from mm.ledger import recovery, schema, statements
from mm.ledger.ledger import SqliteLedger
from mm.ledger.queries import LedgerQueries
from mm.ledger.reading import ANY_EPOCH
from mm.ledger.recording import Recordable
from tests.unit.ledger.making import (
    BERLIN,
    CLOSE,
    HOUR,
    SECOND,
    START,
    a_fill,
    a_run,
    an_intent,
    at,
    equity,
    seen,
)


def record(path: Path, run: RunStart, rows: Sequence[tuple[int, Recordable]], intents: Sequence[int] = ()) -> None:
    async def scenario() -> None:
        ledger = SqliteLedger.open(path, on_failure=pytest.fail, inline=True)
        await ledger.begin_run(run, [])
        if intents:
            await ledger.commit_intents([an_intent(seq) for seq in intents])
        for moment, row in rows:
            ledger.record(moment, [row])
        await ledger.flush()
        await ledger.close()

    asyncio.run(scenario())


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    record(path, a_run(), [])
    with LedgerQueries(path) as queries, pytest.raises(LedgerError, match="readonly"):
        queries.all_rows(insert(schema.meta).values(key="x", value="y").returning(schema.meta.c.key))  # type: ignore[arg-type]  # the point of the test


def test_a_missing_ledger_is_not_made_by_reading(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="there is no ledger"):
        LedgerQueries(tmp_path / "ledger.db")
    assert list(tmp_path.iterdir()) == []


def test_fills_by_account_time_and_number_with_their_one_json_shape(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    record(path, a_run(), [(at(START), seen(a_fill(number, fee=2000))) for number in (3, 1, 2)])
    with LedgerQueries(path) as queries:
        assert [fill.fill.trade_id for fill in queries.fills()] == [1, 2, 3]
        assert [fill.fill.trade_id for fill in queries.fills(last=2)] == [2, 3]
        between = queries.fills(start=START + timedelta(seconds=2), end=START + timedelta(seconds=3))
        assert [fill.fill.trade_id for fill in between] == [2]
        assert queries.fills(run_id="run-9") == []
        assert queries.fills()[0].mid == Decimal("3000.005")
        assert queries.fills()[0].as_json() == {
            "trade_id": 1,
            "order_id": "x1",
            "client_order_id": "",
            "symbol": "ETHUSDC",
            "side": "BUY",
            "price": "3000.00",
            "size": "0.0020",
            "quote": "6.00000000",
            "fee": "0.00002000",
            "fee_asset": "ETH",
            "maker": True,
            "time": "2026-11-10T09:00:01.000Z",
        }
    record(path, a_run("run-2", account_epoch=2, uid="u2"), [(at(START), seen(a_fill(1)))])
    with LedgerQueries(path) as queries:
        assert queries.account_epoch() == 2
        assert len(queries.fills()) == 1
        assert len(queries.fills(account_epoch=1)) == 3
        assert len(queries.fills(account_epoch=ANY_EPOCH)) == 4


def test_status_is_the_last_word(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    rows: list[tuple[int, Recordable]] = [
        (at(START), RecordOrder(an_intent(1).client_id, OrderStatus.OPEN, "x1", 0, "place")),
        (at(START), RecordOrder(an_intent(2).client_id, OrderStatus.UNKNOWN, "", 0, "place")),
        (at(START), RecordOrder(an_intent(3).client_id, OrderStatus.CANCELED, "x3", 0, "cancel")),
        (at(START), equity(99 * UNITS)),
        (at(START) + SECOND, equity(101 * UNITS)),
        (0, Heartbeat(at(START) + SECOND, "ACTIVE", 1.5, 1000, 0.25, 1, 1)),
        (at(START), RecordState(TradingState.HALTED, TradingState.ACTIVE, ("reconciled",))),
        (at(START), seen(a_fill(1))),
    ]
    record(path, a_run(), rows, intents=(1, 2, 3, 4))
    with LedgerQueries(path) as queries:
        status = queries.status()
        assert status is not None
        assert status.equity is not None
        assert status.heartbeat is not None
        assert (status.trading_state, status.causes) == ("ACTIVE", ("reconciled",))
        assert status.equity.equity == Decimal("101.00000000")
        assert status.heartbeat.at == START + timedelta(seconds=1)
        assert (status.open_orders, status.unknown_orders, status.pending_orders, status.fills) == (1, 1, 1, 1)
        assert [order.client_id for order in queries.live_orders()] == [an_intent(n).client_id for n in (1, 2, 4)]
    record(path, a_run("run-2"), [])
    with LedgerQueries(path) as queries:
        status = queries.status()
        assert status is not None
        assert (status.run.run_id, status.trading_state, status.heartbeat) == ("run-2", "HALTED", None)


def test_refusals_and_latencies_come_back_in_their_units(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    refusal = RecordRefusal("max_position", Side.BUY, 300_000, 20, "0.05", "0.0512", "ETH")
    rows: list[tuple[int, Recordable]] = [
        (at(START), refusal),
        (0, Latency(at(START), "place", 1500)),
        (0, Latency(at(START) + HOUR, "place", 1600)),
        (0, Latency(at(START), "commit", 300)),
    ]
    record(path, a_run(), rows)
    with LedgerQueries(path) as queries:
        (event,) = queries.risk_events(kinds=("refusal",))
        assert (event.code, event.side, event.price, event.size) == (
            "max_position",
            "BUY",
            Decimal("3000.00"),
            Decimal("0.0020"),
        )
        assert (event.limit, event.would_be, event.unit) == ("0.05", "0.0512", "ETH")
        assert [latency.micros for latency in queries.latencies("place")] == [1500, 1600]
        assert [latency.micros for latency in queries.latencies("place", end=START + timedelta(hours=1))] == [1500]
        assert queries.risk_events(kinds=("state",)) == []


def test_pnl_by_trading_day_adds_up_exactly(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    close = datetime(2026, 11, 10, 21, 0, tzinfo=UTC)  # 22:00 in Berlin
    buy = a_fill(1, lots=100, ticks=300_000, fee=10_000, moment=at(close) - HOUR)
    sell = a_fill(2, buy=False, lots=40, ticks=310_000, fee=124_000, moment=at(close) + HOUR)
    rows: list[tuple[int, Recordable]] = [
        (at(close) - HOUR, seen(buy)),
        (at(close) - SECOND, equity(0, bid=301_000)),
        (at(close) + HOUR, seen(sell)),
        (0, CapitalFlow(at(close) + 2 * HOUR, "USDC", 50 * UNITS, 50 * UNITS, "deposit")),
        (at(close) + 30 * HOUR, equity(0, bid=305_000)),
    ]
    record(path, a_run(), rows)
    with LedgerQueries(path) as queries:
        days = queries.pnl_by_day(CLOSE, BERLIN)
        assert [day.day for day in days] == [date(2026, 11, 10), date(2026, 11, 11), date(2026, 11, 12)]
        first, second, third = days
        # 0.01 ETH for 30 USDC less 0.0001 ETH fee; marked at 3010: 0.0099 × 3010 = 29.799.
        assert (first.equity_start, first.equity_end) == (Decimal(100), Decimal("99.799"))
        assert (first.realised, first.unrealised, first.total) == (Decimal(0), Decimal("-0.201"), Decimal("-0.201"))
        assert (first.fees, first.volume, first.flows) == (Decimal("0.3"), Decimal(30), Decimal(0))
        assert first.fills == 1
        # 0.004 ETH of 0.0099 sold at 3100 = 12.4 less 0.00124; their cost 30 × 40/99 = 12.12121212.
        assert second.realised == Decimal("12.4") - Decimal("0.00124") - Decimal("12.12121212")
        assert second.flows == 50
        assert second.equity_end == Decimal(70) + 50 + Decimal("12.39876") + Decimal("0.0059") * 3010
        assert second.total == second.equity_end - first.equity_end - 50
        assert third.fills == 0
        assert (third.realised, third.total) == (Decimal(0), Decimal("0.0059") * 40)
        assert [day.partial for day in days] == [True, False, True]
        assert sum(day.realised + day.unrealised + day.flows for day in days) == third.equity_end - first.equity_start
        assert [day.day for day in queries.pnl_by_day(CLOSE, BERLIN, start=close, end=close + timedelta(hours=1))] == [
            date(2026, 11, 11)
        ]


def test_equity_between_two_moments_uses_the_index(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    record(path, a_run(), [(at(START) + number * SECOND, equity(number * UNITS)) for number in range(10)])
    with LedgerQueries(path) as queries:
        rows = queries.equity(start=START + timedelta(seconds=3), end=START + timedelta(seconds=5))
        assert [row.equity for row in rows] == [3, 4]
        plan = queries.driver_connection().execute("EXPLAIN QUERY PLAN SELECT * FROM equity WHERE at >= 1 AND at < 2")
        assert "equity_at" in plan.fetchone()[3]


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (statements.CLIENT_ID_OF, "orders_exchange_id"),
        (recovery._LIVE, "orders_live"),
        (recovery._EQUITY_BEFORE, "equity_at"),
        (recovery._LAST_PEAK, "SCAN e'"),
    ],
)
def test_what_runs_on_every_fill_and_start_uses_its_index(tmp_path: Path, statement: str, index: str) -> None:
    path = tmp_path / "ledger.db"
    record(path, a_run(), [])
    with LedgerQueries(path) as queries:
        values = (1,) * statement.count("?")
        plan = queries.driver_connection().execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
    assert index in str(plan), plan


def test_a_reader_sees_one_moment_while_the_bot_writes(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"

    async def scenario() -> None:
        ledger = SqliteLedger.open(path, on_failure=pytest.fail)
        await ledger.begin_run(a_run(), [])
        with LedgerQueries(path) as queries, queries.one_moment():
            assert queries.fills() == []
            ledger.record(at(START), [seen(a_fill(1))])
            await ledger.flush()
            assert queries.fills() == []
        with LedgerQueries(path) as queries:
            assert len(queries.fills()) == 1
        await ledger.close()

    asyncio.run(scenario())
