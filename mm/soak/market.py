"""The venue of a soak: one symbol, a coarse generated market or a recorded one, an account for the bot."""

import random
from collections.abc import Callable
from decimal import Decimal

from mm.clock.simulated import SimulatedClock
from mm.config.settings import MmSettings
from mm.domain.errors import ConfigurationError
from mm.exchange.venue.coarse_flow import COARSENESS, STEP_MS, CoarseFlow
from mm.exchange.venue.faults.plan import FaultPlan
from mm.exchange.venue.faulty_exchange import FaultyExchange
from mm.exchange.venue.scenario import Scenario
from mm.exchange.venue.store import Store
from mm.exchange.venue.symbol_rules import default_symbols
from mm.exchange.venue.venue import Venue
from mm.ports import AccountReader, Exchange
from mm.soak.recorded_market import RecordedMarket, RecordedSoak, WatchedBooks
from mm.soak.venue_store import NoBars

CANARY_KEY = "CANARYkey7d1f0c5be2a94c3f8a6e5b1d2c3f4a59687786950a1b2c3d4e5f6071"
CANARY_SECRET = "CANARYsecret4b8f17a2c6d9e0f3152738495a6b7c8d9eaf0b1c2d3e4f50617"  # noqa: S105 - a canary, see `canary`


_PRIMING_NS = 10_000_000
_PRIMING_STEPS = 6_000


class SoakMarket:
    """`scenario` says its name and description, `coarseness` what is made up in it. `on_wrong` is told of a recording
    that broke. Raises ConfigurationError for a symbol that is not listed, a recording that cannot be read.
    """

    def __init__(
        self,
        settings: MmSettings,
        scenario: Scenario | RecordedSoak,
        clock: SimulatedClock,
        rng: random.Random,
        plan: FaultPlan,
        *,
        store: Store | None = None,
    ) -> None:
        rules = default_symbols().get(settings.symbol)
        if rules is None:
            raise ConfigurationError(f"the venue does not list {settings.symbol}", "choose one of `mm sim status`")
        self.symbol = settings.symbol
        self.settings = settings
        self.venue = Venue({settings.symbol: rules}, lambda: clock.now() // 1_000_000, store)
        self.venue.market(settings.symbol).tape.bars = NoBars()
        self.on_wrong: Callable[[str], None] = lambda _text: None
        recorded = scenario if isinstance(scenario, RecordedSoak) else None
        self.scenario = scenario
        self.recorded: RecordedMarket | None = None
        self.flow: CoarseFlow | RecordedMarket
        if isinstance(scenario, RecordedSoak):
            self.flow = self.recorded = RecordedMarket(self.venue, scenario, self._tell_wrong)
        else:
            self.flow = CoarseFlow(self.venue, self.symbol, scenario, rng, settings.venue.start_price)
        self.coarseness = COARSENESS if recorded is None else recorded.coarseness
        self.plan = plan
        self.on_wipe: Callable[[], None] = lambda: None
        self._clock = clock
        self.uid = self.venue.open_account(self._deposits(), *self._fees(), CANARY_KEY).uid
        self.exchange = WatchedBooks(
            self.venue,
            self.uid,
            settings.symbol,
            clock=clock,
            advance=self.flow.advance,
            depth=settings.execution.book_depth,
            step_seconds=(STEP_MS if recorded is None else recorded.step_ms) / 1000,
            only_changes=recorded is not None,
        )
        self.exchange.recorded = self.recorded
        self.flow.advance(self.venue.now_ms())
        if self.recorded is not None:
            self._prime(self.recorded)

    def _prime(self, recorded: RecordedMarket) -> None:
        """Time passes until the recording has a book, a minute at most."""
        for _ in range(_PRIMING_STEPS):
            if recorded.watch is not None:
                return
            self._clock.advance(_PRIMING_NS)
            recorded.advance(self.venue.now_ms())
        raise ConfigurationError("the recording has no book within its first minute", "give a capture with a snapshot")

    def _tell_wrong(self, text: str) -> None:
        self.on_wrong(text)

    def client(self) -> Exchange:
        """The exchange as a new process reaches it: through the faults, if there are any."""
        if self.plan.is_empty:
            return self.exchange
        return FaultyExchange(
            self.exchange,
            self.plan,
            symbol=self.symbol,
            clock=self._clock,
            true_ms=self.venue.now_ms,
            settings=self.settings.exchange,
            wipe=self._wipe,
        )

    def _wipe(self) -> None:
        """The testnet is wiped: the key gets a new account, and nobody can read the old one any more."""
        self.uid = self.venue.reopen_account(CANARY_KEY, self._deposits(), *self._fees()).uid
        self.exchange.uid = self.uid
        self.on_wipe()

    @property
    def reader(self) -> AccountReader:
        """The exchange without faults."""
        return self.exchange

    def balances(self) -> dict[str, Decimal]:
        """Free and locked together, by asset."""
        return {held.asset: held.free + held.locked for held in self.venue.account(self.uid).balances}

    def faults_met(self) -> dict[str, int]:
        """How often each kind struck."""
        return dict(sorted(self.plan.met.items()))

    def skew_ms(self) -> int:
        """What the exchange's told times are ahead of its true ones."""
        return self.plan.clock_skew_ms(self.venue.now_ms())

    def _deposits(self) -> dict[str, Decimal]:
        return {self.venue.market(self.symbol).rules.quote: self.deposit}

    def _fees(self) -> tuple[Decimal, Decimal]:
        return self.settings.venue.maker_fee, self.settings.venue.taker_fee

    @property
    def deposit(self) -> Decimal:
        """Enough for the profile, whatever the local venue's own deposit is set to."""
        return max(self.settings.venue.deposit, self.settings.capital)
