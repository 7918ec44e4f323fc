"""The stages of the rollout and what each allows on mainnet (rollout plan P-3.1, P-3.3). Pure.

A stage only tightens limits, and only on mainnet: `sim` and `testnet` take any profile as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol, Self, TypeVar

from mm.domain.errors import StageRefused, UsageError

MAINNET = "mainnet"
QUOTE = "USDC"


class Stage(StrEnum):
    """Where the rollout stands. The order of the members is the order of the rollout."""

    TESTNET = "testnet"
    USDC_100 = "100"
    USDC_200 = "200"
    USDC_500 = "500"
    USDC_1000 = "1000"
    USDC_2000 = "2000"
    STABLE = "stable"

    @property
    def next(self) -> "Stage | None":
        order = tuple(Stage)
        place = order.index(self) + 1
        return order[place] if place < len(order) else None


@dataclass(frozen=True, slots=True)
class StageCaps:
    """The most that a stage lets a profile take on mainnet.

    `capital` and `daily_loss` in quote (USDC), `max_position` in base (ETH), `max_drawdown` a fraction of the
    capital, `dwell` the shortest stay before the next stage (None: the last one).
    """

    capital: Decimal
    max_position: Decimal
    daily_loss: Decimal
    max_drawdown: Decimal
    dwell: timedelta | None
    profile: str | None


def _caps(capital: str, position: str, loss: str, hours: int | None) -> StageCaps:
    dwell = None if hours is None else timedelta(hours=hours)
    return StageCaps(Decimal(capital), Decimal(position), Decimal(loss), Decimal("0.05"), dwell, f"{capital}usdc")


CAPS: Mapping[Stage, StageCaps] = {
    Stage.TESTNET: StageCaps(Decimal(0), Decimal(0), Decimal(0), Decimal("0.05"), timedelta(hours=48), None),
    Stage.USDC_100: _caps("100", "0.01", "5", 72),
    Stage.USDC_200: _caps("200", "0.02", "10", 48),
    Stage.USDC_500: _caps("500", "0.05", "25", 48),
    Stage.USDC_1000: _caps("1000", "0.1", "50", 72),
    Stage.USDC_2000: _caps("2000", "0.2", "100", 96),
    Stage.STABLE: _caps("2000", "0.2", "100", None),
}


def parse_stage(text: str) -> Stage:
    """Raises UsageError, naming every stage, when `text` is none of them. `100usdc` and `100` mean the same."""
    word = text.strip().lower().removesuffix("usdc")
    try:
        return Stage(word)
    except ValueError:
        raise UsageError(f"no stage {text!r}", f"there are {', '.join(Stage)}") from None


def allowed_profiles(stage: Stage) -> tuple[str, ...]:
    """Profiles that may run on mainnet in this stage: those up to its own tier, smallest first."""
    names: list[str] = []
    for each in Stage:
        profile = CAPS[each].profile
        if profile is not None and profile not in names:
            names.append(profile)
        if each is stage:
            break
    return tuple(names)


def check_profile(stage: Stage, environment: str, profile: str, capital: Decimal) -> None:
    """Raises StageRefused when `profile` with `capital` (USDC) may not run in `environment` in this stage."""
    if environment != MAINNET:
        return
    allowed = allowed_profiles(stage)
    if profile not in allowed:
        may = f"allows on mainnet: {', '.join(allowed)}" if allowed else "allows no profile on mainnet"
        raise StageRefused(
            f"stage {stage} does not allow profile {profile} on mainnet",
            f"it {may}; see `mm stage show`, step up with `mm stage promote`",
        )
    if capital > CAPS[stage].capital:
        raise StageRefused(
            f"stage {stage} allows {CAPS[stage].capital} USDC, profile {profile} has a capital of {capital}",
            "lower `capital` in the profile, or step up with `mm stage promote`",
        )


def check_symbol(environment: str, symbol: str) -> None:
    """Raises StageRefused on mainnet for a symbol that is not paid in USDC: the caps, and a profile's capital, are
    USDC, and 100 of another asset may be a fortune."""
    if environment == MAINNET and not symbol.endswith(QUOTE):
        raise StageRefused(
            f"{symbol} is not traded in {QUOTE}, in which every stage counts its limits",
            f"choose a symbol that ends in {QUOTE} for mainnet",
        )


def check_step(current: Stage, target: Stage) -> None:
    """Raises StageRefused unless `target` is exactly the next stage."""
    if target is current:
        raise StageRefused(f"stage {current} is already current", "see `mm stage show`")
    if target is current.next:
        return
    order = tuple(Stage)
    if order.index(target) < order.index(current):
        raise StageRefused(f"stage {target} lies below {current}", "promotion only steps up")
    raise StageRefused(
        f"stage {current} cannot step to {target}: no stage is skipped", f"the next one is {current.next}"
    )


class RiskLimits(Protocol):
    """What `cap_risk` needs of the risk settings (a frozen pydantic model)."""

    @property
    def daily_loss_limit(self) -> Decimal: ...
    @property
    def max_position(self) -> Decimal: ...
    @property
    def max_drawdown_limit(self) -> Decimal: ...
    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self: ...


Limits = TypeVar("Limits", bound=RiskLimits)


def cap_risk(settings: Limits, stage: Stage, environment: str) -> Limits:
    """The profile's limits, on mainnet each the lesser of the profile's and the stage's.

    Raises StageRefused on mainnet in stage `testnet`, which has no limits there to trade within.
    """
    if environment != MAINNET:
        return settings
    caps = CAPS[stage]
    if caps.profile is None:
        raise StageRefused(f"stage {stage} allows no trading on mainnet", "qualify first: see `mm stage show`")
    return settings.model_copy(
        update={
            "daily_loss_limit": min(settings.daily_loss_limit, caps.daily_loss),
            "max_position": min(settings.max_position, caps.max_position),
            "max_drawdown_limit": min(settings.max_drawdown_limit, caps.max_drawdown),
        }
    )
