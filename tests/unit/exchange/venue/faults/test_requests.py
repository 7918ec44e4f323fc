"""Faults can be aimed at every request that the server answers."""

from mm.exchange.venue.faults.requests import REQUESTS, SIGNED, request_name
from mm.exchange.venue_server import account, market_data, sapi, trading
from mm.exchange.venue_server.api_key import Security
from mm.exchange.venue_server.endpoint import Endpoint


def test_every_route_has_the_name_of_its_websocket_method() -> None:
    routes: dict[tuple[str, str], Endpoint] = market_data.REST | trading.REST | account.REST | sapi.REST
    methods = market_data.WEBSOCKET | trading.WEBSOCKET | account.WEBSOCKET
    names = {request_name(*route): endpoint for route, endpoint in routes.items()}
    assert sorted(names.keys() - REQUESTS) == []
    assert sorted(methods.keys() - REQUESTS) == []
    assert len(names) >= len(routes) - 1  # bnbBurn is read and set by one name
    for name, endpoint in (names | methods).items():
        assert (endpoint.security is not Security.NONE) == (name in SIGNED), name
