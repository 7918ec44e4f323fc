"""Where equity stands against its loss limits, over days, restarts and a person's acceptance."""

from collections.abc import Mapping
from dataclasses import replace

from mm.domain.risk import RiskBaseline
from mm.risk.limits import DAILY_LOSS, RED, Loss, LossBounds, LossLimits, losses, worst_loss


class LossWatch:
    """Owns the baseline (`RiskBaseline`) and the losses that a person accepted by resuming.

    After a resume a level 2 limit counts anew from the loss that was accepted: it halts again when the loss is
    greater than accepted + limit. Level 3 is never accepted. An acceptance ends when the loss has shrunk to half
    the limit, and that of the daily loss with its day.
    """

    def __init__(self, limits: LossLimits, baseline: RiskBaseline, accepted: Mapping[str, int] | None = None) -> None:
        self._limits = limits
        self._narrowest = LossBounds.of(limits, baseline.capital_units).narrowest  # the capital never changes in a run
        self.baseline = baseline
        self.accepted: dict[str, int] = dict(accepted or {})
        self.equity_units: int | None = None

    def mark(self, equity_units: int, *, raises_peak: bool) -> list[Loss]:
        """Take a trustworthy mark; returns the losses beyond their limits, accepted ones left out."""
        self.equity_units = equity_units
        if raises_peak and equity_units > self.baseline.peak_units:
            self.baseline = replace(self.baseline, peak_units=equity_units)
        if not self.accepted and worst_loss(self.baseline, equity_units) <= self._narrowest:
            return []  # no loss is beyond even the narrowest limit: the usual answer, without looking at each
        crossed = []
        for loss in losses(self._limits, self.baseline, equity_units):
            if 2 * loss.loss_units <= loss.limit_units:
                self.accepted.pop(loss.code, None)
            if loss.loss_units > loss.limit_units + self.accepted.get(loss.code, 0):
                crossed.append(loss)
        return crossed

    def level_loss(self, equity_units: int) -> int:
        """What emergency levels count: the worse of the trading day's loss and the stage's."""
        base = self.baseline
        return max(base.day_start_units, base.stage_start_units) - equity_units

    def still_red(self) -> tuple[str, ...]:
        """Level 3 losses that stand at the last mark; without any mark none can be ruled out."""
        if self.equity_units is None:
            return tuple(sorted(RED))
        found = losses(self._limits, self.baseline, self.equity_units)
        return tuple(loss.code for loss in found if loss.code in RED and loss.is_crossed)

    def accept(self) -> dict[str, int]:
        """A person has seen the level 2 losses that stand and goes on; returns what is accepted now."""
        if self.equity_units is not None:
            for loss in losses(self._limits, self.baseline, self.equity_units):
                if loss.is_crossed and loss.code not in RED:
                    self.accepted[loss.code] = loss.loss_units
        return dict(self.accepted)

    def new_day(self, day: str, equity_units: int) -> None:
        """Only the day's start moves; stage start and peak stay."""
        self.baseline = replace(self.baseline, day=day, day_start_units=equity_units)
        self.accepted.pop(DAILY_LOSS, None)

    def capital_flow(self, quote_units: int) -> None:
        """A deposit or withdrawal is neither profit nor loss: every mark that losses count from moves with it."""
        base = self.baseline
        self.baseline = replace(
            base,
            day_start_units=base.day_start_units + quote_units,
            stage_start_units=base.stage_start_units + quote_units,
            peak_units=base.peak_units + quote_units,
        )
        if self.equity_units is not None:
            self.equity_units += quote_units
