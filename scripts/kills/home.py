"""One home and one account: life after life of the bot on them, each ended by SIGKILL, judged by the soak's oracle."""

import asyncio
import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from mm.control.store import ControlStore
from mm.domain.instrument import to_units
from mm.exchange.venue.faults.plan import FaultPlan
from mm.exchange.venue.scenarios import SCENARIOS
from mm.execution.client_order_id import prefix
from mm.fields import nanoseconds
from mm.home import Home
from mm.ledger.ledger import SqliteLedger
from mm.review.audit_world import audited
from mm.review.clock_gap import ClockGap
from mm.rollout.stages import Stage, cap_risk
from mm.runner.latch import lift
from mm.soak.ledger_rows import LedgerRows
from mm.soak.market import SoakMarket
from mm.soak.oracle import Oracle
from mm.soak.venue_store import SoakStore
from mm.soak.world import ENVIRONMENT
from scripts.kills.desk import (
    ANSWERED,
    FILLED,
    INSTANT,
    LATE,
    LOST,
    PARTLY,
    Desk,
    Killing,
    SteppedClock,
    client_id_of,
)
from scripts.kills.life import LOADED, READING, RECONCILED, Birth, Life, live
from scripts.kills.piped_exchange import Request

_START_NS = 1_760_000_000_000_000_000
_IN_ORDER_EVERY = 25
"""So often a life ends in order, and everything is compared then."""
_HANGS_AFTER = 20.0
"""Real seconds of silence after which a life is said to hang."""
_WAITS_FOR = 0.3
"""Real seconds: a life that has not come to the request in which it should die dies then."""
_PAUSE_SECONDS = 6.0
_TAG = "kills1"


class KilledHome:
    """`folder` is its own; `life` another bot than the real one; `killed` lives by how they ended. What is broken
    stands in the oracle's violations."""

    def __init__(self, folder: Path, seed: int, life: Life = live) -> None:
        self.seed = seed
        self._life = life
        self.killed: Counter[str] = Counter()
        self.in_order = 0
        self.slowest_start = 0.0
        self.last_start = 0.0
        self._rng = random.Random(f"kills {seed}")  # noqa: S311 - moments, no secrets
        self._clock = SteppedClock(_START_NS)
        self._home = Home(folder / "home")
        self._files = self._home.environment(ENVIRONMENT)
        self._files.make()
        settings = LOADED.settings
        self._market = SoakMarket(
            settings,
            SCENARIOS["lively"],
            self._clock,
            random.Random(f"market {seed}"),  # noqa: S311 - a market
            FaultPlan((), self._rng),
            store=SoakStore(folder / "venue" / "venue.db"),
        )
        self._desk = Desk(self._market, self._clock, self._rng)
        asyncio.run(self._make_ledger())
        self._risk = cap_risk(settings.risk, Stage.TESTNET, ENVIRONMENT)
        instrument = asyncio.run(self._market.exchange.instrument(self._market.symbol))
        stale_ms = nanoseconds(self._risk.stale_after) // 1_000_000
        cap = to_units(self._risk.max_position)
        self.oracle = Oracle(instrument, prefix(_TAG), cap, stale_ms, self._clock.monotonic)
        self.oracle.follow(self._market.uid)
        self._market.venue.subscribe(self.oracle.on_venue, public=False)
        self.oracle.rows = LedgerRows(self._files.ledger)
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["scripts.kills.life"])
        self._context = context

    def close(self) -> None:
        self._desk.end()
        if self.oracle.rows is not None:
            self.oracle.rows.close()
        self._market.venue.close()

    @property
    def arrived_late(self) -> int:
        return self._desk.arrived_late

    @property
    def ledger_rows(self) -> int:
        """Events on record: orders' steps, fills, equity, risk."""
        from mm.database.sqlite import connect  # noqa: PLC0415 - a look at the end

        connection = connect(self._files.ledger, read_only=True)
        tables = ("intents", "order_events", "fills", "positions", "equity", "risk_events", "heartbeats")
        counted = sum(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables)  # noqa: S608
        connection.close()
        return int(counted)

    def play(self, lives: int) -> None:
        """Ends early at the first violation; the last life always ends in order."""
        for number in range(1, lives + 1):
            in_order = number % _IN_ORDER_EVERY == 0 or number == lives
            self._one(number, None if in_order else Killing.drawn(self._rng))
            self.oracle.ledger_moved()
            if in_order:
                self._compare()
            if self.oracle.violations:
                return
            self._lift()
            self._desk.pass_until(self._clock.now() + int(self._rng.uniform(0.0, _PAUSE_SECONDS) * 1e9))

    # --- a life ---------------------------------------------------------------------------------

    def _one(self, number: int, killing: Killing | None) -> None:
        self._desk.begin()
        ours, theirs = self._context.Pipe()
        seconds = 60.0 if killing is None else 3600.0
        birth = Birth(self._home.path, number, self._clock.now(), seconds)
        process = self._context.Process(target=self._life, args=(birth, theirs))
        began = time.monotonic()
        process.start()
        theirs.close()
        with _ended(process):
            done = self._serve(ours, killing, began)
            if killing is not None and done:
                process.kill()
            process.join(_HANGS_AFTER)
            self._last_words(ours)
        ours.close()
        if killing is None or not done:
            if process.exitcode != 0:
                self.oracle.violate("end", f"life {number} ended by itself with {process.exitcode}")
            self.in_order += 1

    def _serve(self, pipe: Connection, killing: Killing | None, began: float) -> bool:
        """Until the moment of the kill (True), or the bot's own end."""
        met, is_up = 0, False
        until = None if killing is None else began + (killing.seconds if killing.kind == INSTANT else _WAITS_FOR)
        while True:
            if not pipe.poll(_HANGS_AFTER if until is None else max(0.0, until - time.monotonic())):
                if until is None:
                    self.oracle.violate("end", f"a life says nothing for {_HANGS_AFTER:.0f} s")
                self.killed[INSTANT] += 1
                return True
            try:
                request: Request = pipe.recv()
            except EOFError:
                return False
            if request.method in {READING, RECONCILED}:
                if request.method == RECONCILED and not is_up:
                    is_up = True
                    self.last_start = time.monotonic() - began
                    self.slowest_start = max(self.slowest_start, self.last_start)
                continue
            if killing is not None and killing.kind != INSTANT and request.method == killing.method:
                met += 1
                if met == killing.nth:
                    self._strike(pipe, killing, request)
                    self.killed[killing.kind] += 1
                    return True
            pipe.send(self._desk.answer(request))

    def _strike(self, pipe: Connection, killing: Killing, request: Request) -> None:
        """What becomes of the request in which the bot is killed."""
        if killing.kind == LOST:
            return
        if killing.kind == LATE:
            self._desk.delay(request)
            return
        answer = self._desk.answer(request)
        if killing.kind in {PARTLY, FILLED}:
            self._desk.fill(client_id_of(request), whole=killing.kind == FILLED)
        elif killing.kind == ANSWERED:
            pipe.send(answer)
            time.sleep(self._rng.uniform(0.0, 0.003))

    def _last_words(self, pipe: Connection) -> None:
        """What the dead one had sent and nobody had read: it arrives, or it is lost."""
        while True:
            try:
                if not pipe.poll(0):
                    return
                request: Request = pipe.recv()
            except (EOFError, OSError):  # cut off in the middle of a word, as on a wire
                return
            if request.method in {"place", "cancel"} and self._rng.random() < 0.5:
                self._desk.delay(request)

    def _lift(self) -> None:
        """The person who looks after a halt, played."""
        lift(self._files)
        with ControlStore(self._home.control, now=self._now) as control:
            if control.open_halts(ENVIRONMENT):
                control.lift_halts(ENVIRONMENT, "kills", "a halt in a played life")

    # --- what must hold --------------------------------------------------------------------------

    def _compare(self) -> None:
        """After an end in order: no own order, every trade on record, the audit without a difference."""
        market = self._market
        if left := market.venue.open_orders(market.uid, market.symbol):
            self.oracle.violate("end", f"{len(left)} own orders are open after a proven stop")
        self.oracle.reconciled(self.oracle.account.last_trade_id)
        drift = round(self._risk.max_clock_drift.total_seconds() * 1000)
        found = asyncio.run(
            audited(self._files.ledger, market.exchange, self._risk.max_position, ClockGap(0, drift + 1), self._now())
        )
        for each in found.differences if found is not None else ():
            self.oracle.violate(each.invariant, f"{each.subject}: {each.text}")

    async def _make_ledger(self) -> None:
        ledger = SqliteLedger.open(self._files.ledger, on_failure=_ignore, inline=True, new_tag=lambda: _TAG)
        await ledger.close()

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.now() / 1e9, tz=UTC)


@contextmanager
def _ended(process: BaseProcess) -> Iterator[None]:
    """No life outlives a failure of the one who plays it."""
    try:
        yield
    finally:
        if process.is_alive():
            process.kill()
            process.join()


def _ignore(_why: str) -> None:
    """Making a new ledger writes nothing that could fail later."""
