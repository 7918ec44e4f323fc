"""The venue of one schedule: served over HTTP and WebSocket in this process, every account of the bot's key watched."""

import time
from collections.abc import Callable
from decimal import Decimal

from pydantic import SecretStr

from mm.clock.live import LiveClock
from mm.config.settings import MmSettings
from mm.exchange.ccxt_adapter.connect import VenueEndpoint, build_exchange
from mm.exchange.ccxt_adapter.exchange import CcxtExchange
from mm.exchange.credentials import Credentials
from mm.exchange.venue.faults.plan import FaultPlan
from mm.exchange.venue.flow import Flow
from mm.exchange.venue.scenarios import SCENARIOS
from mm.exchange.venue.symbol_rules import default_symbols
from mm.exchange.venue.venue import Venue
from mm.exchange.venue_server.server import ServerOptions, VenueServer
from mm.soak.market import CANARY_KEY, CANARY_SECRET
from mm.soak.wire.schedule import SCENARIO, Schedule


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class _Server(VenueServer):
    """Tells when the key gets another account: before a request of the new one can be answered."""

    on_account: Callable[[], None] = staticmethod(lambda: None)

    def account_changed(self, api_key: str, old_uid: int | None) -> None:
        super().account_changed(api_key, old_uid)
        self.on_account()


class WireVenue:
    """Make it inside the running loop; `start` before use, `stop` at the end. Sound until `strike`."""

    def __init__(self, schedule: Schedule, settings: MmSettings) -> None:
        self.settings = settings
        self.symbol = settings.symbol
        self.plan = FaultPlan((), schedule.rng("strokes"))
        self._schedule = schedule
        self.venue = Venue({self.symbol: default_symbols()[self.symbol]}, now_ms)
        self.deposit = max(settings.venue.deposit, settings.capital)
        self.venue.open_account(
            {self.venue.market(self.symbol).rules.quote: self.deposit},
            settings.venue.maker_fee,
            settings.venue.taker_fee,
            CANARY_KEY,
        )
        flow = Flow(self.venue, self.symbol, SCENARIOS[SCENARIO], schedule.rng("market"), settings.venue.start_price)
        flow.advance(now_ms())
        self._server = _Server(
            self.venue, flow, {CANARY_KEY: CANARY_SECRET}, ServerOptions(), main_symbol=self.symbol, faults=self.plan
        )

    async def start(self, on_account: Callable[[], None]) -> None:
        """`on_account` is called when the key has another account."""
        self._server.on_account = on_account
        await self._server.start()

    def strike(self) -> None:
        """The schedule's faults are timed from now on."""
        for fault in self._schedule.plan(now_ms()).faults.values():
            self.plan.add(fault)

    async def stop(self) -> None:
        await self._server.stop()
        self.venue.close()

    @property
    def uid(self) -> int:
        """The account that the key has now."""
        account = self.venue.account_by_key(CANARY_KEY)
        assert account is not None  # noqa: S101 - a wipe opens the next one before it is told
        return account.uid

    def client(self) -> CcxtExchange:
        """The exchange as a new process reaches it."""
        return build_exchange(
            "sim",
            Credentials(SecretStr(CANARY_KEY), SecretStr(CANARY_SECRET)),
            self.settings.exchange,
            self.symbol,
            LiveClock(),
            VenueEndpoint(self._server.host, self._server.port),
            depth=self.settings.execution.book_depth,
        )

    def balances(self, uid: int) -> dict[str, Decimal]:
        """Free and locked together, by asset."""
        return {held.asset: held.free + held.locked for held in self.venue.account(uid).balances}

    def skew_ms(self) -> int:
        """What the told times are ahead of the true ones."""
        return self.plan.clock_skew_ms(now_ms())

    def is_broken(self) -> str:
        """Why the market stands still, if it does: an error in it, not a fault."""
        market = self._server.market
        if market is None or not market.done() or market.cancelled():
            return ""
        return repr(market.exception())
