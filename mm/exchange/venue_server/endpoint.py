"""What the server knows of one operation before it runs: who may call it, what it weighs, what it takes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mm.exchange.venue_server.api_key import ApiKey, Security
from mm.exchange.venue_server.parameters import Parameters
from mm.exchange.venue_server.served import Served

Handler = Callable[[Served, int, Parameters], Any]
"""`(served, uid, parameters)`; uid is 0 for a public operation. Answers what goes to JSON; raises ApiError
or VenueError."""


KeyHandler = Callable[[Served, ApiKey, Parameters], Any]
"""`(served, key, parameters)`: for what depends on the key that asks, not only on its account."""

SIGNING = frozenset({"timestamp", "recvWindow", "signature", "apiKey"})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`takes` names the parameters (without those of signing). `weight` may depend on the parameters.

    `free_when_done`: a success weighs nothing (placing and canceling, since April 2026); a refusal weighs `weight`.
    `orders`: the answer carries the order-count headers. `by_key` is asked instead of `handler` where it is set.
    """

    handler: Handler
    takes: frozenset[str] = frozenset()
    weight: int | Callable[[Parameters], int] = 1
    security: Security = Security.NONE
    free_when_done: bool = False
    orders: bool = False
    by_key: KeyHandler | None = None
    allowed: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        signing = SIGNING if self.is_signed else frozenset()
        # A WebSocket request may always say whether it wants the limits told.
        object.__setattr__(self, "allowed", self.takes | signing | {"returnRateLimits"})

    @property
    def is_signed(self) -> bool:
        return self.security is not Security.NONE

    def weighs(self, parameters: Parameters) -> int:
        return self.weight if isinstance(self.weight, int) else self.weight(parameters)

    def check(self, parameters: Parameters) -> None:
        """Raises -1101, -1104 or -1105 for parameters it does not take."""
        parameters.only(self.allowed, signed=self.is_signed)


def public(handler: Handler, takes: str = "", weight: int | Callable[[Parameters], int] = 1) -> Endpoint:
    return Endpoint(handler, frozenset(takes.split()), weight)


def signed(
    handler: Handler,
    takes: str = "",
    weight: int | Callable[[Parameters], int] = 1,
    *,
    free_when_done: bool = False,
    orders: bool = False,
    trade: bool | None = None,
) -> Endpoint:
    """`trade`: the key must be allowed to trade; unless said, whatever is free when done is trading."""
    trades = free_when_done if trade is None else trade
    security = Security.TRADE if trades else Security.USER_DATA
    return Endpoint(handler, frozenset(takes.split()), weight, security, free_when_done, orders)


def signed_by_key(
    handler: KeyHandler,
    takes: str = "",
    weight: int | Callable[[Parameters], int] = 1,
    security: Security = Security.USER_DATA,
) -> Endpoint:
    """An operation that depends on the key itself."""

    def unasked(_served: Served, _uid: int, _parameters: Parameters) -> Any:
        raise AssertionError("the key's handler is asked instead")

    return Endpoint(unasked, frozenset(takes.split()), weight, security, by_key=handler)
