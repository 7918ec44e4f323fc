"""A person at a shell: the installed `mm` in a MM_HOME of its own, bots in the background, and a look of their own
at the local venue, with a client that shares no code with the bot."""

import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import mm
from mm.home import Home
from mm.ledger.queries import LedgerQueries
from mm.process_id import ProcessId
from mm.runner.process_lock import holder

MM = Path(sys.executable).with_name("mm")
CODE = Path(mm.__file__).parents[1]
"""The commands run the code that these tests are of, wherever the interpreter has `mm` from."""
SYMBOL = "ETHUSDC"
PATIENCE = 60.0
"""Seconds for anything that must happen; the machine may be busy."""

# Quotes close to the market, so that a run of some seconds certainly trades: the fee sets the least spread.
EAGER = {
    "MM__VENUE__SEED": "7",
    "MM__VENUE__MAKER_FEE": "0.0001",
    "MM__STRATEGY__BASE_SPREAD": "0.0004",
    "MM__STRATEGY__TICK_INTERVAL": "1s",
    "MM__STRATEGY__FILL_DELAY": "500ms",
    "MM__RISK__MAX_ORDERS_PER_MINUTE": "600",
}
LIVELY = ("run", "--profile", "100usdc", "--sim", "--scenario", "lively")

_OF_A_FAULT = (b"Traceback (most recent call last)", b"never retrieved", b"never awaited", b"Unclosed ", b"signature=")
"""What no output may hold: an unexpected end, work that was forgotten, a signed request."""

T = TypeVar("T")
Fill = Mapping[str, object]
"""In the shape that `mm ledger fills --json` and `mm sim trades --json` share."""


def until(found: Callable[[], T | None], what: str, seconds: float = PATIENCE) -> T:
    """Asks again and again until the answer is true."""
    deadline = time.monotonic() + seconds
    while True:
        answer = found()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)


@dataclass(frozen=True)
class Answer:
    """What a command did."""

    arguments: tuple[str, ...]
    code: int
    out: str
    err: str

    def __str__(self) -> str:
        return f"mm {' '.join(self.arguments)}: exit {self.code}\n{self.out}\n{self.err}"

    @property
    def content(self) -> Any:
        return json.loads(self.out)


@dataclass
class Background:
    """A command that runs; its output goes to files."""

    arguments: tuple[str, ...]
    process: "subprocess.Popen[bytes]"
    stdout: Path
    stderr: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def ended(self, seconds: float = PATIENCE) -> Answer:
        """Waits for its end."""
        code = self.process.wait(seconds)
        return Answer(self.arguments, code, self.stdout.read_text(), self.stderr.read_text())


class Venue:
    """The running venue of a home, seen from outside: plain signed REST."""

    def __init__(self, home: Path) -> None:
        folder = home / "sim" / "venue"
        self._info = folder / "venue.json"
        self._keys = folder / "keys.json"

    @property
    def process(self) -> ProcessId | None:
        """As its file names it; None before the first start."""
        try:
            return ProcessId.of(json.loads(self._info.read_text()))
        except FileNotFoundError:
            return None

    @property
    def is_running(self) -> bool:
        process = self.process
        return process is not None and process.is_running()

    @property
    def pid(self) -> int:
        process = self.process
        assert process is not None
        return process.pid

    def kill(self) -> None:
        process = self.process
        if process is not None and process.is_running():
            os.kill(process.pid, signal.SIGKILL)
            until(lambda: not process.is_running(), "the end of the venue")

    def secrets(self) -> list[str]:
        """The bot's own pair and the admin token; secrets of further keys are shown once, to whoever made them."""
        values = json.loads(self._keys.read_text()).values() if self._keys.exists() else ()
        return [value for value in values if isinstance(value, str)]

    def ask(self, path: str, **parameters: Any) -> Any:
        """A signed GET. Raises OSError while the venue does not answer."""
        info, keys = json.loads(self._info.read_text()), json.loads(self._keys.read_text())
        query = urlencode({**parameters, "recvWindow": 5000, "timestamp": time.time_ns() // 1_000_000})
        signature = hmac.new(keys["api_secret"].encode(), query.encode(), hashlib.sha256).hexdigest()
        url = f"http://{info['host']}:{info['port']}{path}?{query}&signature={signature}"
        request = urllib.request.Request(url, headers={"X-MBX-APIKEY": keys["api_key"]})
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback, from venue.json
            return json.load(answer)

    def open_orders(self) -> list[Any]:
        return list(self.ask("/api/v3/openOrders", symbol=SYMBOL))

    def all_orders(self) -> list[Any]:
        return list(self.ask("/api/v3/allOrders", symbol=SYMBOL, limit=1000))

    def trades(self) -> list[Any]:
        return list(self.ask("/api/v3/myTrades", symbol=SYMBOL, limit=1000))

    def quotes(self) -> bool:
        """Whether an order of the bot rests there now."""
        try:
            return bool(self.open_orders())
        except (OSError, ValueError):
            return False  # not up yet


@dataclass
class Commands:
    """`mm` as typed by a person whose MM_HOME is `home`; `environ` is what they exported."""

    folder: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    said: list[Answer] = field(default_factory=list)
    bots: list[Background] = field(default_factory=list)

    @property
    def home(self) -> Path:
        return self.folder / "mm-home"

    @property
    def venue(self) -> Venue:
        return Venue(self.home)

    @property
    def variables(self) -> dict[str, str]:
        """Nothing of whoever runs the tests comes in."""
        return {
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": str(CODE),
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "MM_HOME": str(self.home),
            **self.environ,
        }

    def mm(self, *arguments: str, code: int | None = 0, environ: Mapping[str, str] | None = None) -> Answer:
        """Runs to its end; `code` is the exit code it must have (None: any)."""
        done = subprocess.run(  # noqa: S603 - our own command
            [MM, *arguments],
            env={**self.variables, **(environ or {})},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE + 30,
            check=False,
        )
        answer = Answer(arguments, done.returncode, done.stdout, done.stderr)
        self.said.append(answer)
        assert code is None or answer.code == code, str(answer)
        return answer

    def json(self, *arguments: str, code: int = 0) -> Any:
        return self.mm(*arguments, "--json", code=code).content

    def begin(self, *arguments: str) -> Background:
        """Runs in the background, without a terminal."""
        number = len(self.bots)
        stdout, stderr = self.folder / f"stdout-{number}", self.folder / f"stderr-{number}"
        with stdout.open("wb") as out, stderr.open("wb") as err:
            process = subprocess.Popen(  # noqa: S603 - our own command
                [MM, *arguments],
                env=self.variables,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        begun = Background(arguments, process, stdout, stderr)
        self.bots.append(begun)
        return begun

    def quoting(self, *arguments: str) -> Background:
        """A bot in the background that has a quote at the venue by now."""
        bot = self.begin(*(arguments or LIVELY))
        self.await_quote(bot)
        return bot

    def await_quote(self, bot: Background) -> None:
        def seen() -> bool:
            assert bot.is_running, f"the bot ended early: {bot.ended()}"
            return self.venue.quotes()

        until(seen, "a quote at the venue")

    def together(self, *each: Sequence[str]) -> list[Any]:
        """Reading commands side by side, each with --json; what they said, in the same order."""
        with ThreadPoolExecutor() as pool:
            return list(pool.map(lambda arguments: self.json(*arguments), each))

    def agree(self) -> list[Fill]:
        """Ledger and venue tell the same: every fill, every order, none left open. Returns the fills."""
        with LedgerQueries(self.home / "sim" / "ledger.db") as ledger:
            orders = ledger.orders()
            fills: list[Fill] = [view.as_json() for view in ledger.fills()]
        assert [_plain(fill) for fill in fills] == [_told(trade) for trade in self.venue.trades()]
        at_venue = {str(order["orderId"]): order for order in self.venue.all_orders()}
        kept = {view.exchange_id: view for view in orders if view.exchange_id}
        assert len({order["clientOrderId"] for order in at_venue.values()}) == len(at_venue), "one order an intent"
        assert set(at_venue) == set(kept), "each order at the venue has its intent, none is made up"
        for number, order in at_venue.items():
            view = kept[number]
            said = (order["clientOrderId"], order["side"], order["status"], Decimal(order["executedQty"]))
            assert said == (view.client_id, view.side, view.status, view.executed)
        assert self.venue.open_orders() == []
        audit = self.json("ledger", "audit")
        assert audit["clean"] is True
        assert audit["differences"] == []
        return fills

    @property
    def watchdog(self) -> ProcessId | None:
        """The one that minds sim now."""
        found = holder(Home(self.home).environment("sim").watchdog_lock)
        return None if found is None else found.process

    def close(self) -> None:
        """Ends everything that was started here, whatever happened; a watchdog first, or it would mind what follows."""
        minding = self.watchdog
        if minding is not None:
            os.kill(minding.pid, signal.SIGKILL)
        for bot in self.bots:
            if bot.is_running:
                bot.process.kill()
                bot.process.wait(10)
        self.venue.kill()

    def check_sinks(self) -> None:
        """No output shows a traceback or a secret; no file does either, but the one that is made for the keys."""
        texts = {str(answer): f"{answer.out}\n{answer.err}".encode() for answer in self.said}
        for path in sorted(path for path in self.folder.rglob("*") if path.is_file()):
            # `scripts.full_disk` puts the venue's folder beside a disk that is to be full, as `venue-outside`.
            if path.parent.name in {"venue", "venue-outside"} and (
                path.name == "keys.json" or path.name.startswith("venue.db")
            ):
                continue
            texts[str(path)] = _unpacked(path.read_bytes())
        for where, text in texts.items():
            for sign in _OF_A_FAULT:
                assert sign not in text, f"{sign.decode()!r} in {where}"
            for secret in self.venue.secrets():
                assert secret.encode() not in text, f"a secret in {where}"


def _plain(fill: Fill) -> tuple[Any, ...]:
    numbers = (Decimal(str(fill[name])) for name in ("price", "size", "quote", "fee"))
    return (fill["trade_id"], fill["order_id"], fill["side"], *numbers, fill["fee_asset"], fill["maker"])


def _told(trade: Any) -> tuple[Any, ...]:
    """A row of Binance's myTrades."""
    numbers = (Decimal(trade[name]) for name in ("price", "qty", "quoteQty", "commission"))
    side = "BUY" if trade["isBuyer"] else "SELL"
    return (trade["id"], str(trade["orderId"]), side, *numbers, trade["commissionAsset"], trade["isMaker"])


def _unpacked(content: bytes) -> bytes:
    """Of a file that was cut off, what is there."""
    if content[:2] != b"\x1f\x8b":
        return content
    unpacked = b""
    while content[:2] == b"\x1f\x8b":
        member = zlib.decompressobj(31)
        unpacked += member.decompress(content)
        content = member.unused_data
    return unpacked


@contextmanager
def person(folder: Path, environ: Mapping[str, str] = EAGER) -> Iterator[Commands]:
    """Someone with an empty MM_HOME; at the end nothing of theirs runs, and no output told a secret."""
    folder.mkdir(parents=True, exist_ok=True)
    commands = Commands(folder, environ)
    try:
        yield commands
    finally:
        commands.close()
    commands.check_sinks()
