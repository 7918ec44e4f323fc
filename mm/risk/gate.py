"""The checks every new order passes, one after another, and what is remembered of those that passed."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from mm.domain.actions import Action
from mm.domain.order import Side
from mm.domain.quote import QuoteLevel
from mm.domain.snapshot import Snapshot
from mm.risk.checks import first_refusal
from mm.risk.circuit_breaker import BreakerState, CircuitBreaker
from mm.risk.conduct import Conduct
from mm.risk.exposure import Exposure
from mm.risk.order_limits import OrderLimits
from mm.risk.refusal import Refusal, Refused
from mm.risk.refusal_log import RefusalLog
from mm.risk.situation import Situation

StateRule = Callable[[QuoteLevel], Refusal | None]
"""What the trading state says to an order."""


class Approval(NamedTuple):
    """`approved` keep their order; `actions` are the records of refusals and state changes."""

    approved: list[QuoteLevel]
    refused: list[Refused]
    actions: list[Action]


class Gate:
    """`limits` are those that hold now: after a resume at level 2 they are the halved ones (`halve`)."""

    def __init__(
        self, whole: OrderLimits, half: OrderLimits, reduce_collar: Fraction, breaker: CircuitBreaker, conduct: Conduct
    ) -> None:
        self._half = half
        self._reduce_collar = min(reduce_collar, whole.collar)
        self._breaker = breaker
        self._conduct = conduct
        self.limits = whole
        self.log = RefusalLog()

    @property
    def is_halved(self) -> bool:
        return self.limits is self._half

    def halve(self) -> None:
        self.limits = self._half

    def judge(
        self,
        desired: Sequence[QuoteLevel],
        snapshot: Snapshot,
        state: StateRule,
        fair_ticks: float = 0.0,
        *,
        reducing: bool = False,
    ) -> Approval:
        """Each approved order counts towards the next, and is taken as sent (order rate, the breaker's probe).
        `reducing`: level 2's sales have a narrower collar, and wait for no fill."""
        limits, conduct = self.limits, self._conduct
        if reducing:
            limits = replace(limits, collar=self._reduce_collar)
        actions: list[Action] = []
        approved: list[QuoteLevel] = []
        refused: list[Refused] = []
        exposure, others = Exposure.of(snapshot), snapshot.others_book()
        for order in desired:
            now = Situation(
                snapshot,
                others,
                exposure,
                limits,
                conduct.recent_orders(snapshot.mono),
                conduct.recent_messages(snapshot.mono),
                0 if reducing else conduct.orders_without_fill,
                fair_ticks,
            )
            refusal = state(order) or first_refusal(order, now) or self._breaker_refusal(snapshot.mono)
            if refusal is None:
                exposure.add(order)
                conduct.ordered(snapshot.mono)
                approved.append(order)
            else:
                refused.append(Refused(order, refusal))
                actions += self.log.record(refused[-1], snapshot.mono)
        return Approval(approved, refused, actions)

    def counts(self) -> dict[tuple[str, Side], int]:
        """Every refusal, the unrecorded ones too."""
        return dict(self.log.counts)

    def _breaker_refusal(self, mono: int) -> Refusal | None:
        """Last of all, so that the one probe is not spent on an order that another check refuses."""
        if self._breaker.state(mono) is BreakerState.CLOSED:
            return None
        if self._breaker.may_probe(mono):
            self._breaker.probe(mono)
            return None
        return Refusal("breaker_probe", "1", "2", "orders", "the breaker is half open and its one probe is out")
