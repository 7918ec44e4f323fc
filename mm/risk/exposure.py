"""What the bot would stand with if everything it has in the market, or may have, were filled."""

from dataclasses import dataclass

from mm.domain.instrument import Instrument
from mm.domain.order import Side
from mm.domain.quote import QuoteLevel
from mm.domain.snapshot import Snapshot


@dataclass(slots=True)
class Exposure:
    """Live, unknown and not yet sent orders all count in full. `add` counts an approved order towards the next.

    `buy_units`, `sell_units`: base locked in live orders; `buy_quote_units`: what the live buys would cost;
    `lowest_ask`, `highest_bid`: own prices in ticks (0: none).
    """

    instrument: Instrument
    base_units: int
    cost_units: int
    free_quote_units: int
    free_base_units: int
    buy_units: int = 0
    sell_units: int = 0
    buy_quote_units: int = 0
    open_orders: int = 0
    lowest_ask: int = 0
    highest_bid: int = 0

    @classmethod
    def of(cls, snapshot: Snapshot) -> "Exposure":
        exposure = cls(
            instrument=snapshot.instrument,
            base_units=snapshot.position.base_units,
            cost_units=snapshot.position.cost_units,
            free_quote_units=snapshot.free_quote_units,
            free_base_units=snapshot.free_base_units,
        )
        for order in snapshot.own_orders:
            exposure._count(order.side, order.ticks, order.lots)
        return exposure

    def add(self, order: QuoteLevel) -> None:
        """Count an order approved in this decision; its funds are gone for the next one."""
        self._count(order.side, order.ticks, order.lots)
        if order.side is Side.BUY:
            self.free_quote_units -= self.instrument.notional_units(order.ticks, order.lots)
        else:
            self.free_base_units -= self.instrument.base_units(order.lots)

    def _count(self, side: Side, ticks: int, lots: int) -> None:
        self.open_orders += 1
        if side is Side.BUY:
            self.buy_units += self.instrument.base_units(lots)
            self.buy_quote_units += self.instrument.notional_units(ticks, lots)
            self.highest_bid = max(self.highest_bid, ticks)
        else:
            self.sell_units += self.instrument.base_units(lots)
            self.lowest_ask = min(self.lowest_ask or ticks, ticks)
