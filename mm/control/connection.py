"""The one kept connection to control.db, and its short transactions."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, Table, insert
from sqlalchemy.exc import DBAPIError

from mm.control.schema import SCHEMA
from mm.database.migrate import open_or_create
from mm.database.sqlite import DriverConnection, DriverError, connect, engine_of
from mm.domain.errors import LedgerError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def utc_now() -> datetime:
    return datetime.now(UTC)


class ControlConnection:
    """Opens, or makes, `path`. Safe to use from several threads; `now` the clock of its rows.

    Raises LedgerError when the file is damaged, foreign, newer, or locked for longer than `busy_timeout` seconds.
    """

    def __init__(self, path: Path, now: Callable[[], datetime], busy_timeout: float) -> None:
        self._path = path
        self._now = now
        self._lock = threading.Lock()
        open_or_create(path, SCHEMA)

        def opened() -> DriverConnection:
            connection = connect(path, busy_timeout=busy_timeout)
            connection.execute("PRAGMA synchronous = FULL")
            self._driver = connection
            return connection

        self._engine = engine_of(opened, kept=True)
        try:
            self._connection = self._engine.connect()
        except (DriverError, DBAPIError) as error:
            raise self._failed(error) from error

    def close(self) -> None:
        self._connection.close()
        self._engine.dispose()

    def at(self) -> int:
        """Now, as rows keep it: UTC nanoseconds."""
        return nanoseconds_of(self._now())

    def add(self, table: Table, row: Mapping[str, Any]) -> int:
        with self.writing() as connection:
            return int(connection.execute(insert(table).values(row).returning(table.c.id)).scalar_one())

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self._lock:
            try:
                yield self._connection
            except DBAPIError as error:
                raise self._failed(error) from error

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: all of it is kept, or nothing."""
        with self.reading() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                driver: Any = connection.connection.driver_connection
                if driver.in_transaction:
                    driver.execute("ROLLBACK")
                raise

    @property
    def own_changes(self) -> int:
        """Rises with every row that this connection writes."""
        return self._driver.total_changes

    def state(self, connection: Connection) -> tuple[int, int]:
        """Changes with every write of any process: SQLite's count of others' commits, and of this one's rows."""
        driver: Any = connection.connection.driver_connection
        try:
            return driver.execute("PRAGMA data_version").fetchone()[0], driver.total_changes
        except DriverError as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> LedgerError:
        cause = error.orig if isinstance(error, DBAPIError) else error
        return LedgerError(
            f"control database {self._path} cannot be used: {cause}", "free the disk, end what holds it, try again"
        )


def nanoseconds_of(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


def moment(at: int) -> datetime:
    return _EPOCH + timedelta(microseconds=at // 1000)


def moment_or_none(at: int | None) -> datetime | None:
    return None if at is None else moment(at)


def as_json(value: Mapping[str, Any]) -> str:
    """Canonical: the same mapping is the same text."""
    return orjson.dumps(dict(value), default=str, option=orjson.OPT_SORT_KEYS).decode()
