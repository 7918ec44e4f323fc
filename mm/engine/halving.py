"""What a resume at level 2 leaves to trade with: half of everything, and a wider spread (P-6.2)."""

from dataclasses import replace
from decimal import Decimal

from mm.domain.instrument import from_units, to_units
from mm.engine.setup import EngineSetup
from mm.strategy.spread import quoted_spread

_WIDEST = Decimal("0.2")
"""The greatest spread that strategy settings can hold."""


def halved(setup: EngineSetup) -> EngineSetup:
    """The strategy's aim is halved with the cap: it would otherwise lean towards a full position. The spread that was
    quoted counts, not the configured one: fees may have raised it. Loss limits know nothing of it."""
    strategy, risk = setup.strategy, setup.risk
    spread = min(_WIDEST, quoted_spread(strategy, setup.fees) * risk.level_2_spread_factor)
    return replace(
        setup,
        strategy=strategy.model_copy(
            update={"base_spread": max(spread, strategy.base_spread), "max_inventory": strategy.max_inventory / 2}
        ),
        risk=risk.model_copy(update={"max_position": from_units(to_units(risk.max_position) // 2)}),
        capital_units=setup.capital_units // 2,
    )
