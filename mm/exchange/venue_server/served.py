"""What every endpoint works on: the venue, its clock, the limits, and which account a key means."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mm.exchange.venue.events import ExecutionReport, VenueEvent
from mm.exchange.venue.venue import Venue
from mm.exchange.venue_server import api_error
from mm.exchange.venue_server.limits import OrderLimit, WeightLimit
from mm.exchange.venue_server.signing import Signatures

Flavour = Literal["mainnet", "testnet"]

API_RESTRICTIONS: dict[str, Any] = {
    "ipRestrict": True,
    "createTime": 1_700_000_000_000,
    "enableReading": True,
    "enableWithdrawals": False,
    "enableInternalTransfer": False,
    "enableMargin": False,
    "enableFutures": False,
    "permitsUniversalTransfer": False,
    "enableVanillaOptions": False,
    "enableFixApiTrade": False,
    "enableFixReadOnly": False,
    "enableSpotAndMarginTrading": True,
    "enablePortfolioMarginTrading": False,
}
"""What the local venue says of its own key: it can trade, nothing more."""


def system_clock_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(slots=True, eq=False)
class Served:
    """`secrets`: HMAC secret by API key. `flavour` testnet has no sapi, as the real one."""

    venue: Venue
    secrets: Mapping[str, str] = field(repr=False)
    now_ms: Callable[[], int] = system_clock_ms
    flavour: Flavour = "mainnet"
    restrictions: Mapping[str, Any] = field(default_factory=lambda: dict(API_RESTRICTIONS))
    weights: WeightLimit = field(default_factory=WeightLimit)
    signatures: Signatures = field(init=False, repr=False)
    _uids: dict[str, int] = field(default_factory=dict, repr=False)
    _orders: dict[int, OrderLimit] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.signatures = Signatures(self.secrets)
        self.venue.subscribe(self._count_maker_fills)

    def uid(self, api_key: str) -> int:
        """The account a key trades on. Raises -2015 when it has none."""
        uid = self._uids.get(api_key)
        if uid is None:
            state = self.venue.account_by_key(api_key)
            if state is None:
                raise api_error.bad_key()
            uid = self._uids[api_key] = state.uid
        return uid

    def order_limit(self, uid: int) -> OrderLimit:
        limit = self._orders.get(uid)
        if limit is None:
            limit = self._orders[uid] = OrderLimit()
        return limit

    def forget_account(self, api_key: str) -> None:
        """The key's account was closed: look its new one up at the next request."""
        self._uids.pop(api_key, None)

    def _count_maker_fills(self, event: VenueEvent) -> None:
        if (
            isinstance(event, ExecutionReport)
            and event.execution == "TRADE"
            and event.is_maker
            and event.executed == event.last_quantity
            and event.uid in self._orders
        ):
            self._orders[event.uid].filled_as_maker(self.now_ms())
