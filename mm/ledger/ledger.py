"""The ledger: the bot's one writer of MM_HOME/<environment>/ledger.db."""

import secrets
import string
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar, cast

from sqlalchemy.pool import PoolProxiedConnection

from mm.database.migrate import open_or_create
from mm.database.sqlite import DriverConnection, DriverError, connect, engine_of, require_safe_wal
from mm.domain.errors import LedgerError
from mm.domain.order import OrderIntent
from mm.domain.records import BalanceBaseline, Recovery, RunBegun, RunStart
from mm.domain.trading_day import TradingDay
from mm.ledger import statements as sql
from mm.ledger.recording import Recordable, Stamped
from mm.ledger.recovery import read_recovery
from mm.ledger.run_start import insert_run
from mm.ledger.schema import SCHEMA
from mm.ledger.writer import OnFailure, Writer, as_ledger_error
from mm.ledger.writer_thread import InlineWriter, Rows, WriterHost, WriterThread

T = TypeVar("T")
_LETTERS = string.ascii_lowercase + string.digits


def random_tag() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(6))


class SqliteLedger:
    """Plays `mm.ports.Ledger`. Made by `SqliteLedger.open`; used by one event loop, closed with `close`."""

    def __init__(self, pooled: PoolProxiedConnection, host: WriterHost, *, is_new: bool, tag: str) -> None:
        self._pooled = pooled
        self._host = host
        self._is_new = is_new
        self._tag = tag
        self._closed = False

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        on_failure: OnFailure,
        inline: bool = False,
        new_tag: Callable[[], str] = random_tag,
        busy_timeout: float = 2.0,
        synced: bool | None = None,
    ) -> "SqliteLedger":
        """Open, check and migrate the file, or make a new one (`RunBegun.new_ledger` will say so).

        `on_failure(why)` is called from the writer when something recorded is not durable: in the writer's thread,
        unless `inline` (everything in the caller's thread, for virtual time). `busy_timeout` in seconds.
        `synced`: a commit waits until the disk has it, so that it survives a power cut and not only the end of this
        process; without a word all but `inline` ones do, since in virtual time no power fails.
        Raises LedgerError for a damaged, foreign or newer file and for an unsafe SQLite.
        """
        require_safe_wal()
        is_new = open_or_create(path, SCHEMA)
        try:
            engine = engine_of(lambda: connect(path, busy_timeout=busy_timeout), kept=True)
            pooled = engine.raw_connection()
            connection = cast("DriverConnection", pooled.driver_connection)
            _set_up(connection, synced=not inline if synced is None else synced, cache_kb=500 if inline else 4000)
            tag = _kept_tag(connection, new_tag)
        except DriverError as error:
            raise as_ledger_error(error) from error
        writer = Writer(connection, on_failure)
        host: WriterHost = InlineWriter(writer) if inline else WriterThread(writer)
        return cls(pooled, host, is_new=is_new, tag=tag)

    @property
    def is_new(self) -> bool:
        """True when no ledger was there before this opening."""
        return self._is_new

    def tag(self) -> str:
        """Six letters or digits, made once per ledger: the middle of every client order id."""
        return self._tag

    async def last_account(self) -> tuple[int, str] | None:
        """Account epoch and uid of the last run; None when there was none."""

        def read(writer: Writer, rows: Rows) -> tuple[int, str] | None:
            writer.persist(rows)
            newest = "SELECT account_epoch, account_uid FROM runs ORDER BY epoch DESC LIMIT 1"
            row = writer.connection.execute(newest).fetchone()
            return None if row is None else (row[0], row[1])

        return await self._call(read)

    async def last_trade_id(self, account_epoch: int, symbol: str) -> int:
        """The highest trade id among an account epoch's fills of `symbol`; 0 when it has none."""

        def read(writer: Writer, rows: Rows) -> int:
            writer.persist(rows)
            newest = "SELECT coalesce(max(trade_id), 0) FROM fills WHERE account_epoch = ? AND symbol = ?"
            return int(writer.connection.execute(newest, (account_epoch, symbol)).fetchone()[0])

        return await self._call(read)

    async def open_order(self, account_epoch: int, symbol: str) -> str:
        """The client id of the last order that the exchange was seen to hold, as the ledger knows; "" when none is."""

        def read(writer: Writer, rows: Rows) -> str:
            writer.persist(rows)
            found = writer.connection.execute(sql.LAST_OPEN, (account_epoch, symbol)).fetchone()
            return "" if found is None else str(found[0])

        return await self._call(read)

    async def begin_run(self, run: RunStart, baseline: Sequence[BalanceBaseline]) -> RunBegun:
        """Take the next epoch (`run.epoch` is ignored); older instances can commit no intent from now on.

        A new account epoch keeps `baseline` and books `run.capital_units` as its first capital flow; in a known
        one a changed capital is booked as the difference. Raises LedgerError, also for an account epoch that goes
        back or changes its symbol.
        """

        def begin(writer: Writer, rows: Rows) -> RunBegun:
            writer.persist(rows)
            with writer.transaction() as cursor:
                begun, new_account = insert_run(cursor, run, baseline)
            writer.run = begun
            return RunBegun(begun, self._is_new, new_account)

        return await self._call(begin)

    async def recovery(
        self,
        account_epoch: int,
        day: TradingDay,
        stage_since: int | None = None,
        resumed: Mapping[str, int] | None = None,
    ) -> Recovery:
        """After `begin_run`, whose account epoch it must be. Reads only; the same answer every time."""

        def read(writer: Writer, rows: Rows) -> Recovery:
            writer.persist(rows)
            run = writer.started_run()
            if account_epoch != run.account_epoch:
                raise LedgerError(f"the run began in account epoch {run.account_epoch}, not {account_epoch}")
            return read_recovery(writer.connection.cursor(), run, day, stage_since, resumed or {})

        return await self._call(read)

    async def commit_intents(self, intents: Sequence[OrderIntent]) -> None:
        """Durable when it returns, after everything recorded before. Raises LedgerError when not: send nothing."""

        def commit(writer: Writer, rows: Rows) -> None:
            writer.commit(rows, intents)

        await self._call(commit)

    def record(self, at: int, rows: Sequence[Recordable]) -> None:
        """Queue rows, `at` UTC ns. Actions that go to the exchange are passed over: their rows are the answers."""
        self._host.put([Stamped(at, row) for row in rows])

    async def flush(self) -> None:
        """Everything recorded so far is durable; raises LedgerError when it is not."""

        def persist(writer: Writer, rows: Rows) -> None:
            writer.persist(rows)
            writer.require_durable()

        await self._call(persist)

    async def end_run(self, at: int, outcome: str, *, clean: bool) -> None:
        """`outcome` in a few words; `clean`: no own order is left and everything was recorded."""

        def end(writer: Writer, rows: Rows) -> None:
            writer.persist(rows)
            with writer.transaction() as cursor:
                cursor.execute(sql.END_RUN, (at, outcome, int(clean), writer.started_run().epoch))
            writer.require_durable()

        await self._call(end)

    async def close(self) -> None:
        """Write what is queued and close the file. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        await self._host.close()
        # The one kept connection leaves the pool with this.
        connection = cast("DriverConnection", self._pooled.driver_connection)
        self._pooled.detach()
        connection.close()

    async def _call(self, function: Callable[[Writer, Rows], T]) -> T:
        if self._closed:
            raise LedgerError("the ledger is closed")
        try:
            return await self._host.call(function)
        except (DriverError, OverflowError) as error:
            raise as_ledger_error(error) from error


def _set_up(connection: DriverConnection, *, synced: bool, cache_kb: int) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {'FULL' if synced else 'OFF'}")
    # Filled by days of rows. In virtual time, where days are minutes, that would look like growth of the bot.
    connection.execute(f"PRAGMA cache_size = -{cache_kb}")
    # The writer thread checkpoints in quiet moments; this is the limit if there are none. Not more: a file that is
    # written over is synced in half the time of one that grows.
    connection.execute("PRAGMA wal_autocheckpoint = 1000")


def _kept_tag(connection: DriverConnection, new_tag: Callable[[], str]) -> str:
    insert = "INSERT INTO meta (key, value) VALUES ('tag', ?) ON CONFLICT DO NOTHING"
    known = connection.execute("SELECT value FROM meta WHERE key = 'tag'").fetchone()
    if known is None:
        connection.execute(insert, (new_tag(),))
        known = connection.execute("SELECT value FROM meta WHERE key = 'tag'").fetchone()
    tag = str(known[0])
    if len(tag) != 6 or set(tag) - set(_LETTERS):
        raise LedgerError(f"the ledger's tag {tag!r} is not six small letters or digits", "restore a backup")
    return tag
