"""One checked call of an endpoint, the same for REST and the WebSocket API."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mm.exchange.venue.errors import VenueError
from mm.exchange.venue_server.api_error import ApiError
from mm.exchange.venue_server.api_key import ApiKey, Security
from mm.exchange.venue_server.endpoint import Endpoint
from mm.exchange.venue_server.parameters import Parameters
from mm.exchange.venue_server.served import Served
from mm.exchange.venue_server.signing import check_window

Signer = Callable[[int], ApiKey]
"""Checks a signed request at this server time (ms) and answers its API key; raises ApiError."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that passed every check on receipt. `uid` 0 and `key` None: public."""

    address: str
    endpoint: Endpoint
    parameters: Parameters
    weight: int
    key: ApiKey | None
    uid: int


def admit(served: Served, address: str, endpoint: Endpoint, parameters: Parameters, signer: Signer) -> Admitted:
    """The checks on receipt. Raises ApiError.

    Weight is charged before anything is looked at, so that refused requests count too.
    """
    weight = endpoint.weighs(parameters)
    served.weights.charge(address, weight, served.now_ms())
    key, uid = None, 0
    if endpoint.is_signed:
        key = signer(served.now_ms())
        uid = served.uid(key)
    endpoint.check(parameters)
    return Admitted(address, endpoint, parameters, weight, key, uid)


def carry_out(served: Served, admitted: Admitted) -> Any:
    """The endpoint's answer. Raises ApiError, the venue's words included.

    What goes to the matching is checked against its recvWindow once more: it may have waited since `admit`. A
    refusal then still counts as an unfilled order.
    """
    endpoint, parameters = admitted.endpoint, admitted.parameters
    if endpoint.security is Security.TRADE:
        try:
            check_window(parameters, served.now_ms())
        except ApiError:
            if endpoint.orders:
                served.order_limit(admitted.uid).placed(served.now_ms())
            raise
    symbols = parameters.named_symbols()
    if symbols:
        served.look_at(symbols)
    try:
        if endpoint.by_key is not None and admitted.key is not None:
            answer = endpoint.by_key(served, admitted.key, parameters)
        else:
            answer = endpoint.handler(served, admitted.uid, parameters)
    except VenueError as error:
        raise ApiError(error.code, error.message) from error
    if endpoint.free_when_done:
        served.weights.refund(admitted.address, admitted.weight)
    return answer


def call(served: Served, address: str, endpoint: Endpoint, parameters: Parameters, signer: Signer) -> tuple[Any, int]:
    """The endpoint's answer and the account that asked (0: public). Raises ApiError, the venue's words included."""
    admitted = admit(served, address, endpoint, parameters, signer)
    return carry_out(served, admitted), admitted.uid
