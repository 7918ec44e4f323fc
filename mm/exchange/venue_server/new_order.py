"""Requests for new orders as they come from the wire, and how many of them an account may still place."""

from collections.abc import Iterator
from contextlib import contextmanager

from mm.exchange.venue.views import NewOrder, NewPair
from mm.exchange.venue_server import api_error
from mm.exchange.venue_server.api_error import ApiError
from mm.exchange.venue_server.parameters import Parameters
from mm.exchange.venue_server.served import Served

SIDES = frozenset({"BUY", "SELL"})
TYPES = frozenset(
    {"LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"}
)
_TIMES_IN_FORCE = frozenset({"GTC", "IOC", "FOK"})
_ANSWERS = frozenset({"ACK", "RESULT", "FULL"})
_FULL_BY_DEFAULT = frozenset({"LIMIT", "MARKET"})
_TRAILING = "Trailing stop orders are not supported for this symbol."
_PEGGED = "Pegged orders are not supported for this symbol."
PEGS = "pegPriceType pegOffsetType pegOffsetValue"
TAKES = (
    "symbol side type timeInForce quantity quoteOrderQty price newClientOrderId strategyId strategyType "
    f"stopPrice trailingDelta icebergQty newOrderRespType selfTradePreventionMode {PEGS}"
)


def new_order(parameters: Parameters) -> NewOrder:
    symbol = parameters.symbol()
    side = parameters.one_of("side", SIDES, ApiError(-1117, "Invalid side."))
    kind = parameters.one_of("type", TYPES, ApiError(-1116, "Invalid orderType."))
    refuse_unsupported(parameters, "trailingDelta", PEGS.split())
    return NewOrder(
        symbol=symbol,
        side=side,
        type=kind,
        quantity=parameters.decimal("quantity"),
        price=parameters.decimal("price"),
        time_in_force=_time_in_force(parameters, "timeInForce"),
        quote_quantity=parameters.decimal("quoteOrderQty"),
        client_id=parameters.client_id("newClientOrderId"),
        self_trade=parameters.optional("selfTradePreventionMode"),
        stop_price=parameters.decimal("stopPrice"),
        iceberg=parameters.decimal("icebergQty"),
        strategy_id=parameters.integer("strategyId"),
        strategy_type=parameters.integer("strategyType"),
    )


def refuse_unsupported(parameters: Parameters, trailing: str, pegs: list[str]) -> None:
    """Raises -2010 for a trailing stop or a pegged order."""
    if trailing in parameters:
        raise ApiError(-2010, _TRAILING)
    if any(name in parameters for name in pegs):
        raise ApiError(-2010, _PEGGED)


def answer_type(parameters: Parameters, kind: str) -> str:
    """newOrderRespType, or what Binance answers for this order type."""
    asked = parameters.choice("newOrderRespType", _ANSWERS, api_error.invalid("newOrderRespType"))
    return asked or ("FULL" if kind in _FULL_BY_DEFAULT else "ACK")


@contextmanager
def counted(served: Served, uid: int, orders: int = 1) -> Iterator[None]:
    """Counts the orders placed inside as unfilled. Raises -1015 when there are too many; refused ones do not count.

    Counted before they are placed: a fill that comes at once gives the count back.
    """
    limit, now_ms = served.order_limit(uid), served.now_ms()
    limit.check(now_ms)
    for _ in range(orders):
        limit.placed(now_ms)
    try:
        yield
    except Exception:
        for _ in range(orders):
            limit.withdrawn(now_ms)
        raise


# --- pairs --------------------------------------------------------------------------------


def _leg_takes(leg: str) -> str:
    names = "Type ClientOrderId IcebergQty Price StopPrice TrailingDelta TimeInForce StrategyId StrategyType"
    pegs = "PegPriceType PegOffsetType PegOffsetValue"
    return " ".join(leg + name for name in f"{names} {pegs}".split())


PAIR_TAKES = (
    "symbol listClientOrderId side quantity newOrderRespType selfTradePreventionMode "
    f"{_leg_takes('above')} {_leg_takes('below')}"
)
OLD_PAIR_TAKES = (
    "symbol listClientOrderId side quantity limitClientOrderId price limitStrategyId limitStrategyType limitIcebergQty "
    "trailingDelta stopClientOrderId stopPrice stopStrategyId stopStrategyType stopLimitPrice stopIcebergQty "
    "stopLimitTimeInForce newOrderRespType selfTradePreventionMode"
)


def new_pair(parameters: Parameters) -> NewPair:
    """orderList/oco."""
    return NewPair(
        above=_leg(parameters, "above"),
        below=_leg(parameters, "below"),
        client_id=parameters.client_id("listClientOrderId"),
    )


def _leg(parameters: Parameters, leg: str) -> NewOrder:
    symbol = parameters.symbol()
    side = parameters.one_of("side", SIDES, ApiError(-1117, "Invalid side."))
    kind = parameters.one_of(f"{leg}Type", TYPES, ApiError(-1116, "Invalid orderType."))
    refuse_unsupported(
        parameters, f"{leg}TrailingDelta", [f"{leg}{name}" for name in ("PegPriceType", "PegOffsetType")]
    )
    force = _time_in_force(parameters, f"{leg}TimeInForce")
    iceberg = parameters.decimal(f"{leg}IcebergQty")
    if iceberg and force not in {None, "GTC"}:
        raise ApiError(-1160, f"Parameter '{leg}IcebergQty' is not supported if '{leg}TimeInForce' is not GTC.")
    return NewOrder(
        symbol=symbol,
        side=side,
        type=kind,
        quantity=parameters.decimal("quantity"),
        price=parameters.decimal(f"{leg}Price"),
        time_in_force=force,
        client_id=parameters.client_id(f"{leg}ClientOrderId"),
        self_trade=parameters.optional("selfTradePreventionMode"),
        stop_price=parameters.decimal(f"{leg}StopPrice"),
        iceberg=iceberg,
        strategy_id=parameters.integer(f"{leg}StrategyId"),
        strategy_type=parameters.integer(f"{leg}StrategyType"),
    )


def old_pair(parameters: Parameters) -> NewPair:
    """order/oco, deprecated: a LIMIT_MAKER, and a STOP_LOSS_LIMIT where stopLimitPrice is sent, else a STOP_LOSS."""
    symbol = parameters.symbol()
    side = parameters.one_of("side", SIDES, ApiError(-1117, "Invalid side."))
    refuse_unsupported(parameters, "trailingDelta", [])
    quantity, self_trade = parameters.decimal("quantity"), parameters.optional("selfTradePreventionMode")
    stop_limit = parameters.decimal("stopLimitPrice")
    limit = NewOrder(
        symbol=symbol,
        side=side,
        type="LIMIT_MAKER",
        quantity=quantity,
        price=parameters.decimal("price"),
        client_id=parameters.client_id("limitClientOrderId"),
        self_trade=self_trade,
        iceberg=parameters.decimal("limitIcebergQty"),
        strategy_id=parameters.integer("limitStrategyId"),
        strategy_type=parameters.integer("limitStrategyType"),
    )
    stop = NewOrder(
        symbol=symbol,
        side=side,
        type="STOP_LOSS" if stop_limit is None else "STOP_LOSS_LIMIT",
        quantity=quantity,
        price=stop_limit,
        time_in_force=_time_in_force(parameters, "stopLimitTimeInForce"),
        client_id=parameters.client_id("stopClientOrderId"),
        self_trade=self_trade,
        stop_price=parameters.decimal("stopPrice"),
        iceberg=parameters.decimal("stopIcebergQty"),
        strategy_id=parameters.integer("stopStrategyId"),
        strategy_type=parameters.integer("stopStrategyType"),
    )
    above, below = (stop, limit) if side == "BUY" else (limit, stop)
    return NewPair(above=above, below=below, client_id=parameters.client_id("listClientOrderId"))


def _time_in_force(parameters: Parameters, name: str) -> str | None:
    return parameters.choice(name, _TIMES_IN_FORCE, ApiError(-1115, "Invalid timeInForce."))
