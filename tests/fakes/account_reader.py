"""An exchange that answers from memory: plays `mm.ports.AccountReader`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal

from mm.domain.errors import MmError
from mm.domain.fill import FeeRates, Fill
from mm.domain.instrument import Instrument, to_units
from mm.domain.order import OrderReport
from mm.ports import Account, Balance, KeyPermissions

ETHUSDC = Instrument(
    symbol="ETHUSDC",
    base="ETH",
    quote="USDC",
    tick_size=Decimal("0.01"),
    lot_size=Decimal("0.0001"),
    min_lots=1,
    max_lots=90_000_000,
    min_notional=Decimal(5),
    max_notional=Decimal(9_000_000),
)


def account(uid: str = "7", can_trade: bool = True, **balances: str) -> Account:
    """`account(USDC="100")`: all of it free."""
    held = tuple(Balance(asset, to_units(Decimal(free)), 0) for asset, free in balances.items())
    return Account(uid, can_trade, held)


@dataclass
class FakeReader:
    """`trip_ns` and `ahead_ms` shape what time requests look like on `clock`; `error` is raised by every read."""

    held: Account = field(default_factory=lambda: account(USDC="100"))
    fees: FeeRates = field(default_factory=lambda: FeeRates(Decimal("0.001"), Decimal("0.001")))
    rules: Instrument = ETHUSDC
    price: Decimal = Decimal(3000)
    open: tuple[OrderReport, ...] = ()
    known: dict[str, OrderReport] = field(default_factory=dict)
    """Orders by client id that a single query finds."""
    history: tuple[OrderReport, ...] = ()
    """Orders that the list of all orders holds; where it is told twice, the last counts."""
    fills: tuple[Fill, ...] = ()
    permissions: KeyPermissions | None = None
    trip_ns: int = 2_000_000
    ahead_ms: int = 0
    clock_ns: int = 1_800_000_000_000_000_000
    error: MmError | None = None
    page: int = 1000

    def now(self) -> int:
        return self.clock_ns

    async def server_time_ms(self) -> int:
        self._fail()
        middle = self.clock_ns + self.trip_ns // 2
        self.clock_ns += self.trip_ns
        return middle // 1_000_000 + self.ahead_ms

    async def instrument(self, symbol: str) -> Instrument:
        self._fail()
        return replace(self.rules, symbol=symbol)

    async def fee_rates(self, symbol: str) -> FeeRates:
        return self.fees

    async def account(self) -> Account:
        self._fail()
        return self.held

    async def open_orders(self, symbol: str) -> tuple[OrderReport, ...]:
        self._fail()
        return self.open

    async def order(self, client_id: str) -> OrderReport | None:
        return self.known.get(client_id)

    async def order_by_exchange_id(self, exchange_id: str) -> OrderReport | None:
        return next((order for order in self.known.values() if order.exchange_id == exchange_id), None)

    async def orders(self, symbol: str, from_exchange_id: int, limit: int = 1000) -> tuple[OrderReport, ...]:
        self._fail()
        numbered = {int(order.exchange_id): order for order in self.history}
        return tuple(numbered[number] for number in sorted(numbered) if number >= from_exchange_id)[:limit]

    async def trades(self, symbol: str, from_id: int, limit: int = 1000) -> tuple[Fill, ...]:
        later = sorted((fill for fill in self.fills if fill.trade_id >= from_id), key=lambda fill: fill.trade_id)
        return tuple(later[:limit])

    async def last_price(self, symbol: str) -> Decimal:
        return self.price

    async def key_permissions(self) -> KeyPermissions | None:
        return self.permissions

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["FakeReader"]:
        self._fail()
        yield self

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error
