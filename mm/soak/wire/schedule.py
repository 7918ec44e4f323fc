"""What one seed decides: the faults, how the bot's instances end, the settings they trade with."""

import random
from dataclasses import dataclass

from mm.exchange.venue.faults.kinds import KINDS
from mm.exchange.venue.faults.plan import FaultPlan
from mm.exchange.venue.faults.random_plan import random_plan

CALM_SECONDS = 2.0
"""So long the first instance has before the first fault."""
FAULTY_SECONDS = 22.0
"""Faults begin and end within this time; then the plan is cleared and the bot started for the last time."""
_MEAN_PAUSE = 3.0
_LONGEST = 4.0
PROFILE = "100usdc"
SCENARIO = "lively"

SETTINGS = {
    # Quotes close to the market, so that some seconds see trades.
    "MM__VENUE__MAKER_FEE": "0.0001",
    "MM__STRATEGY__BASE_SPREAD": "0.0004",
    "MM__STRATEGY__TICK_INTERVAL": "1s",
    "MM__STRATEGY__FILL_DELAY": "300ms",
    "MM__RISK__MAX_ORDERS_PER_MINUTE": "600",
    # What takes minutes otherwise, so that one schedule sees a fault, its end, and trading after it.
    "MM__RISK__CIRCUIT_BREAKER__TIMEOUT": "2s",
    "MM__EXECUTION__RECONCILE_EVERY": "5s",
    "MM__EXECUTION__CANCEL_RETRY": "500ms",
    "MM__EXCHANGE__REQUEST_TIMEOUT": "1500ms",
    "MM__EXCHANGE__KEEP_ALIVE": "500ms",
    "MM__EXCHANGE__SILENCE_AFTER": "3s",
    # The fence: these two and the exchange's own 10 s, which stay as they are.
    "MM__EXCHANGE__RECV_WINDOW": "1s",
    "MM__EXCHANGE__FENCE_MARGIN": "200ms",
}
"""Beside the profile."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The same seed gives the same faults and restarts; what they meet depends on the machine's timing as well."""

    seed: int
    kinds: tuple[str, ...] = ()
    """Empty: all."""
    faulty_seconds: float = FAULTY_SECONDS

    @property
    def command(self) -> str:
        kinds = f" --kinds {','.join(self.kinds)}" if self.kinds else ""
        seconds = "" if self.faulty_seconds == FAULTY_SECONDS else f" --seconds {self.faulty_seconds:g}"
        return f"python -m scripts.wire_faults --seed {self.seed} --schedules 1{kinds}{seconds}"

    def rng(self, of: str) -> random.Random:
        """A sequence of its own for each thing that is drawn."""
        return random.Random(f"{self.seed} {of}")  # noqa: S311 - faults and moments, no secrets

    def plan(self, start_ms: int) -> FaultPlan:
        """Every kind, those too after which the bot waits for a person; several at a time now and then."""
        return random_plan(
            self.rng("faults"),
            start_ms + round(CALM_SECONDS * 1000),
            self.faulty_seconds / 3600,
            self.kinds or tuple(KINDS),
            mean_pause_s=_MEAN_PAUSE,
            longest_s=_LONGEST,
        )
