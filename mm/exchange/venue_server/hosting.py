"""Puts the parts of the venue's process together: lock, database, account, market, server, venue.json."""

import argparse
import contextlib
import logging
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from mm.domain.errors import ExchangeError
from mm.exchange.venue.bar_replay import BarReplay
from mm.exchange.venue.faults.plan import FaultPlan
from mm.exchange.venue.recordings import Recordings, replay_symbol
from mm.exchange.venue.replay import Replay
from mm.exchange.venue.scenario_file import scenario_named
from mm.exchange.venue_server.admin import Admin, Requests, amount_of
from mm.exchange.venue_server.admin_port import AdminPort
from mm.exchange.venue_server.fault_office import FaultOffice
from mm.exchange.venue_server.file_lock import held
from mm.exchange.venue_server.files import VenueFiles, VenueInfo
from mm.exchange.venue_server.local_venue import (
    GENERATED_SYMBOL,
    AccountTerms,
    LocalVenue,
    account_json,
)
from mm.exchange.venue_server.market import Flow
from mm.exchange.venue_server.server import ServerOptions, VenueServer
from mm.home import Home
from mm.process_id import ProcessId

log = logging.getLogger("mm.venue")


@dataclass(frozen=True, slots=True)
class Host:
    """Answers the admin requests of a running venue."""

    local: LocalVenue
    server: VenueServer
    symbol: str
    faults: FaultOffice

    def requests(self) -> Requests:
        return {
            ("GET", "/mm/status"): lambda _asked: self.status(),
            ("GET", "/mm/trades"): lambda asked: self.trades(all_accounts=asked.get("all") == "true"),
            ("POST", "/mm/reset"): lambda asked: self.reset(amount_of(asked, "deposit")),
            **self.local.office.requests(),
            **self.faults.requests(),
        }

    def status(self) -> dict[str, Any]:
        account, flow = self.local.account, self.server.flow
        price = self.server.venue.last_price(self.symbol)
        return {
            **(account_json(account) if account else {"uid": None, "balances": []}),
            "open_orders": len(self.server.venue.open_orders(account.uid)) if account else 0,
            "last_price": None if price is None else f"{price:f}",
            "begun": self.server.clock.has_begun,
            "faults": self.faults.active(),
            "finished": flow.finished if isinstance(flow, Replay | BarReplay) else False,
        }

    def trades(self, *, all_accounts: bool) -> list[dict[str, object]]:
        return self.local.trades(all_accounts=all_accounts)

    def reset(self, deposit: Decimal) -> dict[str, Any]:
        old = self.local.account
        account = self.local.reset(deposit)
        self.server.account_changed(self.local.keys.api_key, None if old is None else old.uid)
        return account_json(account)


@contextlib.asynccontextmanager
async def hosted_venue(given: argparse.Namespace) -> AsyncIterator[VenueServer]:
    """The server, listening, with its venue.json written.

    Raises ConfigurationError, InstanceRunning, ExchangeError (the port is taken), LedgerError.
    """
    files = VenueFiles.of(Home(given.home))
    files.make()
    scenario_named(given.scenario, files.scenarios)
    with held(files.lock):
        local = LocalVenue(files)
        try:
            symbol = replay_symbol(given.replay[0], given.serve_as) if given.replay else GENERATED_SYMBOL
            server = _server(local, symbol, given)
            port = await _listen(server, given.port, VenueInfo.read(files.info))
            admin = AdminPort(_admin(local, server, symbol))
            try:
                info = _info(given, symbol, server.host, port, await admin.start())
                info.write(files.info)
                log.info("listening on %s, market %s", info.rest_url, info.market)
                yield server
            finally:
                await admin.stop()
                await server.stop()
        finally:
            local.close()


def _server(local: LocalVenue, symbol: str, given: argparse.Namespace) -> VenueServer:
    files: list[Path] = given.replay
    terms = AccountTerms(given.deposit, given.maker_fee, given.taker_fee)
    account = local.ready_account("replay" if files else "generated", symbol, terms)
    flow: Flow = (
        Recordings(files, given.queue, given.from_ms, given.seed).market(local.venue, symbol)
        if files
        else local.generated(given.scenario, given.seed, given.start_price)
    )
    server = VenueServer(
        local.venue,
        flow,
        local.keyring,
        ServerOptions(waits=bool(files), flavour=given.flavour),
        main_symbol=symbol,
        others=local.others(symbol, given.scenario, given.seed),
        faults=FaultPlan((), random.Random(given.seed)),  # noqa: S311 - faults, not secrets
    )

    def has_book() -> bool:
        best = local.venue.book_ticker(symbol)
        return bool(best.bid and best.ask)

    server.clock.prime(has_book)
    # Who has orders in a market looks at it.
    server.served.look_at(
        {order.symbol for each in local.venue.accounts() for order in local.venue.open_orders(each.uid)}
    )
    log.info("account %s, scenario %s, %d files to replay", account.uid, given.scenario, len(files))
    return server


def _admin(local: LocalVenue, server: VenueServer, symbol: str) -> Admin:
    assert server.faults is not None  # noqa: S101 - `_server` gave it a plan
    host = Host(local, server, symbol, FaultOffice(server.faults, server.options.now_ms))
    return Admin(host.requests(), lambda: local.keys.admin_token)


async def _listen(server: VenueServer, port: int, before: VenueInfo | None) -> int:
    """On the port asked for, else on the one used before, else on any."""
    for each in [port] if port else [*([before.port] if before else []), 0]:
        try:
            await server.start(port=each)
        except OSError as error:
            if each == port:
                raise ExchangeError(f"the venue cannot listen on port {port} ({error.strerror})") from error
        else:
            break
    return server.port


def _info(given: argparse.Namespace, symbol: str, host: str, port: int, admin_port: int) -> VenueInfo:
    own = ProcessId.own()
    return VenueInfo(
        pid=own.pid,
        start_ticks=own.start_ticks,
        host=host,
        port=port,
        scenario=given.scenario,
        market="replay" if given.replay else "generated",
        replay=tuple(str(file) for file in given.replay),
        symbol=symbol,
        started_at=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        admin_port=admin_port,
        flavour=given.flavour,
    )
