"""A second, naive opinion on orders: written from docs/risk.md in plain Decimals, sharing nothing with mm/risk.

It names *every* rule an order breaks, where the engine names the first.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from mm.domain.order import OrderStatus, Side
from mm.domain.quote import QuoteLevel
from mm.domain.snapshot import Snapshot

E8 = Decimal("0.00000001")


@dataclass
class Oracle:
    """Prices in USDC, sizes in ETH, times in seconds. `sent` are the moments of approved orders, `cancelled` those of
    cancels; `unfilled` orders approved in the day since its last fill; `fair` the price the quotes stand around."""

    settings: dict[str, Any]
    capital: Decimal
    state: str = "ACTIVE"
    sent: list[Decimal] = field(default_factory=list)
    cancelled: list[Decimal] = field(default_factory=list)
    unfilled: int = 0
    fair: Decimal = Decimal(0)
    least_edge: Decimal = Decimal(0)

    def judge(self, orders: list[QuoteLevel], now: Snapshot) -> list[set[str]]:
        rules = now.instrument
        live = [(o.side, o.ticks * rules.tick_size, o.lots * rules.lot_size) for o in now.own_orders]
        free = {Side.BUY: now.free_quote_units * E8, Side.SELL: now.free_base_units * E8}
        verdicts = []
        for order in orders:
            price, size = order.ticks * rules.tick_size, order.lots * rules.lot_size
            broken = (
                self.market(now) | self.exchange(price, size, now) | self.limits(order.side, price, size, now, live)
            )
            if self.state == "HALTED":
                broken.add("halted")
            if self.state == "REDUCING" and order.side is Side.BUY:
                broken.add("reducing")
            broken |= self.conduct(order.side, price, now)
            need = price * size if order.side is Side.BUY else size
            if need > free[order.side]:
                broken.add("funds")
            verdicts.append(broken)
            if not broken:
                free[order.side] -= need
                live.append((order.side, price, size))
                self.sent.append(Decimal(now.mono) / 10**9)
                self.unfilled += 1
        return verdicts

    def conduct(self, side: Side, price: Decimal, now: Snapshot) -> set[str]:
        broken = set()
        second = Decimal(now.mono) / 10**9
        if len([moment for moment in self.sent + self.cancelled if second - moment < 60]) + 1 > self.settings.get(
            "max_messages_per_minute", 300
        ):
            broken.add("message_rate")
        if self.unfilled + 1 > self.settings.get("max_orders_without_fill", 20_000):
            broken.add("cancel_to_fill")
        away = self.fair - price if side is Side.BUY else price - self.fair
        if self.state == "ACTIVE" and self.fair > 0 and away < self.least_edge * self.fair:
            broken.add("min_edge")
        return broken

    def market(self, now: Snapshot) -> set[str]:
        broken = set()
        if not now.market_ok:
            broken.add("market_down")
        age = Decimal(now.mono - now.book_mono) / 10**9
        if age < 0 or age > self.settings["stale_after"]:
            broken.add("stale_book")
        sizes: dict[tuple[str, int], int] = {}
        for name, side in (("bid", now.book.bids), ("ask", now.book.asks)):
            for ticks, lots in side:
                sizes[name, ticks] = lots
        for order in now.own_orders:
            if order.status in {OrderStatus.OPEN, OrderStatus.UNKNOWN}:
                key = ("bid" if order.side is Side.BUY else "ask", order.ticks)
                sizes[key] = sizes.get(key, 0) - order.lots
        if any(not [1 for (side, _), lots in sizes.items() if side == name and lots > 0] for name in ("bid", "ask")):
            broken.add("one_sided_book")
        if now.book.bids and now.book.asks and max(now.book.bids)[0] >= min(now.book.asks)[0]:
            broken.add("crossed_book")
        return broken

    def exchange(self, price: Decimal, size: Decimal, now: Snapshot) -> set[str]:
        rules = now.instrument
        broken = set()
        if price <= 0:
            broken.add("grid")
        if size < rules.min_lots * rules.lot_size or size <= 0:
            broken.add("min_lots")
        if size > rules.max_lots * rules.lot_size:
            broken.add("max_lots")
        if price * size < rules.min_notional:
            broken.add("min_notional")
        if rules.max_notional > 0 and price * size > rules.max_notional:
            broken.add("max_notional")
        if not now.reference_ticks > 0:
            broken.add("no_reference")
            return broken
        reference = Decimal(now.reference_ticks) * rules.tick_size
        if abs(price - reference) > self.settings["price_collar"] * reference:
            broken.add("price_collar")
        if rules.price_up > 0 and not reference * rules.price_down <= price <= reference * rules.price_up:
            broken.add("percent_price")
        return broken

    def limits(
        self, side: Side, price: Decimal, size: Decimal, now: Snapshot, live: list[tuple[Side, Decimal, Decimal]]
    ) -> set[str]:
        broken = set()
        bids = [(p, s) for which, p, s in live if which is Side.BUY]
        asks = [(p, s) for which, p, s in live if which is Side.SELL]
        held = now.position.base_units * E8
        if side is Side.BUY:
            if held + sum(s for _, s in bids) + size > self.settings["max_position"]:
                broken.add("max_position")
            if now.position.cost_units * E8 + sum(p * s for p, s in bids) + price * size > self.capital:
                broken.add("capital")
            if asks and price >= min(p for p, _ in asks):
                broken.add("self_cross")
        else:
            if sum(s for _, s in asks) + size > held:
                broken.add("holdings")
            if bids and price <= max(p for p, _ in bids):
                broken.add("self_cross")
        largest = self.settings["max_order_notional"]
        if price * size > (self.capital / 3 if largest is None else largest):
            broken.add("order_notional")
        if len(live) + 1 > min(self.settings["max_open_orders"], now.instrument.max_open_orders):
            broken.add("open_orders")
        second = Decimal(now.mono) / 10**9
        if len([moment for moment in self.sent if second - moment < 60]) + 1 > self.settings["max_orders_per_minute"]:
            broken.add("order_rate")
        return broken
