"""The exchange in process: one façade over accounts, matching, market data and durable state.

Pure and synchronous: time comes from `now_ms` (UTC milliseconds), nothing is random. Decimals outside,
integers inside. Every refusal is a `VenueError` with Binance's code and message and changes nothing.
Whatever a call changed for an account is in the store before the call returns; events follow after that.

Who drives the market: a generated one by `flow.Flow(venue, …).advance(now_ms)`, a recorded one by
`replay.Replay(venue, …).advance(now_ms)`; both are called by whoever owns the clock, about every 100 ms.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from mm.exchange.venue.events import Listener
from mm.exchange.venue.store import Store
from mm.exchange.venue.symbol_rules import SymbolRules
from mm.exchange.venue.views import (
    AccountState,
    BookTicker,
    DepthChange,
    DepthView,
    Kline,
    NewOrder,
    OrderView,
    PublicTrade,
    Ticker24h,
    TradeView,
)


class Venue:
    """`store` None: nothing outlives the process. With one, accounts, open orders, ids and prices are restored."""

    def __init__(
        self, symbols: Mapping[str, SymbolRules], now_ms: Callable[[], int], store: Store | None = None
    ) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """Closes the store. Open orders stay open on record."""
        raise NotImplementedError

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Calls `listener` with every event from now on; the returned function ends it."""
        raise NotImplementedError

    # --- what the venue remembers for its owner --------------------------------------------

    def recall(self, key: str) -> str | None:
        """A value kept with `remember` (which market was served, for one); durable with a store."""
        raise NotImplementedError

    def remember(self, key: str, value: str) -> None:
        raise NotImplementedError

    # --- accounts --------------------------------------------------------------------------

    def open_account(
        self, deposits: Mapping[str, Decimal], maker_fee: Decimal, taker_fee: Decimal, api_key: str
    ) -> AccountState:
        """A new account with a new uid. Raises ValueError when an open account has this key already."""
        raise NotImplementedError

    def reopen_account(
        self, api_key: str, deposits: Mapping[str, Decimal], maker_fee: Decimal, taker_fee: Decimal
    ) -> AccountState:
        """The reset: the key's account is closed (open orders canceled, trades kept), a new one opened for the key.

        Order and trade ids go on rising. Raises KeyError when no open account has the key.
        """
        raise NotImplementedError

    def account_by_key(self, api_key: str) -> AccountState | None:
        """The open account of this key."""
        raise NotImplementedError

    def account(self, uid: int) -> AccountState:
        """With balances of every asset it ever held and of all listed assets. Raises KeyError."""
        raise NotImplementedError

    def accounts(self) -> tuple[AccountState, ...]:
        """All accounts, closed ones too, oldest first."""
        raise NotImplementedError

    # --- orders ----------------------------------------------------------------------------

    def place(self, uid: int, order: NewOrder) -> OrderView:
        """Raises VenueError -1013 -1102 -1106 -1111 -1115 -1116 -1117 -1121 -2010. `fills` holds what it took."""
        raise NotImplementedError

    def check(self, uid: int, order: NewOrder) -> None:
        """order/test: raises what `place` would raise, places nothing."""
        raise NotImplementedError

    def cancel(
        self,
        uid: int,
        symbol: str,
        *,
        order_id: int | None = None,
        orig_client_id: str | None = None,
        new_client_id: str | None = None,
    ) -> OrderView:
        """Raises VenueError -2011 when no such order is open, -1102 without any id."""
        raise NotImplementedError

    def cancel_all(self, uid: int, symbol: str) -> tuple[OrderView, ...]:
        """Raises VenueError -2011 when none is open (as Binance does)."""
        raise NotImplementedError

    def amend(
        self,
        uid: int,
        symbol: str,
        new_quantity: Decimal,
        *,
        order_id: int | None = None,
        orig_client_id: str | None = None,
        new_client_id: str | None = None,
    ) -> OrderView:
        """order/amend/keepPriority: a smaller quantity, the place in the queue kept. Raises -2011 -2038 -1013."""
        raise NotImplementedError

    def order(self, uid: int, symbol: str, order_id: int | None = None, orig_client_id: str | None = None) -> OrderView:
        """The order, open or closed; of several with one client id the newest. Raises -2013, -1102."""
        raise NotImplementedError

    def open_orders(self, uid: int, symbol: str | None = None) -> tuple[OrderView, ...]:
        """Oldest first."""
        raise NotImplementedError

    def all_orders(
        self,
        uid: int,
        symbol: str,
        *,
        from_order_id: int | None = None,
        start_ms: int | None = None,
        end_ms: int | None = None,
        limit: int = 500,
    ) -> tuple[OrderView, ...]:
        """Oldest first; with `from_order_id` that and later ones, else the last `limit`."""
        raise NotImplementedError

    def my_trades(
        self,
        uid: int,
        symbol: str,
        *,
        from_id: int | None = None,
        order_id: int | None = None,
        start_ms: int | None = None,
        end_ms: int | None = None,
        limit: int = 500,
    ) -> tuple[TradeView, ...]:
        """Oldest first; with `from_id` that trade id and later ones, else the last `limit`. `limit` at most 1000."""
        raise NotImplementedError

    def account_trades(self, uid: int | None = None) -> tuple[TradeView, ...]:
        """Every trade on record of one account (None: of all, closed ones too), all symbols, oldest first."""
        raise NotImplementedError

    # --- market data -----------------------------------------------------------------------

    def exchange_info(self, symbols: tuple[str, ...] | None = None) -> dict[str, Any]:
        """In exchangeInfo's shape; `serverTime` from the clock, `rateLimits` as Binance's."""
        raise NotImplementedError

    def depth(self, symbol: str, limit: int = 100) -> DepthView:
        raise NotImplementedError

    def drain_depth(self, symbol: str) -> DepthChange | None:
        """The levels changed since the last drain (None: none); ids contiguous. For one caller, every 100 ms.

        `depth` is always at least as new as the last drain: a diff that begins at or below
        `last_update_id` + 1 continues a snapshot.
        """
        raise NotImplementedError

    def trades(self, symbol: str, limit: int = 500) -> tuple[PublicTrade, ...]:
        """The last trades, oldest first, 1000 at most."""
        raise NotImplementedError

    def book_ticker(self, symbol: str) -> BookTicker:
        raise NotImplementedError

    def last_price(self, symbol: str) -> Decimal | None:
        """Of the last trade, also one before a restart; None when there never was one."""
        raise NotImplementedError

    def average_price(self, symbol: str) -> Decimal | None:
        """Size-weighted over the last 5 minutes of trades, else the last price."""
        raise NotImplementedError

    def klines(self, symbol: str, interval_ms: int = 60_000, limit: int = 500) -> tuple[Kline, ...]:
        """Bars of trades, oldest first, from at most 1500 one-minute bars kept. `interval_ms` whole minutes."""
        raise NotImplementedError

    def ticker_24h(self, symbol: str) -> Ticker24h:
        raise NotImplementedError
