"""A read-only connection to a ledger, and the filters its queries share."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Self, TypeVar, cast

from sqlalchemy import Connection, Select, Table, func, select
from sqlalchemy.exc import DBAPIError

from mm.database.migrate import refuse_newer, revision_of
from mm.database.sqlite import DriverConnection, DriverError, connect, engine_of
from mm.domain.errors import LedgerError
from mm.ledger import schema as t
from mm.ledger.history import nanoseconds
from mm.ledger.schema import SCHEMA

ANY_EPOCH = -1
"""For `account_epoch`: rows of every account, also of wiped ones."""
V = TypeVar("V")


class ReadOnlyLedger:
    """Opens on construction. Raises LedgerError when the file is missing, damaged or of another version."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise LedgerError(f"there is no ledger {path}", "start the bot once: mm run")
        self._path = path
        self._engine = engine_of(self._open, kept=True)
        try:
            self._connection: Connection = self._engine.connect()
        except (DriverError, DBAPIError) as error:
            raise self._unreadable(error) from error

    def close(self) -> None:
        self._connection.close()
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def one_moment(self) -> Iterator[None]:
        """All queries inside see the same state of the ledger."""
        self._connection.exec_driver_sql("BEGIN")
        try:
            yield
        finally:
            self._connection.exec_driver_sql("ROLLBACK")

    def account_epoch(self) -> int:
        """The current account's; 0 before the first run."""
        return int(self.scalar(select(func.coalesce(func.max(t.runs.c.account_epoch), 0))))

    def of_account(self, query: Select[Any], account_epoch: int | None) -> Select[Any]:
        """Rows of runs of that account; None: the current one."""
        chosen = self.account_epoch() if account_epoch is None else account_epoch
        return query if chosen == ANY_EPOCH else query.where(t.runs.c.account_epoch == chosen)

    def views(self, query: Select[Any], order: Any, view: Callable[[Any], V], last: int | None) -> list[V]:
        """Rising by `order`; only the `last` so many."""
        if last is None:
            return [view(row) for row in self.all_rows(query.order_by(order))]
        return [view(row) for row in reversed(self.all_rows(query.order_by(order.desc()).limit(last)))]

    def all_rows(self, query: Select[Any]) -> Sequence[Any]:
        try:
            return self._connection.execute(query).all()
        except DBAPIError as error:
            raise self._unreadable(error) from error

    def scalar(self, query: Select[Any]) -> Any:
        return self.all_rows(query)[0][0]

    def driver_connection(self) -> DriverConnection:
        return cast("DriverConnection", self._connection.connection.driver_connection)

    def _open(self) -> DriverConnection:
        connection = connect(self._path, read_only=True)
        try:
            _require_this_schema(self._path, revision_of(connection))
        except BaseException:
            connection.close()
            raise
        return connection

    def _unreadable(self, error: Exception) -> LedgerError:
        cause = error.orig if isinstance(error, DBAPIError) else error
        return LedgerError(f"ledger {self._path} cannot be read: {cause}", "restore a backup if it is damaged")


def with_run(table: Table, *more: Any) -> Select[Any]:
    """Every row with its run's id."""
    return select(table, t.runs.c.run_id, *more).join(t.runs, t.runs.c.epoch == table.c.epoch)


def of_run(query: Select[Any], run_id: str | None) -> Select[Any]:
    return query if run_id is None else query.where(t.runs.c.run_id == run_id)


def between(query: Select[Any], column: Any, start: datetime | None, end: datetime | None) -> Select[Any]:
    """`column` (UTC ns) in [start, end)."""
    if start is not None:
        query = query.where(column >= nanoseconds(start))
    if end is not None:
        query = query.where(column < nanoseconds(end))
    return query


def _require_this_schema(path: Path, revision: str | None) -> None:
    refuse_newer(path, revision, SCHEMA)
    if revision != SCHEMA.head:
        raise LedgerError(f"ledger {path} has the older schema {revision}", "start the bot once, it brings it forward")
