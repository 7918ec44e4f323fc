"""What faults do to a whole server: shut it, wipe its accounts, end its subscriptions, set its clock."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Protocol

from aiohttp import web

from mm.exchange.venue.faults.plan import FaultPlan
from mm.exchange.venue.venue import Venue
from mm.exchange.venue_server.served import Served
from mm.exchange.venue_server.socket import Socket
from mm.exchange.venue_server.user_data import UserData


class Server(Protocol):
    """The parts of VenueServer that are used here. `host`, `port`: where it listened first."""

    venue: Venue
    served: Served
    user_data: UserData
    host: str
    port: int
    runner: web.ServerRunner | None
    ssl_context: ssl.SSLContext | None

    @property
    def sockets(self) -> tuple[Socket, ...]: ...
    def account_changed(self, api_key: str, old_uid: int | None) -> None: ...


class ServerDoors:
    """Plays `fault_keeper.Doors` for `server`."""

    def __init__(self, server: Server) -> None:
        self._server = server

    @property
    def sockets(self) -> tuple[Socket, ...]:
        return self._server.sockets

    async def shut(self) -> None:
        """Nothing listens any more, open connections are cut. `open_again` undoes it."""
        runner = self._server.runner
        if runner is None or runner.server is None:
            return
        for site in tuple(runner.sites):
            await site.stop()
        for connection in runner.server.connections:
            if connection.transport is not None:
                connection.transport.abort()

    async def open_again(self) -> None:
        """Listens where it did. Raises OSError when the port was taken meanwhile."""
        server = self._server
        if server.runner is not None:
            site = web.TCPSite(server.runner, server.host, server.port, ssl_context=server.ssl_context)
            listening = asyncio.ensure_future(site.start())
            try:
                await asyncio.shield(listening)
            except asyncio.CancelledError:
                await listening  # cut short, it would leave its socket open with nobody to close it
                raise

    def wipe(self) -> None:
        """As testnet is: every key finds a new account, with the assets of the old one and without its orders."""
        for holder in self._holders():
            old = self._server.venue.account_by_key(holder)
            if old is not None:
                deposits = {each.asset: each.free + each.locked for each in old.balances}
                self._server.venue.reopen_account(holder, deposits, old.maker_fee, old.taker_fee)
                self._server.account_changed(holder, old.uid)

    def end_subscriptions(self) -> None:
        """The account streams of all keys end, as of keys that are not valid any more."""
        for holder in self._holders():
            state = self._server.venue.account_by_key(holder)
            if state is not None:
                self._server.user_data.terminate(state.uid, self._server.served.now_ms())

    def _holders(self) -> list[str]:
        return list(dict.fromkeys(key.holder for key in self._server.served.keyring.all()))


def skewed(faults: FaultPlan, true_ms: Callable[[], int]) -> Callable[[], int]:
    """The clock that the exchange shows."""

    def told_ms() -> int:
        now = true_ms()
        return now if faults.is_empty else now + faults.clock_skew_ms(now)

    return told_ms
