"""Opening SQLite files: the fixed library, private files, no damaged or foreign file taken for ours."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pysqlite3
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import NullPool, StaticPool

from mm.domain.errors import LedgerError

# The driver has the standard library's interface but no type stubs.
driver: Any = pysqlite3
DriverError: type[Exception] = pysqlite3.Error
DriverConnection = sqlite3.Connection
_HEADER = b"SQLite format 3\x00"


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """False for a SQLite whose WAL-reset bug can corrupt a database (fixed in 3.51.3, 3.50.7 and 3.44.6)."""
    if version >= (3, 51, 3):
        return True
    return any(version[:2] == fixed[:2] and version >= fixed for fixed in ((3, 50, 7), (3, 44, 6)))


def require_safe_wal(version: tuple[int, ...] | None = None) -> None:
    """Raises LedgerError when this SQLite must not use WAL."""
    version = version or tuple(driver.sqlite_version_info)
    if not wal_is_safe(version):
        raise LedgerError(
            f"SQLite {'.'.join(map(str, version))} can corrupt a ledger in WAL mode",
            "install pysqlite3 0.6.1 or newer (SQLite 3.51.3 or newer)",
        )


def connect(path: Path, *, read_only: bool = False, busy_timeout: float = 2.0) -> DriverConnection:
    """A connection in autocommit mode (transactions are begun explicitly). The file must exist."""
    uri = f"file:{quote(str(path))}?mode={'ro' if read_only else 'rw'}"
    connection: DriverConnection = driver.connect(
        uri, uri=True, timeout=busy_timeout, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    connection.execute("PRAGMA foreign_keys = ON")
    if read_only:
        connection.execute("PRAGMA query_only = ON")
    return connection


def engine_of(opened: Callable[[], DriverConnection], *, kept: bool) -> Engine:
    """A SQLAlchemy engine over `opened`; `kept`: one connection for the engine's whole life."""
    return create_engine(
        "sqlite://",
        module=driver,
        creator=opened,
        poolclass=StaticPool if kept else NullPool,
        # Transactions are begun by hand (BEGIN IMMEDIATE), so the pool must not roll back behind our back.
        pool_reset_on_return=None,
        skip_autocommit_rollback=True,
    )


def refuse_unless_ours(path: Path, application_id: int, what: str) -> None:
    """Raises LedgerError when the file is empty, damaged or another program's."""
    mend = f"restore a backup of {path.name}; move the damaged file away only after you have looked at it"
    try:
        with path.open("rb") as file:
            header = file.read(len(_HEADER))
    except OSError as error:
        raise LedgerError(f"{what} {path} cannot be read ({error.strerror})", "look at its owner and rights") from error
    if header != _HEADER:
        raise LedgerError(f"{what} {path} is no SQLite database (or was cut off)", mend)
    try:
        connection = connect(path)
        try:
            found = connection.execute("PRAGMA application_id").fetchone()[0]
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        finally:
            connection.close()
    except DriverError as error:
        raise LedgerError(f"{what} {path} cannot be read: {error}", mend) from error
    if verdict != "ok":
        raise LedgerError(f"{what} {path} is damaged: {verdict}", mend)
    if found != application_id:
        raise LedgerError(f"{path} is a database of another program, no {what}", "move it away")
