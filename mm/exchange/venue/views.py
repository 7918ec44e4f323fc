"""What the venue hands out: frozen pictures, Decimals with eight places, times in UTC milliseconds.

Write a Decimal to the wire with `format(value, "f")`: `str` would give `1E-8` for the smallest ones.
"""

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """A request to place an order, as parsed from the wire; nothing is checked yet.

    `side` BUY SELL; `type` LIMIT LIMIT_MAKER MARKET; `time_in_force` GTC IOC FOK (LIMIT only);
    `quote_quantity` is Binance's quoteOrderQty (MARKET only); `client_id` None: the venue makes one;
    `self_trade` is selfTradePreventionMode: EXPIRE_MAKER EXPIRE_TAKER EXPIRE_BOTH NONE (None: the symbol's default).
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


@dataclass(frozen=True, slots=True, kw_only=True)
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

    @property
    def is_buyer(self) -> bool:
        return self.side == "BUY"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """An order as it stands. `status` NEW PARTIALLY_FILLED FILLED CANCELED EXPIRED EXPIRED_IN_MATCH.

    Refused orders leave no record, as on Binance. In the answer to a cancel `client_id` is the cancel's own id
    and `orig_client_id` the order's; everywhere else both are the order's.
    `fills` holds the fills of this very request (place), else it is empty.
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

    @property
    def is_working(self) -> bool:
        return self.status in {"NEW", "PARTIALLY_FILLED"}


@dataclass(frozen=True, slots=True)
class BalanceView:
    asset: str
    free: Decimal
    locked: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """An account. The venue keeps no secrets: whoever checks signatures knows them by `api_key`.

    `closed_ms` None while it is open; `fees` are fractions of the amount received.
    """

    uid: int
    api_key: str = field(repr=False)
    maker_fee: Decimal
    taker_fee: Decimal
    created_ms: int
    updated_ms: int
    closed_ms: int | None
    balances: tuple[BalanceView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicTrade:
    """A trade everybody sees. `buyer_is_maker` True: the aggressor sold."""

    symbol: str
    trade_id: int
    price: Decimal
    quantity: Decimal
    quote: Decimal
    time_ms: int
    buyer_is_maker: bool


PriceLevel = tuple[Decimal, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthView:
    """`bids` falling, `asks` rising, each (price, quantity)."""

    symbol: str
    last_update_id: int
    bids: tuple[PriceLevel, ...]
    asks: tuple[PriceLevel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class BookTicker:
    """The best bid and ask; 0 price and 0 size where a side is empty."""

    symbol: str
    update_id: int
    bid: Decimal
    bid_quantity: Decimal
    ask: Decimal
    ask_quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticker24h:
    """The last 24 hours in one-minute bars (fewer when the venue has run for less)."""

    symbol: str
    open_ms: int
    close_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    last: Decimal
    last_quantity: Decimal
    volume: Decimal
    quote_volume: Decimal
    first_trade_id: int
    last_trade_id: int
    trades: int
