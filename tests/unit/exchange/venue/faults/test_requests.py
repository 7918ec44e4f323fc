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
    for method, path in routes:  # two routes of one name are versions, or reading and setting, of one thing
        name = request_name(method, path)
        same = {route[1].rpartition("/")[2] for route in routes if request_name(*route) == name}
        assert len(same) == 1, same
    for name, endpoint in (names | methods).items():
        assert (endpoint.security is not Security.NONE) == (name in SIGNED), name
