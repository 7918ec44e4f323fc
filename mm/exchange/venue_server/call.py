"""One checked call of an endpoint, the same for REST and the WebSocket API."""

from collections.abc import Callable
from typing import Any

from mm.exchange.venue.errors import VenueError
from mm.exchange.venue_server.api_error import ApiError
from mm.exchange.venue_server.endpoint import Endpoint, Security
from mm.exchange.venue_server.parameters import Parameters
from mm.exchange.venue_server.served import Served

Signer = Callable[[int], str]
"""Checks a signed request at this server time (ms) and answers its API key; raises ApiError."""


def call(served: Served, address: str, endpoint: Endpoint, parameters: Parameters, signer: Signer) -> tuple[Any, int]:
    """The endpoint's answer and the account that asked (0: public). Raises ApiError, the venue's words included.

    Weight is charged before anything is looked at, so that refused requests count too.
    """
    weight = endpoint.weighs(parameters)
    served.weights.charge(address, weight, served.now_ms())
    uid = 0
    if endpoint.security is Security.SIGNED:
        uid = served.uid(signer(served.now_ms()))
    endpoint.check(parameters)
    try:
        answer = endpoint.handler(served, uid, parameters)
    except VenueError as error:
        raise ApiError(error.code, error.message) from error
    if endpoint.free_when_done:
        served.weights.refund(address, weight)
    return answer, uid
