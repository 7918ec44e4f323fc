"""What a promotion is judged on: facts read from the ledger, never typed in. Pure."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from mm.rollout.stages import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Facts of one stage since it began. None: this version has no record of it, or not enough of it.

    `capital` USDC with which the stage began; money in USDC; shares as fractions (0.05 is 5 %).
    `ran` time covered by runs, `elapsed` wall time since the first run of the stage (daily means divide by it),
    `longest_clean` the longest stretch of run time without a crash.
    `crashes` runs without a clean end; `open_halts` halts no person has lifted yet; `level3` emergency stops.
    `cpu_share`, `memory_share`: mean share of all cores, and largest share of the machine's memory.
    `daily_returns` one per trading day that is complete. `next_risk_fits`: the next tier's profile exists
    and stays within its stage's caps. `source` names environment and ledger the facts were read from.
    """

    stage: Stage
    source: str
    capital: Decimal
    runs: int = 0
    ran: timedelta = timedelta(0)
    elapsed: timedelta = timedelta(0)
    longest_clean: timedelta = timedelta(0)
    crashes: int | None = None
    orders: int = 0
    order_accuracy: Decimal | None = None
    cumulative_pnl: Decimal | None = None
    max_drawdown: Decimal | None = None
    stability: Decimal | None = None
    cpu_share: Decimal | None = None
    memory_share: Decimal | None = None
    open_halts: int | None = None
    level3: int | None = None
    daily_returns: tuple[Decimal, ...] = ()
    next_risk_fits: bool | None = None
    next_risk_text: str = ""
    functions_exercised: tuple[int, int] | None = None
    """Functions seen to work, of how many."""
    drills_passed: tuple[int, int] | None = None
    alerts_proved: tuple[int, int] | None = None

    @property
    def daily_mean(self) -> Decimal | None:
        """Cumulative PnL divided by elapsed days; None before anything is known."""
        if self.cumulative_pnl is None or self.elapsed <= timedelta(0):
            return None
        return self.cumulative_pnl * 86_400 / Decimal(int(self.elapsed.total_seconds()) or 1)
