"""The exchange in process: one façade over accounts, matching, market data and durable state.

Pure and synchronous: time comes from `now_ms` (UTC milliseconds), nothing is random. Decimals outside,
integers inside. Every refusal is a `VenueError` with Binance's code and message and changes nothing.
Whatever a call changed for an account is in the store before the call returns; events follow after that.

Who drives the market: a generated one by `flow.Flow(venue, …).advance(now_ms)`, a recorded one by
`replay.Replay(venue, …).advance(now_ms)`; both are called by whoever owns the clock, about every 100 ms.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

from mm.domain.instrument import from_units, to_units
from mm.exchange.venue.account import Account, Balance
from mm.exchange.venue.book import Book, OrderBook
from mm.exchange.venue.changes import Changes
from mm.exchange.venue.deposits import units_in_bounds, units_of
from mm.exchange.venue.events import AccountPosition, BalanceUpdate, Listener
from mm.exchange.venue.fees import BNB, FALLBACK_PRICE
from mm.exchange.venue.history import KeptHistory
from mm.exchange.venue.ids import Ids
from mm.exchange.venue.market_data import top
from mm.exchange.venue.matching import Matching, SymbolMarket
from mm.exchange.venue.reports import balance_view
from mm.exchange.venue.settlement import needs
from mm.exchange.venue.store import Store
from mm.exchange.venue.symbol_market import STATUSES, TRADING
from mm.exchange.venue.symbol_rules import SymbolRules
from mm.exchange.venue.tape import Tape
from mm.exchange.venue.tape_store import TapeRows
from mm.exchange.venue.trading import Trading
from mm.exchange.venue.views import AccountState

_PRICE_EVERY_MS = 1000
"""How often a last price that no account's change carries along is written."""


class Venue(Trading):
    """`store` None: nothing outlives the process. With one, accounts, open orders, ids and prices are restored."""

    def __init__(
        self, symbols: Mapping[str, SymbolRules], now_ms: Callable[[], int], store: Store | None = None
    ) -> None:
        self.now_ms = now_ms
        self._store = store
        self._meta = store.meta() if store else {}
        self._ids = Ids(store.counters() if store else {})
        self._changes = Changes()
        self._listeners: list[Listener] = []
        self._public = 0
        self._accounts: dict[int, Account] = {}
        markets = {
            symbol: SymbolMarket(rules, OrderBook(self._ids.used(f"update:{symbol}")), self._tape(symbol))
            for symbol, rules in symbols.items()
        }
        super().__init__(markets, now_ms, self._accounts, store.history if store else KeptHistory())
        self._tops = dict.fromkeys(markets, (0, 0, 0, 0))
        self._seen_ids: dict[str, int] = {}
        self._update_ids = {symbol: market.book.log.last_id for symbol, market in markets.items()}
        self._priced_ms = 0
        self.matching = Matching(self._accounts, self._ids, self._changes, now_ms, self._bnb_price)
        for account in store.accounts() if store else ():
            self._accounts[account.uid] = account
        for market in markets.values():
            market.status = self._meta.get(f"status:{market.rules.symbol}", TRADING)
            self._put_back(market)
        self.commit()

    def _put_back(self, market: SymbolMarket) -> None:
        """Open orders return to the book in the order of their turns, stops to those that wait."""
        symbol = market.rules.symbol
        orders = [order for account in self._accounts.values() for order in account.open_at(symbol)]
        for order in sorted(orders, key=lambda order: order.priority):
            if order.list_id < 0:
                order.held = needs(order, market.rules)
            if order.is_waiting:
                market.stops.add(order)
            else:
                market.book.rest(order)

    def _bnb_price(self, quote: str) -> int:
        """Of one BNB, in 1e-8 of `quote`: the venue's own last price where it has one."""
        market = self._markets.get(BNB + quote)
        if market is None or market.tape.last_ticks is None:
            return to_units(FALLBACK_PRICE)
        return market.tape.last_ticks * market.rules.tick_units

    def _tape(self, symbol: str) -> Tape:
        last = self._meta.get(f"last:{symbol}")
        tape = Tape(int(last) if last else None)
        if self._store:
            self._store.tapes.restore(symbol, tape)
        return tape

    def close(self) -> None:
        """Commits and closes the store. Open orders stay open on record."""
        self._priced_ms = 0
        self.commit()
        if self._store:
            self._store.close()

    def subscribe(self, listener: Listener, *, public: bool = True) -> Callable[[], None]:
        """Calls `listener` with every event from now on; the returned function ends it. `public` False: it wants
        accounts' events alone, and while nobody wants more no public trade or ticker is made."""
        self._listeners.append(listener)
        self._public += public
        self.matching.has_listeners = True
        self.matching.has_public_listeners = self._public > 0

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)
                self._public -= public
            self.matching.has_listeners = bool(self._listeners)
            self.matching.has_public_listeners = self._public > 0

        return unsubscribe

    # --- what the venue remembers for its owner --------------------------------------------

    def recall(self, key: str) -> str | None:
        """A value kept with `remember` (which market was served, for one); durable with a store."""
        return self._meta.get(f"owner:{key}")

    def remember(self, key: str, value: str) -> None:
        self._meta[f"owner:{key}"] = self._changes.meta[f"owner:{key}"] = value
        self.commit()

    # --- for those who drive the market ----------------------------------------------------

    def market(self, symbol: str) -> SymbolMarket:
        """The symbol's inside, for market drivers only; they call `commit` when they are done."""
        return self._market(symbol)

    def serve(self, symbol: str, book: Book) -> None:
        """Puts another book in place of the symbol's; open orders move into it, oldest first.

        To be done before anybody follows the depth: levels of the old book vanish without a diff.
        """
        market = self._market(symbol)
        market.book = book
        self._put_back(market)

    def set_status(self, symbol: str, status: str) -> None:
        """TRADING, HALT, BREAK, END_OF_DAY or CANCEL_ONLY; durable. Raises ValueError for another word."""
        if status not in STATUSES:
            raise ValueError(f"{status!r} is no symbol status; there are {', '.join(STATUSES)}")
        self._market(symbol).status = status
        self._meta[f"status:{symbol}"] = self._changes.meta[f"status:{symbol}"] = status
        self.commit()

    def forget_tape(self, symbol: str) -> None:
        """Another market begins under this name: its public trades and bars are its own; the last price stays."""
        market = self._market(symbol)
        self.commit()
        if self._store:
            self._store.tapes.forget(symbol)
        market.tape = Tape(market.tape.last_ticks)

    def commit(self) -> None:
        """Writes what changed, then tells the listeners. What a failed write held back goes with the next one."""
        changes = self._changes
        for market in self._markets.values():
            if market.stops.waiting:
                self.matching.fire(market)
        self._note_ids_and_prices()
        if changes.is_durable:
            if self._store:
                self._store.write(changes)
                self.history.written(changes)
            self._ids.unsaved.clear()
            self._position_events()
            changes.clear_durable()
        if self._public:
            self._ticker_events()
        if changes.events:
            events, changes.events = changes.events, []
            for event in events:
                for listener in tuple(self._listeners):
                    listener(event)

    def _note_ids_and_prices(self) -> None:
        changes, now = self._changes, self._now_ms()
        for symbol, market in self._markets.items():
            if market.book.log.last_id != self._update_ids[symbol]:
                self._update_ids[symbol] = market.book.log.last_id
                self._ids.reach(f"update:{symbol}", market.book.log.last_id)
        changes.counters.update(self._ids.unsaved)
        if changes.trades or now - self._priced_ms >= _PRICE_EVERY_MS:
            self._priced_ms = now
            for symbol, market in self._markets.items():
                key, last = f"last:{symbol}", str(market.tape.last_ticks or "")
                if self._meta.get(key, "") != last:
                    self._meta[key] = changes.meta[key] = last
            if self._store and self._store.keeps_tapes:
                self._note_tapes()

    def _note_tapes(self) -> None:
        """Trades of accounts are on record at once, the market's own within a second."""
        for symbol, market in self._markets.items():
            rows = TapeRows.of(market.tape)
            if rows is not None:
                held = self._changes.tapes.get(symbol)
                self._changes.tapes[symbol] = rows if held is None else held.followed_by(rows)

    def _position_events(self) -> None:
        if self._listeners:
            for uid, assets in self._changes.balances.items():
                account = self._accounts[uid]
                balances = tuple(balance_view(account, asset) for asset in assets)
                self._changes.events.append(AccountPosition(uid=uid, time_ms=account.updated_ms, balances=balances))

    def _ticker_events(self) -> None:
        for symbol, market in self._markets.items():
            if self._seen_ids.get(symbol) == market.book.log.last_id:
                continue  # an idle symbol costs nothing
            self._seen_ids[symbol] = market.book.log.last_id
            now = (*top(market, buy=True), *top(market, buy=False))
            if now != self._tops[symbol]:
                self._tops[symbol] = now
                self._changes.events.append(self.book_ticker(symbol))

    # --- accounts --------------------------------------------------------------------------

    def open_account(
        self, deposits: Mapping[str, Decimal], maker_fee: Decimal, taker_fee: Decimal, api_key: str
    ) -> AccountState:
        """A new account with a new uid. Raises ValueError when an open account has this key already, and for deposits
        below zero, finer than 1e-8 or beyond 10,000,000,000."""
        if self._by_key(api_key):
            raise ValueError("an open account has this key already")
        return self._open_account(units_of(deposits), maker_fee, taker_fee, api_key)

    def _open_account(
        self, deposits: Mapping[str, int], maker_fee: Decimal, taker_fee: Decimal, api_key: str
    ) -> AccountState:
        now = self._now_ms()
        account = Account(self._ids.next("uid"), api_key, to_units(maker_fee), to_units(taker_fee), now, now)
        for asset, units in deposits.items():
            account.balances[asset] = Balance(free=units)
            self._changes.balance(account, asset)
        self._accounts[account.uid] = self._changes.accounts[account.uid] = account
        self.commit()
        return self._state(account)

    def reopen_account(
        self, api_key: str, deposits: Mapping[str, Decimal], maker_fee: Decimal, taker_fee: Decimal
    ) -> AccountState:
        """The reset: the key's account is closed (open orders canceled, trades kept), a new one opened for the key.

        Order and trade ids go on rising. Raises KeyError when no open account has the key, ValueError for deposits
        that `open_account` refuses; then nothing has changed.
        """
        units = units_of(deposits)
        old = self._by_key(api_key)
        if old is None:
            raise KeyError("no open account has this key")
        for order in list(old.open.values()):
            if order.is_open:  # not ended yet as part of its list
                self.matching.end(order, "CANCELED", self._market(order.symbol))
        old.closed_ms = old.updated_ms = self._now_ms()
        self._changes.accounts[old.uid] = old
        return self._open_account(units, maker_fee, taker_fee, api_key)

    def deposit(self, uid: int, asset: str, amount: Decimal) -> AccountState:
        """Adds to the free balance, or takes from it (a negative amount: a withdrawal).

        Raises ValueError for an asset that is not listed, an amount of zero or finer than 1e-8, a closed account, a
        balance beyond 10,000,000,000, and when more is withdrawn than is free; KeyError for an unknown uid.
        """
        account, units = self._account(uid), units_in_bounds(amount)
        if account.closed_ms is not None:
            raise ValueError(f"account {uid} is closed")
        if asset not in {each for m in self._markets.values() for each in (m.rules.base, m.rules.quote)}:
            raise ValueError(f"the venue does not list {asset}")
        free = account.balance(asset).free
        units_in_bounds(from_units(free + units) if units > 0 else amount)
        if not units or free + units < 0:
            raise ValueError(f"only {from_units(free):f} {asset} are free" if units else "an amount of zero")
        account.balance(asset).free += units
        account.updated_ms = self._now_ms()
        self._changes.balance(account, asset)
        self._changes.events.append(BalanceUpdate(uid=uid, time_ms=account.updated_ms, asset=asset, delta=amount))
        self.commit()
        return self._state(account)
