"""A venue with a clock that moves only when told, and short words for orders."""

from decimal import Decimal

from mm.exchange.venue.store import Store
from mm.exchange.venue.symbol_rules import default_symbols
from mm.exchange.venue.venue import Venue
from mm.exchange.venue.views import NewOrder, OrderView

START_MS = 1_700_000_000_000
SYMBOL = "ETHUSDC"
FEE = Decimal("0.001")


def d(text: str) -> Decimal:
    return Decimal(text)


class World:
    def __init__(self, store: Store | None = None, symbol: str = SYMBOL) -> None:
        self.now = START_MS
        self.symbol = symbol
        self.venue = Venue(default_symbols(), lambda: self.now, store)

    def account(self, key: str, quote: str = "100000", base: str = "10", fee: Decimal = FEE) -> int:
        return self.venue.open_account({"USDC": d(quote), "ETH": d(base)}, fee, fee, key).uid

    def order(
        self,
        side: str,
        price: str | None,
        size: str,
        kind: str = "LIMIT",
        *,
        force: str | None = None,
        client_id: str | None = None,
        self_trade: str | None = None,
    ) -> NewOrder:
        return NewOrder(
            symbol=self.symbol,
            side=side,
            type=kind,
            quantity=d(size),
            price=None if price is None else d(price),
            time_in_force=force or ("GTC" if kind == "LIMIT" else None),
            client_id=client_id,
            self_trade=self_trade,
        )

    def uid_of(self, key: str) -> int:
        """The account of this key, opened when there is none."""
        state = self.venue.account_by_key(key)
        return self.account(key) if state is None else state.uid

    def place(
        self,
        uid: int,
        side: str,
        size: str,
        kind: str = "LIMIT",
        *,
        price: str | None = None,
        stop: str | None = None,
        iceberg: str | None = None,
        force: str | None = None,
        client_id: str | None = None,
        self_trade: str | None = None,
    ) -> OrderView:
        """Any order; those with a limit and a time in force are GTC unless told."""
        return self.venue.place(
            uid,
            NewOrder(
                symbol=self.symbol,
                side=side,
                type=kind,
                quantity=d(size),
                price=None if price is None else d(price),
                time_in_force=force or ("GTC" if kind.endswith("LIMIT") else None),
                client_id=client_id,
                self_trade=self_trade,
                stop_price=None if stop is None else d(stop),
                iceberg=None if iceberg is None else d(iceberg),
            ),
        )

    def buy(self, uid: int, price: str, size: str, **how: str) -> OrderView:
        return self.venue.place(uid, self.order("BUY", price, size, **how))

    def sell(self, uid: int, price: str, size: str, **how: str) -> OrderView:
        return self.venue.place(uid, self.order("SELL", price, size, **how))

    def market(self, uid: int, side: str, size: str) -> OrderView:
        return self.venue.place(uid, self.order(side, None, size, kind="MARKET"))

    def status(self, uid: int, order: OrderView) -> str:
        return self.venue.order(uid, self.symbol, order.order_id).status

    def balance(self, uid: int, asset: str) -> tuple[Decimal, Decimal]:
        """Free and locked."""
        for balance in self.venue.account(uid).balances:
            if balance.asset == asset:
                return balance.free, balance.locked
        raise AssertionError(f"{asset} is not listed")
