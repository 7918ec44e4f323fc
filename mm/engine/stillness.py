"""Knows when an event can lead to nothing, and then only notes it (`calm`). Decides nothing itself."""

from collections.abc import Callable
from typing import Any

from mm.domain.events import BookSeen, Event, MarketTradeSeen, TimerFired
from mm.domain.quote import Quote
from mm.domain.snapshot import Snapshot
from mm.engine.account import Account
from mm.engine.calm import Calm
from mm.engine.market import Market
from mm.engine.quoting import Quoting
from mm.engine.reconciling import Reconciling
from mm.execution.order_manager import OrderManager
from mm.risk.engine import RiskEngine

_PAUSE_NS = 1_000_000_000
"""Where no calm was found it is not looked for again at once."""


class Stillness:
    """`calm` is None while every event has to be decided; whoever decides one ends the calm before."""

    def __init__(
        self,
        market: Market,
        account: Account,
        *,
        orders: OrderManager,
        risk: RiskEngine,
        quoting: Quoting,
        reconciling: Reconciling,
        stale_ns: int,
    ) -> None:
        self.calm: Calm | None = None
        self._market = market
        self._account = account
        self._orders = orders
        self._risk = risk
        self._quoting = quoting
        self._reconciling = reconciling
        self._stale_ns = stale_ns
        self._seek_from = 0
        self._noted: BookSeen | None = None

    def holds(self, kind: type[Event], event: Any, calm: Calm) -> bool:
        """Whether nothing can follow from the event; if so, what it says of the market is taken over."""
        if kind is BookSeen:
            return self._holds_at(event, calm)
        if kind is MarketTradeSeen:
            self._market.on_trade(event)
            return True
        return (
            kind is TimerFired
            and event.name == "pulse"
            and event.mono < calm.due_mono
            and 0 <= event.mono - self._market.book_mono <= self._stale_ns
        )

    def _holds_at(self, event: BookSeen, calm: Calm) -> bool:
        book = event.book
        if not book.bids or not book.asks or event.mono >= calm.until_mono:
            return False
        bid, ask = book.bids[0][0], book.asks[0][0]
        if not (calm.lowest <= bid < ask <= calm.highest and calm.own_bid < bid and ask < calm.own_ask):
            return False
        equity = self._account.equity_at(bid)
        if not calm.least_units <= equity <= calm.most_units or self._market.lag_ns(event) > self._stale_ns:
            return False
        self._market.on_book(event)
        self._account.mark_at(bid, equity)
        self._risk.mark_unmoved(equity)
        self._noted = event
        return True

    def quote(self, snapshot: Callable[[], Snapshot]) -> Quote | None:
        """The wish at the last book that was only noted; None when there is none such, or no order that asks for it."""
        noted = self._noted
        if noted is None or not len(self._orders):
            return None
        return self._quoting.wish(snapshot()._replace(at=noted.at, mono=noted.mono))

    def end(self) -> None:
        self.calm = self._noted = None

    def seek(self, snapshot: Callable[[], Snapshot]) -> None:
        """After a book that led to nothing: when and where the next ones cannot either."""
        unmoved, account = self._risk.unmoved_by(), self._account
        if unmoved is None or not self._market.is_up or self._quoting.is_due or not account.is_marked:
            return
        now = snapshot()
        fresh = 0 <= now.mono - now.book_mono <= self._stale_ns
        if now.mono < self._seek_from or not fresh or not unmoved[0] <= account.equity_units <= unmoved[1]:
            return
        rest = self._quoting.rest(now)
        if rest is None:
            self._seek_from = now.mono + _PAUSE_NS
            return
        due = min(self._orders.next_due(), self._reconciling.next_due())
        self.calm = Calm(*rest[:4], *unmoved, rest.until_mono, due)
