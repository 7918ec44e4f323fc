"""Starting, finding and stopping the venue's process. It outlives whoever starts it; the next run finds it again."""

import http.client
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from mm.child_process import import_path
from mm.domain.errors import ConfigurationError, ExchangeError
from mm.exchange.settings import VenueSettings
from mm.exchange.venue.scenario_file import scenario_named
from mm.exchange.venue_server.file_lock import held
from mm.exchange.venue_server.files import Flavour, VenueFiles, VenueInfo
from mm.exchange.venue_server.keys import TOKEN_HEADER, Keys
from mm.home import Home

START_SECONDS = 20.0
STOP_SECONDS = 10.0
_ANSWER_SECONDS = 5.0
_LOG_MOST = 5_000_000


@dataclass(frozen=True, slots=True)
class VenueState:
    """What a running venue says of itself. `begun`: the market moves (a replay waits for its first listener);
    `finished`: a replay is at its end. `last_price` in quote, `balances` that are not zero."""

    uid: str
    balances: tuple[dict[str, str], ...]
    open_orders: int
    last_price: str | None
    begun: bool
    finished: bool
    faults: tuple[str, ...] = ()
    """Kinds of faults that hold now."""


def status(home: Home) -> VenueInfo | None:
    """The venue that runs for this home, or None."""
    info = VenueInfo.read(VenueFiles.of(home).info)
    return info if info is not None and info.process.is_running() else None


def start(
    home: Home,
    settings: VenueSettings,
    scenario: str | None = None,
    replay: Sequence[Path] = (),
    replay_from: datetime | None = None,
    *,
    flavour: Flavour | None = None,
    serve_as: str | None = None,
) -> VenueInfo:
    """A running venue that serves this market; it answers when this returns.

    The generated market of the same scenario is found again as it is. Another scenario restarts the venue on the
    same account and price. Between generated and recorded data, and for every replay, a new account is opened;
    a replay begins from its first line (bars: from `replay_from`), when the first market stream is subscribed.
    `serve_as`: the symbol a recording is served as (None: its own, or its USDC twin).
    `flavour` None: that of the venue that runs, else mainnet's; another one restarts the venue.
    Raises ConfigurationError for an unknown scenario or file, ExchangeError when the process does not come up.
    """
    scenario = scenario or settings.scenario
    files = VenueFiles.of(home)
    scenario_named(scenario, files.scenarios)
    recordings = [Path(file).absolute() for file in replay]
    for file in recordings:
        if not file.is_file():
            raise ConfigurationError(f"there is no recording {file}", "give *.raw.gz captures in the order of time")
    if recordings:
        _check_recordings(recordings, replay_from, serve_as)
    files.make()
    with held(files.starting, START_SECONDS + STOP_SECONDS):
        running = status(home)
        wanted: Flavour = flavour or (running.flavour if running is not None else "mainnet")
        if running is not None:
            same = running.scenario == scenario and running.flavour == wanted
            if not recordings and running.market == "generated" and same:
                return running
            _end(running)
        market = [f"--scenario={scenario}", f"--flavour={wanted}", *(f"--replay={file}" for file in recordings)]
        if serve_as is not None:
            market.append(f"--as={serve_as}")
        if replay_from is not None:
            market.append(f"--from-ms={_milliseconds(replay_from)}")
        return _launch(home, files, settings, market)


def _check_recordings(files: Sequence[Path], begin: datetime | None, serve_as: str | None) -> None:
    """Before anything that runs is ended for them. Raises ConfigurationError."""
    from mm.exchange.venue.recordings import Recordings, replay_symbol  # noqa: PLC0415 - only for recordings

    recordings = Recordings(files, from_ms=None if begin is None else _milliseconds(begin))
    recordings.check()
    replay_symbol(files[0], serve_as)
    recordings.begins()


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def stop(home: Home) -> bool:
    """Ends the venue; False when none ran. Its account, orders and trades stay on disk."""
    files = VenueFiles.of(home)
    if status(home) is None:
        return False
    with held(files.starting, START_SECONDS + STOP_SECONDS):
        running = status(home)
        if running is None:
            return False
        _end(running)
        return True


def state(home: Home) -> VenueState | None:
    """What the running venue says, or None when none runs. Raises ExchangeError when it does not answer."""
    info = status(home)
    if info is None:
        return None
    said = _ask(home, info, "GET", "/mm/status")
    return VenueState(
        uid=str(said["uid"]),
        balances=tuple(said["balances"]),
        open_orders=int(said["open_orders"]),
        last_price=said["last_price"],
        begun=bool(said["begun"]),
        finished=bool(said["finished"]),
        faults=tuple(said.get("faults", ())),
    )


def reset(home: Home, deposit: Decimal) -> str:
    """Opens a new account that holds `deposit` quote; answers its uid. Works on a venue that runs or not."""
    info = status(home)
    if info is not None:
        return str(_ask(home, info, "POST", f"/mm/reset?deposit={deposit:f}")["uid"])
    from mm.exchange.venue_server.local_venue import LocalVenue  # noqa: PLC0415 - only for a stopped venue

    files = VenueFiles.of(home)
    files.make()
    with held(files.lock):
        local = LocalVenue(files)
        try:
            return str(local.reset(deposit).uid)
        finally:
            local.close()


def ask_office(home: Home, method: str, path: str, asked: Mapping[str, str] | None = None) -> Any:
    """One of the requests about accounts and keys (AccountOffice), on a venue that runs or not.

    Raises ExchangeError with what is wrong with the request.
    """
    info = status(home)
    if info is not None:
        return _ask(home, info, method, path, asked)
    from mm.exchange.venue_server.local_venue import LocalVenue  # noqa: PLC0415 - only for a stopped venue

    files = VenueFiles.of(home)
    files.make()
    with held(files.lock):
        local = LocalVenue(files)
        try:
            return local.office.requests()[method, path](asked or {})
        except ValueError as error:
            raise ExchangeError(f"the local venue refused {path}: {error}") from error
        finally:
            local.close()


def ask_faults(home: Home, method: str, path: str, asked: Mapping[str, str] | None = None) -> Any:
    """One of the requests about faults (FaultOffice). Faults live as long as the venue's process.

    Raises ExchangeError with what is wrong with the request, and when no venue runs.
    """
    info = status(home)
    if info is None:
        raise ExchangeError("no local venue is running, and faults live in its process", "mm sim start")
    return _ask(home, info, method, path, asked)


def add_faults(home: Home, written: Sequence[Mapping[str, str]]) -> list[int]:
    """Faults as `WrittenFault.words` tells them, beginning from now; their numbers. All of them, or none."""
    numbers: list[int] = ask_faults(home, "POST", "/mm/faults", {"faults": json.dumps(list(written))})["numbers"]
    return numbers


def trades(home: Home, *, all_accounts: bool = False) -> list[dict[str, Any]]:
    """The account's trades in the ledger's fill shape, oldest first; of all accounts there ever were on demand."""
    info = status(home)
    if info is not None:
        answer = _ask(home, info, "GET", f"/mm/trades?all={str(all_accounts).lower()}")
        return list(answer)
    files = VenueFiles.of(home)
    if not files.database.exists():
        return []
    from mm.exchange.venue_server.local_venue import LocalVenue  # noqa: PLC0415 - only for a stopped venue

    with held(files.lock):
        local = LocalVenue(files)
        try:
            return local.trades(all_accounts=all_accounts)
        finally:
            local.close()


def _launch(home: Home, files: VenueFiles, settings: VenueSettings, market: Sequence[str]) -> VenueInfo:
    if files.log.exists() and files.log.stat().st_size > _LOG_MOST:
        files.log.replace(files.log.with_suffix(".log.1"))
    ready, ready_in_child = os.pipe()
    try:
        with files.log.open("ab") as output:
            subprocess.run(  # noqa: S603 - our own interpreter and module
                _command(home, settings, market, ready_in_child),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                pass_fds=(ready_in_child,),
                cwd=files.path,
                env={**os.environ, "PYTHONPATH": import_path()},
                check=False,
            )
        os.close(ready_in_child)
        ready_in_child = -1
        readable, _, _ = select.select([ready], [], [], START_SECONDS)
        said = os.read(ready, 64) if readable else b""
    finally:
        os.close(ready)
        if ready_in_child >= 0:
            os.close(ready_in_child)
    info = status(home)
    if not said or info is None:
        raise ExchangeError(f"the local venue did not start ({_last_line(files.log)})", f"its log is {files.log}")
    _request(info, "GET", "/api/v3/time", {})
    return info


def _command(home: Home, settings: VenueSettings, market: Sequence[str], ready: int) -> list[str]:
    options = {
        "--home": home.path,
        "--port": settings.port,
        "--seed": settings.seed,
        "--start-price": settings.start_price,
        "--deposit": settings.deposit,
        "--maker-fee": settings.maker_fee,
        "--taker-fee": settings.taker_fee,
        "--queue": settings.queue,
        "--ready-fd": ready,
    }
    words = [sys.executable, "-m", "mm.exchange.venue_server"]
    return [*words, *(f"{name}={value}" for name, value in options.items()), *market]


def _end(info: VenueInfo) -> None:
    for number, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS)):
        if info.process.is_running():
            os.kill(info.pid, number)
        until = time.monotonic() + seconds
        while info.process.is_running() and time.monotonic() < until:
            time.sleep(0.01)
    if info.process.is_running():
        raise ExchangeError(f"the local venue (process {info.pid}) does not end")


def _ask(home: Home, info: VenueInfo, method: str, target: str, asked: Mapping[str, str] | None = None) -> Any:
    try:
        token = Keys.read(VenueFiles.of(home).keys).admin_token
    except (OSError, ValueError, KeyError) as error:
        raise ExchangeError("the local venue's keys.json cannot be read", "mm sim stop, then start it again") from error
    return _request(info, method, target, {TOKEN_HEADER: token}, urlencode(asked) if asked else None)


def _request(info: VenueInfo, method: str, target: str, headers: dict[str, str], form: str | None = None) -> Any:
    port = info.admin_port if target.startswith("/mm/") else info.port
    connection = http.client.HTTPConnection(info.host, port, timeout=_ANSWER_SECONDS)
    try:
        connection.request(method, target, form, headers)
        answer = connection.getresponse()
        body = json.loads(answer.read())
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise ExchangeError(f"the local venue (process {info.pid}) does not answer", "mm sim stop ends it") from error
    finally:
        connection.close()
    if answer.status != 200:
        raise ExchangeError(f"the local venue refused {target.partition('?')[0]}: {body.get('error', body)}")
    return body


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text(errors="replace").strip().splitlines()
    except OSError:
        return "no log"
    return lines[-1] if lines else "it said nothing"
