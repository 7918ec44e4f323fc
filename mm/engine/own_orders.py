"""What the exchange, the ledger and our own sending say of the bot's orders."""

from collections.abc import Callable, Sequence
from typing import Any

from mm.domain.actions import Action, Cancel, RecordRisk
from mm.domain.events import (
    CancelRejected,
    CancelUnknown,
    CommitFailed,
    Event,
    IntentsCommitted,
    OrderAbsent,
    OrderNotSent,
    OrderSeen,
    OrderSent,
    PlaceRejected,
    PlaceUnknown,
    QueryFailed,
    RulesRead,
)
from mm.domain.order import OrderStatus
from mm.engine.quoting import Quoting
from mm.engine.reconciling import Reconciling
from mm.engine.rules import Rules
from mm.engine.setup import EngineSetup
from mm.execution.client_order_id import is_own
from mm.execution.order_manager import OrderManager
from mm.fields import nanoseconds
from mm.risk.engine import RiskEngine

_FAULTY_KEY = frozenset({"authentication", "geo_blocked"})
_NO_FAULT = frozenset({"would_match", "insufficient_balance"})
"""Refusals that are the market's ordinary answer and say nothing of a broken bot."""

Handler = Callable[[Any], Sequence[Action]]


class OwnOrderEvents:
    """Tells the order manager, the breaker and the quoting what an order event means to each."""

    def __init__(
        self, orders: OrderManager, risk: RiskEngine, quoting: Quoting, reconciling: Reconciling, setup: EngineSetup
    ) -> None:
        self._orders = orders
        self._risk = risk
        self._quoting = quoting
        self._reconciling = reconciling
        self._tag = setup.tag
        self._fence_ns = setup.fence_ns
        self._slow_ns = nanoseconds(setup.risk.max_order_latency)
        self._rules = Rules(risk)

    def handlers(self) -> dict[type[Event], Handler]:
        return {
            OrderSeen: self._on_order,
            IntentsCommitted: lambda _: (),  # journalled for the record; the order is PENDING until it is sent
            CommitFailed: self._on_commit_failed,
            OrderSent: self._on_sent,
            OrderNotSent: self._on_not_sent,
            PlaceRejected: self._on_rejected,
            PlaceUnknown: self._on_unknown,
            CancelRejected: self._on_cancel_rejected,
            CancelUnknown: lambda _: (),  # the cancel is repeated by the order manager's own clock
            OrderAbsent: self._on_absent,
            QueryFailed: self._on_query_failed,
            RulesRead: self._on_rules,
        }

    def _on_order(self, event: OrderSeen) -> Sequence[Action]:
        report = event.report
        if not is_own(report.client_id, self._tag):
            return ()
        if self._orders.get(report.client_id) is None:
            if report.status.is_final:
                return ()
            detail = f"{report.client_id} is open at the exchange but not in the ledger: cancelled"
            return (RecordRisk("unrecorded_order", "critical", detail), Cancel(report.client_id, "not in the ledger"))
        actions = self._orders.report(report, event.source, event.mono)
        if event.source == "place":
            actions += self._answered(report.client_id, event.mono)
            self._rules.accepted()
        if report.status.is_final:
            self._quoting.wake()
        return actions

    def _on_commit_failed(self, event: CommitFailed) -> Sequence[Action]:
        actions: list[Action] = []
        for client_id in event.client_ids:
            actions += self._orders.end(client_id, OrderStatus.NOT_SENT, "commit", event.why)
        # What cannot be persisted is not sent; a ledger that failed once is not trusted to hold the next fill.
        actions += self._risk.halt("ledger", f"the ledger could not be written: {event.why}")
        return actions

    def _on_sent(self, event: OrderSent) -> Sequence[Action]:
        self._orders.sent(event.client_id, event.fence_mono)
        return ()

    def _on_not_sent(self, event: OrderNotSent) -> Sequence[Action]:
        actions = self._orders.end(event.client_id, OrderStatus.NOT_SENT, "place", f"{event.code}: {event.why}")
        if event.code == "connect":
            actions += self._risk.connection_lost(event.mono)
        elif event.code in _FAULTY_KEY:
            actions += self._risk.halt(event.code, event.why)
        return actions

    def _on_rejected(self, event: PlaceRejected) -> Sequence[Action]:
        why = f"{event.code} {event.reason}"
        order = self._orders.get(event.client_id)
        decided_mono = event.mono if order is None else order.placed_mono
        actions = self._orders.end(event.client_id, OrderStatus.REJECTED, "place", why)
        if event.reason in _FAULTY_KEY:
            actions += self._risk.halt(event.reason, f"the exchange refused the key or the place: {event.message}")
        elif event.reason in _NO_FAULT:
            actions += self._answered(event.client_id, event.mono)
        else:
            actions += self._risk.order_rejected(event.mono, event.reason)
        if event.reason == "insufficient_balance":
            # At most one attempt per refresh of the balances.
            self._quoting.await_balances()
            actions += self._reconciling.ask("the exchange says the funds do not suffice", anew=True)
        elif event.reason.startswith("filter"):
            actions += self._rules.refused(why, decided_mono)
        return actions

    def _answered(self, client_id: str, mono: int) -> list[Action]:
        """The exchange answered an order as it should; when it left stands in its fence."""
        order = self._orders.get(client_id)
        left = order.fence_mono - self._fence_ns if order is not None and order.fence_mono else mono
        return self._risk.order_slow(mono) if mono - left > self._slow_ns else self._risk.order_ok(mono)

    def _on_unknown(self, event: PlaceUnknown) -> Sequence[Action]:
        actions = self._orders.unknown(event.client_id, event.why, event.mono)
        actions.append(RecordRisk("order_unknown", "warning", f"{event.client_id}: {event.why}"))
        actions += self._risk.order_unknown(event.mono)
        return actions

    def _on_cancel_rejected(self, event: CancelRejected) -> Sequence[Action]:
        self._orders.cancel_refused(event.client_id, event.mono)
        return self._orders.due(event.mono)

    def _on_absent(self, event: OrderAbsent) -> Sequence[Action]:
        actions = self._orders.absent(event.client_id, corroborated=event.corroborated, mono=event.mono)
        if actions:
            self._quoting.wake()
        return actions

    def _on_rules(self, event: RulesRead) -> Sequence[Action]:
        return self._rules.read(event)

    def _on_query_failed(self, event: QueryFailed) -> Sequence[Action]:
        self._orders.query_failed(event.client_id, event.mono)
        return ()
