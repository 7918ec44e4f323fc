"""The one gate every new order passes, and the one place that decides whether the bot may trade at all.

A filter, not an actor: it sends nothing and cancels nothing. Whatever it decides comes back as actions to record.
"""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

from mm.domain.actions import Action, OpenHalt, RecordRisk, RecordState
from mm.domain.instrument import Instrument, from_units
from mm.domain.order import Side
from mm.domain.quote import QuoteLevel
from mm.domain.risk import RiskBaseline, StageHistory, TradingState
from mm.domain.snapshot import Snapshot
from mm.fields import nanoseconds
from mm.risk.burst import BurstWatch
from mm.risk.circuit_breaker import BreakerEvent, BreakerState, CircuitBreaker
from mm.risk.conduct import Conduct
from mm.risk.distances import limit_distances
from mm.risk.emergency import ORANGE as LEVEL_2
from mm.risk.emergency import Emergency, level_bounds
from mm.risk.gate import Approval, Gate
from mm.risk.limits import ORANGE, RED, LimitDistance, LossLimits
from mm.risk.loss_watch import LossWatch
from mm.risk.order_limits import OrderLimits
from mm.risk.refusal import Refusal
from mm.risk.settings import RiskSettings
from mm.risk.state import BREAKER_OPEN, OVER_POSITION, STALE_BOOK, StateChange, TradingStateMachine

_NO_HISTORY = StageHistory()
_NO_EDGE = Fraction(0)


class RiskEngine:
    """Deterministic; time comes in as monotonic nanoseconds. Starts HALTED with cause `starting`."""

    def __init__(
        self,
        settings: RiskSettings,
        instrument: Instrument,
        capital_units: int,
        baseline: RiskBaseline,
        accepted_losses: Mapping[str, int] | None = None,
        *,
        history: StageHistory = _NO_HISTORY,
        least_edge: Fraction = _NO_EDGE,
    ) -> None:
        """`capital_units`: what may be bound at one time (1e-8 quote); `baseline` where losses count from;
        `accepted_losses` those a person accepted before a restart; `history` what the stage went through: who
        starts at level 2 was allowed to by a person, and trades with the half. `least_edge`: see `min_edge`."""
        self._instrument = instrument
        self._loss_limits = LossLimits.of(settings)
        self._losses = LossWatch(self._loss_limits, baseline, accepted_losses)
        self._machine = TradingStateMachine()
        breaker = settings.circuit_breaker
        self._breaker = CircuitBreaker(breaker.threshold, nanoseconds(breaker.timeout))
        self._conduct = Conduct(
            settings.max_same_side_fills, nanoseconds(settings.same_side_window), history.orders_without_fill
        )
        self._burst = BurstWatch(Fraction(settings.max_move), nanoseconds(settings.move_window))
        whole = OrderLimits.of(settings, capital_units, least_edge)
        half = OrderLimits.of(settings, capital_units, least_edge, halved=True)
        self._gate = Gate(whole, half, Fraction(settings.reduce_collar), self._breaker, self._conduct)
        self.emergency = Emergency(level_bounds(settings.levels, baseline.capital_units), history.level)
        if history.level >= LEVEL_2:
            self._gate.halve()

    # --- views ------------------------------------------------------------------

    @property
    def state(self) -> TradingState:
        return self._machine.state

    @property
    def causes(self) -> tuple[str, ...]:
        """Everything that keeps the state from ACTIVE."""
        return self._machine.causes

    @property
    def halts(self) -> dict[str, str]:
        """What waits for a person: cause and detail."""
        return self._machine.halts

    @property
    def stop_why(self) -> str:
        """Not empty once the run must end: requested, or a level 3 loss."""
        return self._machine.stop_why

    @property
    def baseline(self) -> RiskBaseline:
        return self._losses.baseline

    @property
    def accepted_losses(self) -> dict[str, int]:
        return dict(self._losses.accepted)

    @property
    def refusal_counts(self) -> dict[tuple[str, Side], int]:
        """Every refusal, the unrecorded ones too."""
        return self._gate.counts()

    @property
    def limits(self) -> OrderLimits:
        return self._gate.limits

    @property
    def is_halved(self) -> bool:
        """A person resumed at level 2: capital and position are the half until the stage begins anew."""
        return self._gate.is_halved

    @property
    def may_reduce(self) -> bool:
        """Nothing stands in the way of level 2's sales but the losses that ask for them."""
        return self._machine.state is TradingState.HALTED and _REDUCIBLE.issuperset(self._machine.causes)

    def breaker_state(self, mono: int) -> BreakerState:
        return self._breaker.state(mono)

    def distances(self, snapshot: Snapshot) -> tuple[LimitDistance, ...]:
        """How much of each limit is used, for screens."""
        recent = self._conduct.recent_orders(snapshot.mono)
        return limit_distances(snapshot, self._loss_limits, self._gate.limits, recent)

    # --- the gate -----------------------------------------------------------------

    def approve(self, desired: Sequence[QuoteLevel], snapshot: Snapshot, fair_ticks: float = 0.0) -> Approval:
        """Orders to be placed *newly* (not those that already rest), judged one after another: each approved one
        counts towards the next. What is approved is taken as sent (order rate, the breaker's probe)."""
        actions = self._sync_breaker(snapshot.mono)
        fair = 0.0 if self.state is TradingState.REDUCING else fair_ticks  # a reduction may be worth its price
        found = self._gate.judge(desired, snapshot, self._state_refusal, fair)
        return found._replace(actions=actions + found.actions)

    def approve_reduction(self, sell: QuoteLevel, snapshot: Snapshot) -> Approval:
        """A sale of level 2: it passes the halt that it belongs to, and no other check."""
        actions = self._sync_breaker(snapshot.mono)
        found = self._gate.judge([sell], snapshot, self._reduction_refusal, reducing=True)
        return found._replace(actions=actions + found.actions)

    def _state_refusal(self, order: QuoteLevel) -> Refusal | None:
        state = self.state
        if state is TradingState.ACTIVE or (state is TradingState.REDUCING and order.side is Side.SELL):
            return None
        code = "halted" if state is TradingState.HALTED else "reducing"
        return Refusal(code, TradingState.ACTIVE, state, "state", ", ".join(self.causes))

    def _reduction_refusal(self, order: QuoteLevel) -> Refusal | None:
        if order.side is Side.SELL and self.may_reduce:
            return None
        return Refusal("halted", "loss limits only", self.state, "state", ", ".join(self.causes))

    # --- watching --------------------------------------------------------------------

    def observe(self, snapshot: Snapshot) -> list[Action]:
        """Losses, staleness, the position cap and the breaker's clock; call it on every change and on a timer."""
        actions = self._sync_breaker(snapshot.mono)
        age = snapshot.mono - snapshot.book_mono
        stale = not 0 <= age <= self._gate.limits.stale_ns
        stands = self._machine.stands
        if stale != stands(STALE_BOOK):
            told = f"{age // 1_000_000} ms without data" if snapshot.book_mono else "no book yet"
            actions += self._stand(STALE_BOOK, told, stands=stale)
        held, cap = snapshot.position.base_units, self._gate.limits.max_position_units
        if (held > cap) != stands(OVER_POSITION):
            detail = f"{from_units(held)} {self._instrument.base} held, cap {from_units(cap)}"
            actions += self._stand(OVER_POSITION, detail, stands=held > cap)
        if held == 0 or (_is_fit(snapshot) and not stale):
            is_new_peak = snapshot.equity_units > self._losses.baseline.peak_units
            raises_peak = is_new_peak and (held == 0 or self._is_likely(snapshot))
            for loss in self._losses.mark(snapshot.equity_units, raises_peak=raises_peak):
                self.emergency.reach(loss.level)
                actions += self.halt(loss.code, loss.describe(self._instrument.quote))
                if loss.code in RED:
                    actions += self.stop(loss.code)
            self.emergency.mark(self._losses.level_loss(snapshot.equity_units))
        return actions

    def _is_likely(self, snapshot: Snapshot) -> bool:
        """A bid far above the reference must not raise the peak: the way back would look like a drawdown."""
        reference = snapshot.reference_ticks
        if not math.isfinite(reference) or reference <= 0:
            return False
        return snapshot.book.best_bid <= Fraction(reference) * (1 + self._gate.limits.collar)

    def new_day(self, day: str, equity_units: int) -> list[Action]:
        """The trading day `day` (ISO, local) begins at this equity. Halts stay."""
        self._conduct.new_day()
        self._losses.new_day(day, equity_units)
        return [RecordRisk("new_day", "info", f"{day} starts at {from_units(equity_units)} {self._instrument.quote}")]

    def capital_flow(self, quote_units: int) -> list[Action]:
        """A deposit (+) or withdrawal (−): neither profit nor loss."""
        self._losses.capital_flow(quote_units)
        return []

    def filled(self, side: Side, client_id: str, mono: int) -> list[Action]:
        """An own order was filled, whole or in part."""
        fills = self._conduct.filled(side, client_id, mono)
        return self.halt("repeated_execution", f"{fills} {side} orders filled in a short time") if fills else []

    def cancelled(self, mono: int) -> None:
        """A cancel leaves: it counts as a message."""
        self._conduct.cancelled(mono)

    # --- causes, halts, stop ------------------------------------------------------------

    def raise_cause(self, cause: str, detail: str = "") -> list[Action]:
        """A condition that clears by itself: unreconciled, a stream down, clock drift."""
        return self._stand(cause, detail, stands=True)

    def clear(self, cause: str) -> list[Action]:
        return self._stand(cause, "", stands=False)

    def halt(self, cause: str, detail: str, *, recorded: bool = False) -> list[Action]:
        """Latch until a person resumes. `recorded`: it already stands in control.db (told at start-up)."""
        change = self._machine.halt(cause, detail)
        if change is None:
            return []
        latch: list[Action] = [] if recorded else [OpenHalt(cause, detail)]
        return [RecordRisk(cause, "critical", detail), *latch, *_state(change)]

    def resume(self, by: str, note: str, snapshot: Snapshot) -> list[Action]:
        """Lift all halts, or none while one of their causes persists (`resume_refused` names which).

        Losses of level 2 are accepted with it: they halt again when they grow by another limit.
        """
        actions = self.observe(snapshot)
        standing = self._machine.halts
        if not by.strip() or not note.strip():
            return [*actions, RecordRisk("resume_refused", "warning", "a name and a note are needed")]
        red = self._losses.still_red()
        persisting = [cause for cause in standing if cause in red or self._machine.stands(cause)]
        if persisting:
            detail = f"{', '.join(persisting)} still stands"
            return [*actions, RecordRisk("resume_refused", "warning", detail)]
        change = self._machine.lift_halts()
        if change is None:
            return actions
        accepted = self._losses.accept()
        if self.emergency.level >= LEVEL_2:
            self._gate.halve()
        losses = "".join(
            f"; accepted {code} {from_units(units)} {self._instrument.quote}" for code, units in accepted.items()
        )
        detail = f"{by} lifted {', '.join(standing)}: {note}{losses}"
        return [*actions, RecordRisk("resumed", "info", detail), *_state(change)]

    def stop(self, why: str) -> list[Action]:
        """Final: no new order in this run."""
        change = self._machine.stop(why)
        return [] if change is None else [RecordRisk("stop", "info", why), *_state(change)]

    def _stand(self, cause: str, detail: str, *, stands: bool) -> list[Action]:
        change = self._machine.raise_cause(cause, detail) if stands else self._machine.clear(cause)
        if change is None:
            return []
        code, severity = ("cause_raised", "warning") if stands else ("cause_cleared", "info")
        return [RecordRisk(code, severity, f"{cause}: {detail}" if detail else cause), *_state(change)]

    # --- the circuit breaker ---------------------------------------------------------------

    def order_rejected(self, mono: int, reason: str) -> list[Action]:
        """A refusal that speaks of a fault. Ordinary market answers (post-only would match) are `order_ok`."""
        return self._breaker_actions(self._breaker.failure(f"rejected:{reason}", mono), mono)

    def order_unknown(self, mono: int) -> list[Action]:
        return self._breaker_actions(self._breaker.failure("unknown", mono), mono)

    def connection_lost(self, mono: int) -> list[Action]:
        return self._breaker_actions(self._breaker.failure("connection", mono), mono)

    def order_slow(self, mono: int) -> list[Action]:
        """The answer came, but later than `max_order_latency`."""
        return self._breaker_actions(self._breaker.failure("latency", mono), mono)

    def mid_seen(self, mid: int, mono: int) -> list[Action]:
        """The mid four times a second, in half ticks."""
        if not self._burst.see(mid, mono):
            return []
        return self._breaker_actions(self._breaker.trip("volatility", mono), mono)

    def order_ok(self, mono: int) -> list[Action]:
        """The exchange answered an order as it should."""
        return self._breaker_actions(self._breaker.success(mono), mono)

    def _sync_breaker(self, mono: int) -> list[Action]:
        if self._breaker.is_idle and not self._machine.stands(BREAKER_OPEN):
            return []
        return self._breaker_actions(self._breaker.poll(mono), mono)

    def _breaker_actions(self, events: list[BreakerEvent], mono: int) -> list[Action]:
        actions: list[Action] = [
            RecordRisk(f"breaker_{event.after.lower()}", _SEVERITY[event.after], _describe(event)) for event in events
        ]
        is_open = self._breaker.state(mono) is _OPEN
        if is_open != self._machine.stands(BREAKER_OPEN):
            actions += self._stand(BREAKER_OPEN, "", stands=is_open)
        return actions


_OPEN = BreakerState.OPEN
_REDUCIBLE = ORANGE | {OVER_POSITION}
_SEVERITY = {BreakerState.OPEN: "error", BreakerState.HALF_OPEN: "info", BreakerState.CLOSED: "info"}


def _describe(event: BreakerEvent) -> str:
    return f"{event.cause}: {event.before} to {event.after}, {event.failures} failures"


def _state(change: StateChange) -> list[Action]:
    return [RecordState(change.before, change.after, change.causes)] if change.before is not change.after else []


def _is_fit(snapshot: Snapshot) -> bool:
    """Whether equity marked at this book's best bid can be believed."""
    bids, asks = snapshot.book.bids, snapshot.book.asks
    return snapshot.market_ok and bool(bids and asks) and bids[0][0] < asks[0][0]
