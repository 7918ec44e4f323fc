"""Every order of the bot from decision to proved end. Holds no clock and does no I/O.

States only move forward, fills are counted once by trade id, and an order leaves the books only when the
exchange's executed size is covered by fills that were seen: until then its exposure stays reserved.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mm.domain.actions import Action, Cancel, Query, RecordOrder
from mm.domain.events import REVIVED
from mm.domain.fill import Fill
from mm.domain.order import OrderIntent, OrderReport, OrderStatus, OwnOrder, Side
from mm.domain.records import LiveOrder
from mm.execution.counted_trades import CountedTrades
from mm.execution.tracked_order import TrackedOrder, as_own_order

_REMEMBERED = 2000
"""Ended orders whose late reports and fills are still recognised without asking the exchange."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Pauses in nanoseconds (ExecutionSettings)."""

    query_after: int
    query_max: int
    cancel_retry: int


class OrderManager:
    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._live: dict[str, TrackedOrder] = {}
        self._ended: OrderedDict[str, TrackedOrder] = OrderedDict()
        self._by_exchange_id: dict[str, str] = {}
        self._trades = CountedTrades()
        self._own: tuple[OwnOrder, ...] | None = None

    # --- views ------------------------------------------------------------------

    def __iter__(self) -> Iterator[TrackedOrder]:
        return iter(self._live.values())

    def __len__(self) -> int:
        return len(self._live)

    def get(self, client_id: str) -> TrackedOrder | None:
        return self._live.get(client_id) or self._ended.get(client_id)

    def client_id_of(self, exchange_id: str) -> str:
        """Empty when no own order with that number is known."""
        return self._by_exchange_id.get(exchange_id, "")

    def note_exchange_id(self, exchange_id: str, client_id: str) -> None:
        """Learn a number ahead of the order's report, so that its trades are recognised."""
        self._by_exchange_id[exchange_id] = client_id

    def has_trade(self, trade_id: int) -> bool:
        return trade_id in self._trades

    def own_orders(self) -> tuple[OwnOrder, ...]:
        """The same tuple until something an `OwnOrder` shows has changed: most events change no order."""
        if self._own is None:
            self._own = tuple(as_own_order(order) for order in self._live.values())
        return self._own

    def lots(self, side: Side) -> int:
        return sum(order.open_lots for order in self._live.values() if order.intent.side is side)

    def count(self, *statuses: OrderStatus) -> int:
        return sum(1 for order in self._live.values() if order.status in statuses)

    def may_send(self, client_id: str) -> bool:
        """False once the decision was withdrawn: the runner asks right before the request leaves."""
        order = self._live.get(client_id)
        return order is not None and order.status is OrderStatus.PENDING and not order.withdrawn

    # --- life of an order ----------------------------------------------------------

    def restore(self, orders: Iterable[LiveOrder], fills: Iterable[Fill], mono: int, fences: dict[str, int]) -> None:
        """Take over from the ledger at start-up: what may have left is unknown until the exchange has spoken."""
        self._own = None
        for fill in fills:
            self._trades.add(fill.trade_id)
        filled: dict[str, int] = {}
        for fill in fills:
            filled[fill.client_id] = filled.get(fill.client_id, 0) + fill.lots
        for known in orders:
            client_id = known.intent.client_id
            self._live[client_id] = TrackedOrder(
                intent=known.intent,
                status=OrderStatus.OPEN if known.status is OrderStatus.OPEN else OrderStatus.UNKNOWN,
                placed_mono=mono,
                exchange_id=known.exchange_id,
                executed_lots=max(known.executed_lots, filled.get(client_id, 0)),
                filled_lots=filled.get(client_id, 0),
                fence_mono=fences[client_id],
                next_query_mono=mono,
                query_pause=self._pace.query_after,
            )
            if known.exchange_id:
                self._by_exchange_id[known.exchange_id] = client_id

    def decide(self, intent: OrderIntent, mono: int) -> None:
        """Reserve the exposure of an order that is about to be committed."""
        self._own = None
        self._live[intent.client_id] = TrackedOrder(intent, OrderStatus.PENDING, mono)

    def sent(self, client_id: str, fence_mono: int) -> None:
        if order := self._live.get(client_id):
            order.fence_mono = fence_mono

    def report(self, report: OrderReport, source: str, mono: int) -> list[Action]:
        """The exchange's word on an order, in any order and any number of times."""
        order = self.get(report.client_id)
        if order is None:
            return []
        self._own = None
        if report.exchange_id:
            order.exchange_id = report.exchange_id
            self._by_exchange_id[report.exchange_id] = report.client_id
        before = (order.status, order.executed_lots)
        order.executed_lots = max(order.executed_lots, report.executed_lots)
        reason = report.reason
        if source == "cancel" and report.status is OrderStatus.CANCELED and not order.status.is_final:
            # An answer alone ends nothing: what rests after all would come on top of its replacement. The account's
            # stream mostly said it before; else it is asked.
            order.next_query_mono = mono + self._pace.query_after
            order.next_cancel_mono = 0
            return []
        if report.status.rank > order.status.rank:
            order.status = report.status
        elif order.status in _OUR_OWN_ENDS and report.status is not order.status:
            # The exchange knows an order we had proved absent: its word counts, and it is live again.
            order.status = report.status
            self._revive(order)
        elif report.status is OrderStatus.FILLED:
            order.status = report.status  # nothing is left of it: no other end can be the true one
            self._revive(order)
        elif source == REVIVED and not report.status.is_final and order.executed_lots < order.intent.lots:
            order.status, reason = report.status, REVIVED
            order.cancel_why = ""
            order.next_cancel_mono = 0
            self._revive(order)
        order.querying = False
        order.next_query_mono = 0
        if order.status is OrderStatus.OPEN and order.cancel_why and source == "query":
            order.next_cancel_mono = mono  # the cancel did not take: again
        if order.status.is_final and order.open_lots:
            self._query_later(order, mono)  # ended, but some of its fills were not seen yet
        actions: list[Action] = []
        if (order.status, order.executed_lots) != before:
            actions.append(self._record(order, source, reason))
        self._settle(order)
        return actions

    def fill(self, fill: Fill, source: str) -> list[Action] | None:
        """Count a fill. None: it was counted before."""
        order = self.get(fill.client_id)
        if fill.trade_id in self._trades or (order is None and self._trades.is_older(fill.trade_id)):
            return None
        self._trades.add(fill.trade_id)
        if order is None:
            return []
        self._own = None
        order.filled_lots += fill.lots
        if fill.exchange_id:
            # A fill may be the first that is heard of an order, and the last.
            order.exchange_id = fill.exchange_id
            self._by_exchange_id[fill.exchange_id] = fill.client_id
        before = (order.status, order.executed_lots)
        order.executed_lots = max(order.executed_lots, order.filled_lots)
        if order.executed_lots >= order.intent.lots:
            order.status = OrderStatus.FILLED  # also where an end was told before: nothing is left to cancel
        elif order.status in (OrderStatus.PENDING, OrderStatus.UNKNOWN):
            order.status = OrderStatus.OPEN
            order.next_query_mono = 0
        elif order.status in _OUR_OWN_ENDS:
            order.status = OrderStatus.FILLED if order.executed_lots >= order.intent.lots else OrderStatus.OPEN
            self._revive(order)
        actions: list[Action] = []
        if (order.status, order.executed_lots) != before:
            actions.append(self._record(order, source, ""))
        self._settle(order)
        return actions

    def end(self, client_id: str, status: OrderStatus, source: str, reason: str) -> list[Action]:
        """An end that is certain: rejected by a parsed code, or proved never to have left."""
        order = self._live.get(client_id)
        if order is None or order.status.is_final or order.executed_lots:
            return []
        self._own = None
        order.status = status
        actions: list[Action] = [self._record(order, source, reason)]
        self._settle(order)
        return actions

    def unknown(self, client_id: str, why: str, mono: int) -> list[Action]:
        order = self._live.get(client_id)
        if order is None or order.status is not OrderStatus.PENDING:
            return []
        self._own = None
        order.status = OrderStatus.UNKNOWN
        order.query_pause = self._pace.query_after
        order.next_query_mono = mono + order.query_pause
        return [self._record(order, "place", why)]

    def absent(self, client_id: str, *, corroborated: bool, mono: int) -> list[Action]:
        """The query says there is no such order. Believed only past the fence, and with the other reads agreeing."""
        order = self._live.get(client_id)
        if order is None:
            return []
        order.querying = False
        if order.status is OrderStatus.UNKNOWN and corroborated and mono >= order.fence_mono and not order.exchange_id:
            return self.end(client_id, OrderStatus.NOT_PLACED, "query", "absent past the fence")
        self._query_later(order, mono)
        return []

    def query_failed(self, client_id: str, mono: int) -> None:
        if order := self._live.get(client_id):
            order.querying = False
            self._query_later(order, mono)

    # --- cancelling --------------------------------------------------------------

    def cancel(self, client_id: str, why: str, mono: int) -> list[Action]:
        order = self._live.get(client_id)
        if order is None or order.status.is_final or order.cancel_why:
            return []
        self._own = None
        order.cancel_why = why
        if order.fence_mono == 0:
            order.withdrawn = True  # nothing has left: the runner drops it before sending
            return []
        order.next_cancel_mono = mono + self._pace.cancel_retry
        return [Cancel(client_id, why)]

    def cancel_all(self, why: str, mono: int) -> list[Action]:
        return [action for client_id in list(self._live) for action in self.cancel(client_id, why, mono)]

    def cancel_refused(self, client_id: str, mono: int) -> None:
        """-2011 and kin: it may have filled, so ask at once."""
        if order := self._live.get(client_id):
            order.next_query_mono = mono
            order.query_pause = self._pace.query_after
            order.next_cancel_mono = mono + self._pace.cancel_retry

    def due(self, mono: int) -> list[Action]:
        """Queries and repeated cancels whose time has come."""
        actions: list[Action] = []
        for order in self._live.values():
            if order.next_query_mono and mono >= order.next_query_mono and not order.querying:
                order.querying = True
                order.next_query_mono = 0
                actions.append(Query(order.intent.client_id, past_fence=mono >= order.fence_mono))
            if order.cancel_why and not order.withdrawn and not order.status.is_final:
                if order.next_cancel_mono == 0 or mono < order.next_cancel_mono:
                    continue
                order.next_cancel_mono = mono + self._pace.cancel_retry
                actions.append(Cancel(order.intent.client_id, order.cancel_why))
        return actions

    # --- inside --------------------------------------------------------------------

    def _query_later(self, order: TrackedOrder, mono: int) -> None:
        order.query_pause = min(max(order.query_pause, self._pace.query_after) * 2, self._pace.query_max)
        later = mono + order.query_pause
        order.next_query_mono = min(later, order.fence_mono) if mono < order.fence_mono else later

    def _record(self, order: TrackedOrder, source: str, reason: str) -> RecordOrder:
        return RecordOrder(order.intent.client_id, order.status, order.exchange_id, order.executed_lots, source, reason)

    def _settle(self, order: TrackedOrder) -> None:
        if not order.is_done:
            return
        client_id = order.intent.client_id
        self._live.pop(client_id, None)
        self._ended[client_id] = order
        while len(self._ended) > _REMEMBERED:
            _, oldest = self._ended.popitem(last=False)
            self._by_exchange_id.pop(oldest.exchange_id, None)

    def _revive(self, order: TrackedOrder) -> None:
        client_id = order.intent.client_id
        if client_id in self._ended:
            del self._ended[client_id]
            self._live[client_id] = order
        order.withdrawn = False


_OUR_OWN_ENDS = frozenset({OrderStatus.NOT_PLACED, OrderStatus.NOT_SENT, OrderStatus.REJECTED})
"""Ends we concluded ourselves; a later word of the exchange overrules them."""
