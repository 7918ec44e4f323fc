"""Binance's raw answers and events, as strings, to the domain's integers. ccxt's own parsing is not used.

ValueError, KeyError and TypeError mean that the message is not what the API documents; callers treat it as unreadable.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from mm.domain.fill import FeeRates, Fill
from mm.domain.instrument import UNITS, Instrument
from mm.domain.order import OrderReport, OrderStatus, Side
from mm.exchange.ccxt_adapter.grid import Grid, units
from mm.ports import Account, Balance, KeyPermissions

Raw = Mapping[str, Any]
FeeValue = Callable[[str, int, int, int], int | None]
"""`(asset, fee units, price in ticks, time in ms)` to the fee's worth in quote units, None when no price is known."""

STATUSES: Mapping[str, OrderStatus] = {
    "NEW": OrderStatus.OPEN,
    "PENDING_NEW": OrderStatus.OPEN,
    "PENDING_CANCEL": OrderStatus.OPEN,
    "PARTIALLY_FILLED": OrderStatus.OPEN,
    "FILLED": OrderStatus.FILLED,
    "CANCELED": OrderStatus.CANCELED,
    "REJECTED": OrderStatus.REJECTED,
    "EXPIRED": OrderStatus.EXPIRED,
    "EXPIRED_IN_MATCH": OrderStatus.EXPIRED,
}
_NO_LIMIT = Decimal(10) ** 12
"""Stands for "no such filter" where the domain wants a number."""


def order_report(raw: Raw, grid: Grid, fee_value: FeeValue) -> OrderReport:
    """An order from an answer or a query. A cancel's answer names the order in `origClientOrderId`."""
    client_id = str(raw.get("origClientOrderId") or raw["clientOrderId"])
    exchange_id = str(raw["orderId"])
    side = Side(raw["side"])
    at_ms = int(raw.get("transactTime") or raw.get("updateTime") or raw.get("time") or 0)
    fills = tuple(
        _fill(
            grid,
            fee_value,
            symbol=str(raw["symbol"]),
            trade_id=int(one["tradeId"]),
            exchange_id=exchange_id,
            client_id=client_id,
            buy=side is Side.BUY,
            price=one["price"],
            size=one["qty"],
            quote_units=units(one["price"]) * units(one["qty"]) // UNITS,
            fee=one["commission"],
            fee_asset=str(one["commissionAsset"]),
            maker=False,
            time_ms=at_ms,
        )
        for one in raw.get("fills") or ()
    )
    return OrderReport(
        client_id=client_id,
        exchange_id=exchange_id,
        symbol=str(raw["symbol"]),
        side=side,
        type=str(raw["type"]),
        status=STATUSES[raw["status"]],
        ticks=grid.ticks(raw["price"]),
        lots=grid.lots(raw["origQty"]),
        executed_lots=grid.lots(raw["executedQty"]),
        quote_units=max(0, units(raw.get("cummulativeQuoteQty", "0"))),
        updated_ms=at_ms,
        reason=str(raw.get("expiryReason") or ""),
        fills=fills,
        created_ms=int(raw.get("time") or 0),
    )


def trade(raw: Raw, grid: Grid, fee_value: FeeValue) -> Fill:
    """An own trade of `myTrades`, which does not tell the client order id."""
    return _fill(
        grid,
        fee_value,
        symbol=str(raw["symbol"]),
        trade_id=int(raw["id"]),
        exchange_id=str(raw["orderId"]),
        client_id="",
        buy=bool(raw["isBuyer"]),
        price=raw["price"],
        size=raw["qty"],
        quote_units=units(raw["quoteQty"]),
        fee=raw["commission"],
        fee_asset=str(raw["commissionAsset"]),
        maker=bool(raw["isMaker"]),
        time_ms=int(raw["time"]),
    )


def execution_report(raw: Raw, grid: Grid, fee_value: FeeValue) -> tuple[OrderReport, Fill | None]:
    """The user stream's `executionReport`: the order, and the fill when it tells one.

    `C` is the order's own id when the event was caused by a request with an id of its own (a cancel).
    """
    original = raw.get("C")
    client_id = str(original if original and original != "null" else raw["c"])
    exchange_id = str(raw["i"])
    side = Side(raw["S"])
    report = OrderReport(
        client_id=client_id,
        exchange_id=exchange_id,
        symbol=str(raw["s"]),
        side=side,
        type=str(raw["o"]),
        status=STATUSES[raw["X"]],
        ticks=grid.ticks(raw["p"]),
        lots=grid.lots(raw["q"]),
        executed_lots=grid.lots(raw["z"]),
        quote_units=units(raw["Z"]),
        updated_ms=int(raw["T"]),
        reason="" if raw.get("r") in (None, "NONE") else str(raw["r"]),
    )
    if raw["x"] != "TRADE":
        return report, None
    fill = _fill(
        grid,
        fee_value,
        symbol=report.symbol,
        trade_id=int(raw["t"]),
        exchange_id=exchange_id,
        client_id=client_id,
        buy=side is Side.BUY,
        price=raw["L"],
        size=raw["l"],
        quote_units=units(raw["Y"]),
        fee=raw.get("n") or "0",
        fee_asset=str(raw.get("N") or ""),
        maker=bool(raw["m"]),
        time_ms=report.updated_ms,
    )
    return report, fill


def _fill(
    grid: Grid,
    fee_value: FeeValue,
    *,
    symbol: str,
    trade_id: int,
    exchange_id: str,
    client_id: str,
    buy: bool,
    price: str,
    size: str,
    quote_units: int,
    fee: str,
    fee_asset: str,
    maker: bool,
    time_ms: int,
) -> Fill:
    ticks, fee_units = grid.ticks(price), units(fee)
    return Fill(
        symbol=symbol,
        trade_id=trade_id,
        exchange_id=exchange_id,
        client_id=client_id,
        buy=buy,
        ticks=ticks,
        lots=grid.lots(size),
        quote_units=quote_units,
        fee_units=fee_units,
        fee_asset=fee_asset,
        fee_quote_units=fee_value(fee_asset, fee_units, ticks, time_ms),
        maker=maker,
        time_ms=time_ms,
    )


def balance(asset: str, free: str, locked: str) -> Balance:
    return Balance(asset, units(free), units(locked))


def account(raw: Raw, always: Sequence[str]) -> Account:
    """Balances that are not zero, and those of the assets in `always` in any case."""
    balances = {str(one["asset"]): balance(str(one["asset"]), one["free"], one["locked"]) for one in raw["balances"]}
    kept = [one for one in balances.values() if one.free_units or one.locked_units or one.asset in always]
    kept += [Balance(asset, 0, 0) for asset in always if asset not in balances]
    return Account(str(raw["uid"]), bool(raw["canTrade"]), tuple(kept))


def fee_rates(raw: Raw) -> tuple[FeeRates, str]:
    """Rates of `account/commission` and the asset that pays with a discount ("" when that is off).

    Standard, special and tax commission add up; the discount is left out, since the asset may run out.
    """
    parts = [raw[name] for name in ("standardCommission", "specialCommission", "taxCommission") if raw.get(name)]
    if not parts:
        raise KeyError("standardCommission")
    maker = sum((Decimal(part["maker"]) for part in parts), Decimal(0))
    taker = sum((Decimal(part["taker"]) for part in parts), Decimal(0))
    discount = raw.get("discount") or {}
    on = bool(discount.get("enabledForAccount")) and bool(discount.get("enabledForSymbol"))
    return FeeRates(maker, taker, on), str(discount.get("discountAsset") or "") if on else ""


def instrument(raw: Raw) -> Instrument:
    """One symbol of exchangeInfo with its filters."""
    filters = {one["filterType"]: one for one in raw["filters"]}
    price, lot = filters["PRICE_FILTER"], filters["LOT_SIZE"]
    notional = filters.get("NOTIONAL") or filters.get("MIN_NOTIONAL") or {}
    step = units(lot["stepSize"])
    up, down = _price_range(filters)
    return Instrument(
        symbol=str(raw["symbol"]),
        base=str(raw["baseAsset"]),
        quote=str(raw["quoteAsset"]),
        tick_size=_plain(Decimal(price["tickSize"])),
        lot_size=_plain(Decimal(lot["stepSize"])),
        min_lots=-(-units(lot["minQty"]) // step),
        max_lots=units(lot["maxQty"]) // step,
        min_notional=_plain(Decimal(notional.get("minNotional", "0"))),
        max_notional=_plain(Decimal(notional.get("maxNotional", _NO_LIMIT))),
        max_open_orders=int(filters.get("MAX_NUM_ORDERS", {}).get("maxNumOrders", 200)),
        price_up=up,
        price_down=down,
    )


def _price_range(filters: Mapping[str, Raw]) -> tuple[Decimal, Decimal]:
    by_side, plain = filters.get("PERCENT_PRICE_BY_SIDE"), filters.get("PERCENT_PRICE")
    if by_side:
        up = max(Decimal(by_side["bidMultiplierUp"]), Decimal(by_side["askMultiplierUp"]))
        down = min(Decimal(by_side["bidMultiplierDown"]), Decimal(by_side["askMultiplierDown"]))
        return _plain(up), _plain(down)
    if plain:
        return _plain(Decimal(plain["multiplierUp"])), _plain(Decimal(plain["multiplierDown"]))
    return Decimal(0), Decimal(0)


def _plain(value: Decimal) -> Decimal:
    """Without trailing zeros and without an exponent: 0.01000000 is 0.01, 1E+2 is 100."""
    return Decimal(f"{value.normalize():f}")


def key_permissions(raw: Raw) -> KeyPermissions:
    return KeyPermissions(
        ip_restricted=bool(raw["ipRestrict"]),
        reading=bool(raw["enableReading"]),
        spot_trading=bool(raw["enableSpotAndMarginTrading"]),
        withdrawals=bool(raw["enableWithdrawals"]),
    )
