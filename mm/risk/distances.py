"""How much of each limit is used, for screens."""

from mm.domain.instrument import from_units
from mm.domain.snapshot import Snapshot
from mm.risk.exposure import Exposure
from mm.risk.limits import LimitDistance, LossLimits, distance, loss_distances
from mm.risk.order_limits import OrderLimits


def limit_distances(
    snapshot: Snapshot, loss_limits: LossLimits, limits: OrderLimits, recent_orders: int
) -> tuple[LimitDistance, ...]:
    exposure, rules = Exposure.of(snapshot), snapshot.instrument
    position = exposure.base_units + exposure.buy_units
    bound = exposure.cost_units + exposure.buy_quote_units
    counts = (
        ("open_orders", exposure.open_orders, limits.max_open_orders, "orders"),
        ("order_rate", recent_orders, limits.max_orders_per_minute, "orders/60s"),
    )
    return (
        *loss_distances(loss_limits, snapshot.baseline, snapshot.equity_units, rules.quote),
        distance("max_position", from_units(position), from_units(limits.max_position_units), rules.base),
        distance("capital", from_units(bound), from_units(limits.capital_units), rules.quote),
        *(distance(name, from_units(n * 10**8), from_units(m * 10**8), unit) for name, n, m, unit in counts),
    )
