"""Raw answers to the domain's nouns."""

from decimal import Decimal
from typing import Any

import pytest

from mm.domain.order import OrderStatus
from mm.exchange.ccxt_adapter import mapping
from mm.exchange.ccxt_adapter.fee_price import FeePrice
from tests.unit.exchange.ccxt_adapter.test_grid import GRID

FEES = FeePrice(GRID.instrument)

SYMBOL: dict[str, Any] = {
    "symbol": "ETHUSDC",
    "baseAsset": "ETH",
    "quoteAsset": "USDC",
    "filters": [
        {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01000000"},
        {"filterType": "LOT_SIZE", "minQty": "0.00100000", "maxQty": "9000.00000000", "stepSize": "0.00010000"},
    ],
}
REPORT: dict[str, Any] = {
    "e": "executionReport", "s": "ETHUSDC", "c": "mine", "C": "", "S": "SELL", "o": "LIMIT_MAKER", "q": "0.0100",
    "p": "3000.00", "x": "TRADE", "X": "PARTIALLY_FILLED", "r": "NONE", "i": 5, "l": "0.0040", "z": "0.0060",
    "L": "3000.00", "n": "0.00009000", "N": "BNB", "T": 77, "t": 12, "m": True, "Z": "18.0", "Y": "12.0",
}  # fmt: skip


def with_filters(*filters: dict[str, Any]) -> dict[str, Any]:
    return {**SYMBOL, "filters": [*SYMBOL["filters"], *filters]}


def test_instrument_with_the_newer_notional_filter() -> None:
    found = mapping.instrument(
        with_filters(
            {"filterType": "NOTIONAL", "minNotional": "5.00000000", "maxNotional": "9000000.00000000"},
            {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 150},
            {
                "filterType": "PERCENT_PRICE_BY_SIDE",
                "bidMultiplierUp": "1.5",
                "bidMultiplierDown": "0.2",
                "askMultiplierUp": "5",
                "askMultiplierDown": "0.5",
            },
        )
    )
    assert (found.min_notional, found.max_notional) == (Decimal(5), Decimal(9000000))
    assert (found.min_lots, found.max_lots, found.max_open_orders) == (10, 90_000_000, 150)
    assert (found.price_up, found.price_down) == (Decimal(5), Decimal("0.2"))
    assert str(found.max_notional) == "9000000"
    assert (str(found.tick_size), str(found.lot_size)) == ("0.01", "0.0001")


def test_instrument_with_the_older_notional_filter_and_no_price_range() -> None:
    found = mapping.instrument(with_filters({"filterType": "MIN_NOTIONAL", "minNotional": "10.00000000"}))
    assert found.min_notional == Decimal(10)
    assert found.max_notional > Decimal(10) ** 9
    assert (found.price_up, found.price_down) == (Decimal(0), Decimal(0))


def test_every_status_of_binance_is_known() -> None:
    names = "NEW PENDING_NEW PARTIALLY_FILLED FILLED CANCELED PENDING_CANCEL REJECTED EXPIRED EXPIRED_IN_MATCH"
    assert set(mapping.STATUSES) == set(names.split())


def test_a_fill_in_the_user_stream() -> None:
    report, fill = mapping.execution_report(REPORT, GRID, FEES)
    assert (report.client_id, report.status, report.executed_lots) == ("mine", OrderStatus.OPEN, 60)
    assert fill is not None
    assert (fill.lots, fill.quote_units, fill.fee_units, fill.fee_asset) == (40, 1_200_000_000, 9_000, "BNB")
    assert (fill.buy, fill.maker, fill.trade_id, fill.fee_quote_units) == (False, True, 12, None)


@pytest.mark.parametrize("other", ["", None, "null"])
def test_the_orders_own_id_when_no_original_is_told(other: str | None) -> None:
    report, fill = mapping.execution_report({**REPORT, "C": other, "x": "NEW", "X": "NEW"}, GRID, FEES)
    assert (report.client_id, fill) == ("mine", None)


def test_the_original_id_when_a_request_of_another_id_caused_it() -> None:
    report, _ = mapping.execution_report(
        {**REPORT, "c": "web", "C": "mine", "x": "CANCELED", "X": "CANCELED"}, GRID, FEES
    )
    assert (report.client_id, report.status) == ("mine", OrderStatus.CANCELED)


def test_fee_rates_add_up_all_commissions() -> None:
    raw: dict[str, Any] = {
        "standardCommission": {"maker": "0.00100000", "taker": "0.00110000"},
        "specialCommission": {"maker": "0.00010000", "taker": "0"},
        "taxCommission": {"maker": "0.00000001", "taker": "0.00000002"},
        "discount": {"enabledForAccount": True, "enabledForSymbol": True, "discountAsset": "BNB", "discount": "0.75"},
    }
    rates, third = mapping.fee_rates(raw)
    assert (rates.maker, rates.taker) == (Decimal("0.00110001"), Decimal("0.00110002"))
    assert (rates.in_third_asset, third) == (True, "BNB")
    raw["discount"]["enabledForSymbol"] = False
    rates, third = mapping.fee_rates(raw)
    assert (rates.in_third_asset, third) == (False, "")


def test_a_third_assets_fee_is_valued_at_the_price_of_its_time() -> None:
    fees = FeePrice(GRID.instrument, "BNB")
    assert fees("BNB", 1000, 300000, 5_000) is None
    fees.told(Decimal("612.34"), 5_000)
    assert fees("BNB", 1000, 300000, 6_000) == 612_340
    assert fees("BNB", 1000, 300000, 5_000 + 3_600_001) is None
    assert fees("DOGE", 1000, 300000, 6_000) is None
    assert fees("USDC", 1000, 300000, 6_000) == 1000
    assert fees("ETH", 1000, 300050, 6_000) == 3_000_500
    assert fees("", 0, 300000, 6_000) == 0


def test_key_permissions() -> None:
    raw = {"ipRestrict": True, "enableReading": True, "enableSpotAndMarginTrading": False, "enableWithdrawals": True}
    found = mapping.key_permissions(raw)
    assert (found.ip_restricted, found.reading, found.spot_trading, found.withdrawals) == (True, True, False, True)
