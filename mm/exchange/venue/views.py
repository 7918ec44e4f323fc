"""What the venue hands out: frozen pictures, Decimals with eight places, times in UTC milliseconds.

Write a Decimal to the wire with `format(value, "f")`: `str` would give `1E-8` for the smallest ones.
"""

from dataclasses import field
from decimal import Decimal

from mm.domain.value import value


@value(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """A request to place an order, as parsed from the wire; nothing is checked yet.

    `side` BUY SELL; `type` LIMIT LIMIT_MAKER MARKET STOP_LOSS STOP_LOSS_LIMIT TAKE_PROFIT TAKE_PROFIT_LIMIT;
    `time_in_force` GTC IOC FOK (LIMIT and …_LIMIT); `stop_price` for stops; `iceberg` is icebergQty;
    `quote_quantity` is Binance's quoteOrderQty (MARKET only); `client_id` None: the venue makes one;
    `self_trade` is selfTradePreventionMode: EXPIRE_MAKER EXPIRE_TAKER EXPIRE_BOTH DECREMENT NONE (None: the symbol's
    default).
    """

    symbol: str
    side: str
    type: str
    quantity: Decimal | None = None
    price: Decimal | None = None
    time_in_force: str | None = None
    quote_quantity: Decimal | None = None
    client_id: str | None = None
    self_trade: str | None = None
    stop_price: Decimal | None = None
    iceberg: Decimal | None = None
    strategy_id: int | None = None
    strategy_type: int | None = None


@value(frozen=True, slots=True, kw_only=True)
class NewPair:
    """A request for an OCO: two orders of one symbol, side and quantity, `above` and `below` the market."""

    above: NewOrder
    below: NewOrder
    client_id: str | None = None


@value(frozen=True, slots=True, kw_only=True)
class PreventedView:
    """A prevented self-trade (myPreventedMatches). Quantities are None for a side that lost nothing."""

    symbol: str
    match_id: int
    taker_order_id: int
    maker_order_id: int
    mode: str
    price: Decimal
    taker_quantity: Decimal | None
    maker_quantity: Decimal | None
    time_ms: int


@value(frozen=True, slots=True, kw_only=True)
class AmendmentView:
    """One amendment of an order (order/amendments)."""

    symbol: str
    order_id: int
    execution_id: int
    orig_client_id: str
    new_client_id: str
    orig_quantity: Decimal
    new_quantity: Decimal
    time_ms: int


@value(frozen=True, slots=True, kw_only=True)
class TradeView:
    """One fill of one account's order (myTrades, and `fills` of an order's answer)."""

    uid: int
    symbol: str
    trade_id: int
    order_id: int
    client_id: str
    side: str
    price: Decimal
    quantity: Decimal
    quote: Decimal
    commission: Decimal
    commission_asset: str
    time_ms: int
    is_maker: bool
    list_id: int = -1

    @property
    def is_buyer(self) -> bool:
        return self.side == "BUY"


@value(frozen=True, slots=True, kw_only=True)
class OrderView:
    """An order as it stands. `status` NEW PARTIALLY_FILLED FILLED CANCELED EXPIRED EXPIRED_IN_MATCH.

    Refused orders leave no record, as on Binance. In the answer to a cancel `client_id` is the cancel's own id
    and `orig_client_id` the order's; everywhere else both are the order's.
    `fills` and `preventions` hold those of this very request (place), else they are empty.
    `stop_price` and `iceberg` 0 without one; `list_id` -1 outside a list; `working_ms` -1 while a stop waits;
    `expiry_reason` empty unless it expired; `prevented_match` -1 and `prevented` 0 without a prevented self-trade.
    """

    symbol: str
    order_id: int
    client_id: str
    orig_client_id: str
    side: str
    type: str
    time_in_force: str
    status: str
    price: Decimal
    quantity: Decimal
    executed: Decimal
    quote_executed: Decimal
    quote_quantity: Decimal
    created_ms: int
    updated_ms: int
    self_trade: str
    fills: tuple[TradeView, ...] = ()
    preventions: tuple[PreventedView, ...] = ()
    stop_price: Decimal = Decimal(0)
    iceberg: Decimal = Decimal(0)
    list_id: int = -1
    working_ms: int = -1
    expiry_reason: str = ""
    prevented: Decimal = Decimal(0)
    prevented_match: int = -1
    strategy_id: int | None = None
    strategy_type: int | None = None


@value(frozen=True, slots=True, kw_only=True)
class OrderListView:
    """`status` EXECUTING or ALL_DONE; `status_type` EXEC_STARTED or ALL_DONE; `orders` as they stand."""

    list_id: int
    symbol: str
    contingency: str
    client_id: str
    status_type: str
    status: str
    created_ms: int
    updated_ms: int
    orders: tuple[OrderView, ...]


@value(frozen=True, slots=True)
class BalanceView:
    asset: str
    free: Decimal
    locked: Decimal


@value(frozen=True, slots=True, kw_only=True)
class AccountState:
    """An account. The venue keeps no secrets: whoever checks signatures knows them by `api_key`.

    `closed_ms` None while it is open; `fees` are fractions of the amount received; `burns_bnb`: paid in BNB.
    """

    uid: int
    api_key: str = field(repr=False)
    maker_fee: Decimal
    taker_fee: Decimal
    created_ms: int
    updated_ms: int
    closed_ms: int | None
    balances: tuple[BalanceView, ...]
    burns_bnb: bool = False


@value(frozen=True, slots=True, kw_only=True)
class PublicTrade:
    """A trade everybody sees. `buyer_is_maker` True: the aggressor sold.

    Trades of one taker at one price share `aggregate_id`; the last of them `completes` it.
    """

    symbol: str
    trade_id: int
    price: Decimal
    quantity: Decimal
    quote: Decimal
    time_ms: int
    buyer_is_maker: bool
    aggregate_id: int = 0
    completes: bool = True


@value(frozen=True, slots=True, kw_only=True)
class AggregateTrade:
    """Trades of one taker at one price as one."""

    symbol: str
    aggregate_id: int
    price: Decimal
    quantity: Decimal
    first_trade_id: int
    last_trade_id: int
    time_ms: int
    buyer_is_maker: bool


PriceLevel = tuple[Decimal, Decimal]


@value(frozen=True, slots=True, kw_only=True)
class DepthView:
    """`bids` falling, `asks` rising, each (price, quantity)."""

    symbol: str
    last_update_id: int
    bids: tuple[PriceLevel, ...]
    asks: tuple[PriceLevel, ...]


@value(frozen=True, slots=True, kw_only=True)
class DepthChange:
    """Levels changed since the last drain, with their new sizes (0: gone).

    The next change's `first_update_id` is this one's `last_update_id` + 1.
    """

    symbol: str
    time_ms: int
    first_update_id: int
    last_update_id: int
    bids: tuple[PriceLevel, ...]
    asks: tuple[PriceLevel, ...]


@value(frozen=True, slots=True, kw_only=True)
class BookTicker:
    """The best bid and ask; 0 price and 0 size where a side is empty."""

    symbol: str
    update_id: int
    bid: Decimal
    bid_quantity: Decimal
    ask: Decimal
    ask_quantity: Decimal


@value(frozen=True, slots=True, kw_only=True)
class Kline:
    """One bar of trades, `open_ms` inclusive to `close_ms` inclusive (Binance's way)."""

    symbol: str
    open_ms: int
    close_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    quote_volume: Decimal
    trades: int
    taker_volume: Decimal
    taker_quote_volume: Decimal
    first_trade_id: int
    last_trade_id: int


@value(frozen=True, slots=True, kw_only=True)
class Ticker:
    """The trades of a window of time. Without any: the last price everywhere, zero volume, trade ids of -1.

    `before` is the price of the last trade before the window, else that of the first one in it.
    """

    symbol: str
    open_ms: int
    close_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    last: Decimal
    before: Decimal
    last_quantity: Decimal
    volume: Decimal
    quote_volume: Decimal
    first_trade_id: int
    last_trade_id: int
    trades: int
