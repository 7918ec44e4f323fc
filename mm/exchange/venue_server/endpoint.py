"""What the server knows of one operation before it runs: who may call it, what it weighs, what it takes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from mm.exchange.venue_server.parameters import Parameters
from mm.exchange.venue_server.served import Served

Handler = Callable[[Served, int, Parameters], Any]
"""`(served, uid, parameters)`; uid is 0 for a public operation. Answers what goes to JSON; raises ApiError
or VenueError."""


class Security(Enum):
    NONE = "none"
    SIGNED = "signed"


SIGNING = frozenset({"timestamp", "recvWindow", "signature", "apiKey"})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`takes` names the parameters (without those of signing). `weight` may depend on the parameters.

    `free_when_done`: a success weighs nothing (placing and canceling, since April 2026); a refusal weighs `weight`.
    `orders`: the answer carries the order-count headers.
    """

    handler: Handler
    takes: frozenset[str] = frozenset()
    weight: int | Callable[[Parameters], int] = 1
    security: Security = Security.NONE
    free_when_done: bool = False
    orders: bool = False
    allowed: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        signing = SIGNING if self.security is Security.SIGNED else frozenset()
        # A WebSocket request may always say whether it wants the limits told.
        object.__setattr__(self, "allowed", self.takes | signing | {"returnRateLimits"})

    def weighs(self, parameters: Parameters) -> int:
        return self.weight if isinstance(self.weight, int) else self.weight(parameters)

    def check(self, parameters: Parameters) -> None:
        """Raises -1101, -1104 or -1105 for parameters it does not take."""
        parameters.only(self.allowed, signed=self.security is Security.SIGNED)


def public(handler: Handler, takes: str = "", weight: int | Callable[[Parameters], int] = 1) -> Endpoint:
    return Endpoint(handler, frozenset(takes.split()), weight)


def signed(
    handler: Handler,
    takes: str = "",
    weight: int | Callable[[Parameters], int] = 1,
    *,
    free_when_done: bool = False,
    orders: bool = False,
) -> Endpoint:
    return Endpoint(handler, frozenset(takes.split()), weight, Security.SIGNED, free_when_done, orders)
