"""What one call changed: first written to the store, then told to listeners."""

from dataclasses import dataclass, field

from mm.exchange.venue.account import Account
from mm.exchange.venue.events import VenueEvent
from mm.exchange.venue.order import Order
from mm.exchange.venue.order_list import OrderList
from mm.exchange.venue.records import Amendment, PreventedMatch
from mm.exchange.venue.tape_store import TapeRows
from mm.exchange.venue.views import TradeView


@dataclass(slots=True)
class Changes:
    """`balances` by uid: the assets that moved. `meta` and `counters`: values to keep."""

    accounts: dict[int, Account] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    trades: list[TradeView] = field(default_factory=list)
    balances: dict[int, dict[str, None]] = field(default_factory=dict)
    lists: dict[int, OrderList] = field(default_factory=dict)
    prevented: list[PreventedMatch] = field(default_factory=list)
    amendments: list[Amendment] = field(default_factory=list)
    counters: dict[str, int] = field(default_factory=dict)
    meta: dict[str, str] = field(default_factory=dict)
    tapes: dict[str, TapeRows] = field(default_factory=dict)
    events: list[VenueEvent] = field(default_factory=list)

    @property
    def is_durable(self) -> bool:
        """Something must be written."""
        return bool(
            self.accounts
            or self.orders
            or self.trades
            or self.balances
            or self.counters
            or self.meta
            or self.lists
            or self.prevented
            or self.amendments
            or self.tapes
        )

    def clear_durable(self) -> None:
        """What was to be written is written."""
        for part in (self.accounts, self.orders, self.balances, self.counters, self.meta, self.lists, self.tapes):
            part.clear()
        for rows in (self.trades, self.prevented, self.amendments):
            rows.clear()

    def balance(self, account: Account, asset: str) -> None:
        self.accounts[account.uid] = account
        self.balances.setdefault(account.uid, {})[asset] = None
