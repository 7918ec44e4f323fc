"""What every endpoint works on: the venue, its clock, the limits, and which account a key means."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from mm.exchange.venue.events import ExecutionReport, VenueEvent
from mm.exchange.venue.venue import Venue
from mm.exchange.venue_server import api_error
from mm.exchange.venue_server.api_key import ApiKey
from mm.exchange.venue_server.files import Flavour
from mm.exchange.venue_server.keyring import Keyring
from mm.exchange.venue_server.limits import OrderLimit, WeightLimit
from mm.exchange.venue_server.signing import Signatures


def system_clock_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(slots=True, eq=False)
class Served:
    """`flavour` testnet has no sapi, as the real one."""

    venue: Venue
    keyring: Keyring = field(repr=False)
    now_ms: Callable[[], int] = system_clock_ms
    flavour: Flavour = "mainnet"
    weights: WeightLimit = field(default_factory=WeightLimit)
    wake: Callable[[str], None] = field(default=lambda _symbol: None, repr=False)
    """Called with every symbol that a request looks at or trades."""
    signatures: Signatures = field(init=False, repr=False)
    _uids: dict[str, int] = field(default_factory=dict, repr=False)
    _orders: dict[int, OrderLimit] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.signatures = Signatures(self.keyring)
        self.venue.subscribe(self._count_first_fills)

    def uid(self, key: ApiKey) -> int:
        """The account a key trades on. Raises -2015 when it has none."""
        uid = self._uids.get(key.holder)
        if uid is None:
            state = self.venue.account_by_key(key.holder)
            if state is None:
                raise api_error.bad_key()
            uid = self._uids[key.holder] = state.uid
        return uid

    def look_at(self, symbols: Iterable[str]) -> None:
        """Their markets begin, where they have not yet."""
        for symbol in symbols:
            self.wake(symbol)

    def order_limit(self, uid: int) -> OrderLimit:
        limit = self._orders.get(uid)
        if limit is None:
            limit = self._orders[uid] = OrderLimit()
        return limit

    def forget_account(self, holder: str) -> None:
        """The holder's account was closed: look its new one up at the next request."""
        self._uids.pop(holder, None)

    def _count_first_fills(self, event: VenueEvent) -> None:
        if (
            isinstance(event, ExecutionReport)
            and event.execution == "TRADE"
            and event.executed == event.last_quantity
            and event.uid in self._orders
        ):
            self._orders[event.uid].first_filled(self.now_ms(), as_maker=event.is_maker)
