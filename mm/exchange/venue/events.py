"""What the venue tells its listeners, after the change is durable, in the order it happened."""

from collections.abc import Callable
from decimal import Decimal

from mm.domain.value import value
from mm.exchange.venue.views import BalanceView, BookTicker, PublicTrade


@value(frozen=True, slots=True, kw_only=True)
class ExecutionReport:
    """Everything Binance's executionReport holds. `execution` NEW TRADE CANCELED EXPIRED TRADE_PREVENTION REPLACED.

    `client_id` is the wire's `c`; `orig_client_id` its `C`, filled on cancels only (then `c` is the cancel's id).
    `last_*` and `commission*` describe the fill of a TRADE, else 0 and None; `trade_id` -1 without a trade.
    `created_ms` is `O`, `time_ms` both `T` and `E`, `working_ms` `W`, `is_on_book` `w`, `is_maker` `m`.
    `stop_price` is `P`, `iceberg` `F`, `list_id` `g`, `expiry_reason` `eR`. Of prevented self-trades: `prevented` is
    `A` and `prevented_match` `v` (-1 without), and of this very one (TRADE_PREVENTION) `last_prevented` `B`,
    `counter_order_id` `U`, `prevented_quantity` `pl`, `prevented_price` `pL`.
    """

    uid: int
    symbol: str
    execution: str
    status: str
    order_id: int
    client_id: str
    orig_client_id: str
    side: str
    type: str
    time_in_force: str
    price: Decimal
    quantity: Decimal
    quote_quantity: Decimal
    executed: Decimal
    quote_executed: Decimal
    last_price: Decimal
    last_quantity: Decimal
    last_quote: Decimal
    trade_id: int
    commission: Decimal
    commission_asset: str | None
    is_maker: bool
    is_on_book: bool
    created_ms: int
    working_ms: int
    time_ms: int
    execution_id: int
    self_trade: str
    reject_reason: str = "NONE"
    stop_price: Decimal = Decimal(0)
    iceberg: Decimal = Decimal(0)
    list_id: int = -1
    expiry_reason: str = ""
    prevented: Decimal = Decimal(0)
    prevented_match: int = -1
    last_prevented: Decimal = Decimal(0)
    counter_order_id: int = -1
    prevented_quantity: Decimal = Decimal(0)
    prevented_price: Decimal = Decimal(0)
    strategy_id: int | None = None
    strategy_type: int | None = None


@value(frozen=True, slots=True, kw_only=True)
class ListStatus:
    """listStatus: `status_type` EXEC_STARTED UPDATED ALL_DONE, `orders` (order id, client id)."""

    uid: int
    symbol: str
    list_id: int
    contingency: str
    status_type: str
    status: str
    client_id: str
    time_ms: int
    orders: tuple[tuple[int, str], ...]
    reject_reason: str = "NONE"


@value(frozen=True, slots=True, kw_only=True)
class AccountPosition:
    """Balances that may have changed (outboundAccountPosition): one per change of the account, after its reports."""

    uid: int
    time_ms: int
    balances: tuple[BalanceView, ...]


@value(frozen=True, slots=True, kw_only=True)
class BalanceUpdate:
    """A deposit (`delta` positive) or a withdrawal."""

    uid: int
    time_ms: int
    asset: str
    delta: Decimal


VenueEvent = ExecutionReport | ListStatus | AccountPosition | BalanceUpdate | PublicTrade | BookTicker
"""BookTicker comes whenever the best bid or ask (price or size) changed."""

Listener = Callable[[VenueEvent], None]
