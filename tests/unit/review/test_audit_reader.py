import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from mm.domain.order import OrderReport, OrderStatus, Side
from mm.home import Home
from mm.ledger.queries import LedgerQueries
from mm.review.audit_reader import read_exchange
from tests.fakes.account_reader import FakeReader
from tests.fakes.prepared_ledger import prepare

PREFIX = "mm-abc123-"


def test_trades_are_read_page_by_page_and_unknown_orders_asked_for(
    mm_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mm.review.audit_reader.PAGE", 1)
    home = Home(mm_home)
    prepare(home)
    with LedgerQueries(home.environment("sim").ledger) as ledger:
        made = [replace(view.fill, client_id="") for view in ledger.fills()]
        strange = replace(made[0], trade_id=13, exchange_id="99")
        foreign = replace(made[0], trade_id=14, exchange_id="98")
        early = replace(made[0], trade_id=3, exchange_id="1", time_ms=made[0].time_ms - 3_600_000)
        order = OrderReport(PREFIX + "z", "99", "ETHUSDC", Side.BUY, "LIMIT", OrderStatus.FILLED, 1, 20, 20, 0, 0)
        reader = FakeReader(fills=(early, *made, strange, foreign), known={order.client_id: order})
        side = asyncio.run(read_exchange(reader, ledger, PREFIX, account_epoch=1))
    assert [fill.trade_id for fill in side.trades] == [11, 12, 13, 14]
    assert side.trade_orders == {"98": "", "99": order.client_id}
    assert list(side.orders) == [order]
