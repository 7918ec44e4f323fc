"""What the venue itself knows of one account: position, open buys, trades that the ledger has not shown yet."""

from dataclasses import dataclass, field
from decimal import Decimal

from mm.domain.instrument import to_units
from mm.exchange.venue.events import ExecutionReport


@dataclass(slots=True)
class AccountTruth:
    """`base_units` bought less sold less fees (1e-8); `open_buys` base units still to fill by order id; `unseen`
    trades by id that the ledger holds no row of; `lost` those that no ledger could ever read (the account was wiped).
    """

    uid: int
    base: str
    base_units: int = 0
    quote_units: int = 0
    fees: dict[str, int] = field(default_factory=dict)
    open_buys: dict[int, int] = field(default_factory=dict)
    client_of: dict[str, int] = field(default_factory=dict)
    unseen: dict[int, ExecutionReport] = field(default_factory=dict)
    last_trade_id: int = 0
    lost: int = 0
    is_wiped: bool = False

    def report(self, event: ExecutionReport) -> None:
        if event.execution == "TRADE":
            self._trade(event)
        rest = to_units(event.quantity - event.executed)
        live = event.status in {"NEW", "PARTIALLY_FILLED"}
        if event.side == "BUY":
            if live:
                self.open_buys[event.order_id] = rest
            else:
                self.open_buys.pop(event.order_id, None)

    def _trade(self, event: ExecutionReport) -> None:
        size, quote = to_units(event.last_quantity), to_units(event.last_quote)
        fee, asset = to_units(event.commission), event.commission_asset or ""
        sign = 1 if event.side == "BUY" else -1
        self.base_units += sign * size - (fee if asset == self.base else 0)
        self.quote_units -= sign * quote + (fee if asset not in (self.base, "BNB") else 0)
        self.fees[asset] = self.fees.get(asset, 0) + fee
        self.unseen[event.trade_id] = event
        self.last_trade_id = max(self.last_trade_id, event.trade_id)

    @property
    def exposure_units(self) -> int:
        """What would be held if every open buy were filled."""
        return self.base_units + sum(self.open_buys.values())


def price_of(ticks: int, tick_size: Decimal) -> Decimal:
    return tick_size * ticks
