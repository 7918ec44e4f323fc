"""The one decision step: an event in, actions out. No I/O, no clock, no randomness.

Apply the event to state → strategy turns the snapshot into a desired quote → execution compares it with live
orders → risk keeps the approved ones and says why it refused the others. Cancels need nobody's approval.
"""

from collections.abc import Callable, Sequence
from typing import Any

from mm.domain.actions import (
    Action,
    RecordFill,
    RecordRisk,
    StopRun,
)
from mm.domain.events import (
    BalanceSeen,
    BookSeen,
    CapitalFlowSeen,
    ClockDrift,
    Event,
    FillSeen,
    HaltRequested,
    MarketTradeSeen,
    Reconciled,
    ResumeRequested,
    StopRequested,
    StreamDown,
    StreamUp,
    TimerFired,
)
from mm.domain.order import Side
from mm.domain.quote import Quote
from mm.domain.risk import TradingState
from mm.domain.snapshot import Snapshot
from mm.engine.account import Account
from mm.engine.market import Market
from mm.engine.oversight import Oversight, strategy_of
from mm.engine.own_orders import OwnOrderEvents
from mm.engine.quoting import Quoting
from mm.engine.reconciling import Reconciling
from mm.engine.setup import EngineSetup
from mm.execution.client_order_id import is_own
from mm.execution.order_manager import OrderManager, Pace
from mm.fields import nanoseconds
from mm.risk.engine import RiskEngine
from mm.risk.limits import LossLimits, accepted_losses
from mm.strategy.spread import least_edge

_ACTIVE, _HALTED = TradingState.ACTIVE, TradingState.HALTED


class Engine:
    """Built from an EngineSetup; `process` is the whole interface, the properties are for screens."""

    def __init__(self, setup: EngineSetup) -> None:
        self.setup = setup
        self._at = setup.at
        self._mono = setup.mono
        self._stale_ns = nanoseconds(setup.risk.stale_after)
        execution = setup.execution
        self.market = Market()
        self.account = Account(setup.instrument, setup.recovery)
        self.orders = OrderManager(
            Pace(
                nanoseconds(execution.query_after),
                nanoseconds(execution.query_interval_max),
                nanoseconds(execution.cancel_retry),
            )
        )
        self._restore_orders()
        history, baseline = setup.recovery.history, setup.recovery.baseline
        self.risk = RiskEngine(
            setup.risk,
            setup.instrument,
            setup.capital_units,
            baseline,
            accepted_losses(LossLimits.of(setup.risk), baseline, history.accepted),
            history=history,
            least_edge=least_edge(setup.strategy, setup.fees),
        )
        strategy = strategy_of(setup, is_halved=self.risk.is_halved)
        self.quoting = Quoting(setup, strategy, self.orders, self.risk)
        self._oversight = Oversight(setup, self.account, self.orders, self.risk, self.quoting)
        self.quote = Quote((), 0.0)
        self._stop_why = ""
        self._is_finished = False
        self._was_active = False
        self._is_account_up = False
        self._day_to_begin = ""
        self._reconciling = Reconciling(nanoseconds(execution.reconcile_every), nanoseconds(execution.cancel_retry))
        own_orders = OwnOrderEvents(self.orders, self.risk, self.quoting, self._reconciling, setup)
        self._handlers: dict[type[Event], Callable[[Any], Sequence[Action]]] = {
            **own_orders.handlers(),
            BookSeen: self._on_book,
            MarketTradeSeen: self._on_trade,
            StreamUp: self._on_stream_up,
            StreamDown: self._on_stream_down,
            FillSeen: self._on_fill,
            BalanceSeen: self._on_balance,
            CapitalFlowSeen: self._on_capital_flow,
            Reconciled: self._on_reconciled,
            TimerFired: self._on_timer,
            StopRequested: self._on_stop,
            HaltRequested: self._on_halt,
            ResumeRequested: self._on_resume,
            ClockDrift: self._on_clock_drift,
        }

    def process(self, event: Event) -> list[Action]:
        self._at, self._mono = event.at, event.mono
        actions = list(self._handlers[type(event)](event))
        actions += self._oversight.follow(actions, event.at, event.mono)
        actions += self._after()
        if actions:
            self._oversight.count_cancels(actions, event.mono)
        return actions

    def snapshot(self) -> Snapshot:
        return self.account.snapshot(
            self.market, self.orders, self.setup, self.risk.baseline, at=self._at, mono=self._mono
        )

    @property
    def state(self) -> TradingState:
        return self.risk.state

    def is_fresh(self, client_id: str, mono: int) -> bool:
        """Whether an order about to leave still rests on something: its decision and the book are not stale."""
        order = self.orders.get(client_id)
        limit = self._stale_ns
        return order is not None and mono - order.placed_mono <= limit and mono - self.market.book_mono <= limit

    @property
    def is_stopping(self) -> bool:
        return bool(self._stop_why)

    # --- market -----------------------------------------------------------------

    def _on_book(self, event: BookSeen) -> Sequence[Action]:
        first = not self.market.is_up
        self.market.on_book(event)
        self.account.mark(self.market, self.orders)
        actions = list(self.risk.clear("market_stream")) if first else []
        if self._day_to_begin:
            actions += self._on_day(self._day_to_begin)
        snapshot = self.snapshot()
        actions += self.risk.observe(snapshot)
        if len(self.orders):
            # What was observed may have moved the baseline, nothing else of the picture.
            is_same = snapshot.baseline is self.risk.baseline
            actions += self._requote(snapshot if is_same else self.snapshot(), place=False)
        return actions

    def _on_trade(self, event: MarketTradeSeen) -> Sequence[Action]:
        self.market.on_trade(event)
        return ()

    def _on_stream_up(self, event: StreamUp) -> Sequence[Action]:
        if event.stream == "account":
            self._is_account_up = True
            return self._reconciling.ask("account stream is back", anew=True)
        return ()

    def _on_stream_down(self, event: StreamDown) -> Sequence[Action]:
        actions: list[Action] = [RecordRisk("stream_down", "warning", f"{event.stream}: {event.why}")]
        if event.stream == "market":
            was_up = self.market.is_up
            self.market.drop_book()
        else:
            was_up, self._is_account_up = self._is_account_up, False
        if was_up:
            # One outage counts once for a stream, however often it is dialled again in vain.
            actions += self.risk.connection_lost(self._mono)
        actions += self.risk.raise_cause(f"{event.stream}_stream", event.why)
        return actions

    # --- account ------------------------------------------------------------------

    def _on_fill(self, event: FillSeen) -> Sequence[Action]:
        fill = event.fill
        if not is_own(fill.client_id, self.setup.tag):
            return ()
        changes = self.orders.fill(fill, event.source)
        if changes is None:
            return ()
        self.account.on_fill(fill, self._mono)
        self.account.mark(self.market, self.orders)
        mid = self._mid()
        actions: list[Action] = [RecordFill(fill, self.account.position, mid), *changes]
        actions += self._oversight.filled(fill, mid, self._mono)
        actions += self.risk.observe(self.snapshot())
        actions += self._equity()
        return actions

    def _on_balance(self, event: BalanceSeen) -> Sequence[Action]:
        self.account.on_balance(event)
        return ()

    def _on_capital_flow(self, event: CapitalFlowSeen) -> Sequence[Action]:
        self.account.on_flow(event)
        return self.risk.capital_flow(event.quote_units)

    def _on_reconciled(self, event: Reconciled) -> Sequence[Action]:
        reading = self._reconciling.done(self._mono, agrees=not event.problems)
        if reading.proving and not event.problems and not len(self.orders):
            self._is_finished = True
            return [*self._equity(), StopRun(self._stop_why)]
        actions: list[Action] = []
        for problem in self.account.problems():
            # Ledger against exchange (P-2.4, data inconsistent): a person must look.
            actions += self._oversight.stops.inconsistent(problem)
        if event.problems:
            detail = "; ".join(event.problems)
            actions.append(RecordRisk("reconcile", "warning", detail))
            return [*actions, *self.risk.raise_cause("unreconciled", detail)]
        if reading.again:
            return [*actions, *self._reconciling.ask(reading.again)]
        actions += self._oversight.stops.started()
        for cause in ("starting", "unreconciled", *(["account_stream"] if self._is_account_up else [])):
            actions += self.risk.clear(cause)
        self.quoting.balances_known()
        return actions

    # --- time, people, faults --------------------------------------------------------

    def _on_timer(self, event: TimerFired) -> Sequence[Action]:
        if event.name == "day":
            return self._on_day(event.detail)
        actions = self.orders.due(self._mono)
        snapshot = self.snapshot()
        actions += self.risk.observe(snapshot)
        actions += self._oversight.pulse(snapshot)
        if event.name == "tick":
            actions += self._equity()  # before anything is replaced: the quoted spread is what stood
            actions += self._requote(self.snapshot(), place=True)
            actions += self._oversight.watch(self._mono)
        actions += self._reconciling.due(self._mono)
        return actions

    def _on_day(self, day: str) -> Sequence[Action]:
        self._day_to_begin = "" if self.account.is_marked else day
        if self._day_to_begin:
            return ()  # what the day starts with is known with the first price
        self._oversight.new_day()
        return [*self._equity(), *self.risk.new_day(day, self.account.equity_units)]

    def _on_stop(self, event: StopRequested) -> Sequence[Action]:
        if self._stop_why:
            return ()
        self._stop_why = event.why
        return self.risk.stop(event.why)

    def _on_halt(self, event: HaltRequested) -> Sequence[Action]:
        return self.risk.halt(event.cause, event.detail)

    def _on_resume(self, event: ResumeRequested) -> Sequence[Action]:
        return self._oversight.resume(event, self.snapshot())

    def _on_clock_drift(self, event: ClockDrift) -> Sequence[Action]:
        self.market.drift_ms = event.drift_ms
        limit_ms = nanoseconds(self.setup.risk.max_clock_drift) // 1_000_000
        if abs(event.drift_ms) > limit_ms:
            detail = f"{event.drift_ms} ms against the exchange, limit {limit_ms} ms"
            return self.risk.raise_cause("clock_drift", detail)
        return self.risk.clear("clock_drift")

    # --- inside --------------------------------------------------------------------

    def _after(self) -> Sequence[Action]:
        """What follows from any event: standing orders of the trading state, and the end of a stop."""
        state = self.risk.state
        if state is _ACTIVE and self._was_active and not (self.quoting.is_due or self._stop_why or self.risk.stop_why):
            return ()  # mostly
        actions: list[Action] = []
        if state is _HALTED:
            actions += self._oversight.reducing.cancel_others("halted", self._mono)
        elif state is not _ACTIVE:
            for order in list(self.orders):
                if order.intent.side is Side.BUY:
                    actions += self.orders.cancel(order.intent.client_id, "reducing", self._mono)
        self._stop_why = self._stop_why or self.risk.stop_why
        if state is _ACTIVE and not self._was_active:
            self.quoting.begin()
        self._was_active = state is _ACTIVE
        if self.quoting.is_due:
            actions += self._requote(self.snapshot(), place=True)
        if self._stop_why and not len(self.orders) and not self._is_finished:
            actions += self._reconciling.prove(self._mono)
        return actions

    def _requote(self, snapshot: Snapshot, *, place: bool) -> list[Action]:
        self.quote, actions = self.quoting.requote(snapshot, place=place)
        return actions

    def _restore_orders(self) -> None:
        setup = self.setup
        # The process that sent them is gone, so whatever left, left before now. Its own times say nothing certain:
        # the wall clock may have been set since.
        fence = setup.mono + setup.fence_ns
        fences = {known.intent.client_id: fence for known in setup.recovery.orders}
        self.orders.restore(setup.recovery.orders, setup.recovery.known_fills, setup.mono, fences)

    def _mid(self) -> float:
        book = self.market.book
        return (book.best_bid + book.best_ask) / 2 if book.is_two_sided else 0.0

    def _equity(self) -> list[Action]:
        """Nothing while base is held and no price was seen: a row must never show a loss that is none."""
        if not self.account.is_marked:
            return []
        return [self.account.equity_record(self.market, self.orders, self.risk.baseline)]
