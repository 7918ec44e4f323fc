"""Bringing a database to the schema of the code: forward only, a copy is put aside first."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from mm.database.sqlite import DriverConnection, DriverError, connect, driver, engine_of, refuse_unless_ours
from mm.domain.errors import LedgerError


@dataclass(frozen=True, slots=True)
class Schema:
    """`migrations` the folder with alembic's env.py; `revisions` all known ones, oldest first."""

    what: str
    application_id: int
    migrations: Path
    revisions: tuple[str, ...]
    wal: bool

    @property
    def head(self) -> str:
        return self.revisions[-1]


def open_or_create(path: Path, schema: Schema) -> bool:
    """The file exists, is sound and has the newest schema. True when it was made now.

    Raises LedgerError for a damaged, foreign or newer file. A new database is built beside its place and
    renamed when complete, so a half-made one is never taken for a ledger.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists():
        refuse_unless_ours(path, schema.application_id, schema.what)
        _bring_forward(path, schema)
        return False
    for left in (Path(f"{path}-wal"), Path(f"{path}-journal")):
        if left.exists():
            raise LedgerError(
                f"{schema.what} {path} is missing but {left.name} remains",
                f"restore a backup, or move {left.name} away to begin anew",
            )
    if _create(path, schema):
        return True
    return open_or_create(path, schema)


def revision_of(connection: DriverConnection) -> str | None:
    """The schema's revision; None when the database has none."""
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone() if known else None
    return row[0] if row else None


def refuse_newer(path: Path, revision: str | None, schema: Schema) -> None:
    if revision not in schema.revisions:
        raise LedgerError(
            f"{schema.what} {path} has schema {revision}, this mm knows {schema.head}",
            "it was written by a newer mm: install that version (schemas only go forward)",
        )


def _create(path: Path, schema: Schema) -> bool:
    """False when another process was faster; its database stays."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.new-", dir=path.parent)
        os.close(descriptor)
        fresh = Path(name)
        try:
            connection = connect(fresh)
            try:
                if schema.wal:
                    connection.execute("PRAGMA journal_mode = WAL")
                connection.execute(f"PRAGMA application_id = {schema.application_id}")
            finally:
                connection.close()
            _upgrade(fresh, schema)
            descriptor = os.open(fresh, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)
            # A link, unlike a rename, never replaces a file.
            path.hardlink_to(fresh)
        finally:
            fresh.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except FileExistsError:
        return False
    except (OSError, DriverError, DBAPIError) as error:
        message = f"{schema.what} {path} cannot be made: {error}"
        raise LedgerError(message, "free the disk or mend its rights") from error
    return True


def _bring_forward(path: Path, schema: Schema) -> None:
    connection = connect(path)
    try:
        revision = revision_of(connection)
        refuse_newer(path, revision, schema)
        if revision == schema.head:
            return
        _copy_aside(connection, path.with_name(f"{path.stem}-before-{schema.head}{path.suffix}"))
    except (OSError, DriverError) as error:
        raise LedgerError(
            f"{schema.what} {path} cannot be migrated: {error}", "free the disk and start again"
        ) from error
    finally:
        connection.close()
    try:
        _upgrade(path, schema)
    except DBAPIError as error:
        message = f"{schema.what} {path} cannot be migrated: {error.orig}"
        raise LedgerError(message, "it is unchanged; free the disk, end what holds it, start again") from error


def _copy_aside(connection: DriverConnection, copy: Path) -> None:
    """A whole copy before the schema changes; one from an earlier, broken-off attempt is the older truth and stays."""
    if copy.exists():
        return
    fresh = copy.with_name(copy.name + ".new")
    fresh.unlink(missing_ok=True)
    os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    target = driver.connect(str(fresh))
    try:
        connection.backup(target)
    finally:
        target.close()
    fresh.rename(copy)
    _sync_folder(copy.parent)


def _upgrade(path: Path, schema: Schema) -> None:
    # alembic takes 0.1 s to import, and a database of today's schema never needs it.
    from alembic import command  # noqa: PLC0415 -- see above
    from alembic.config import Config  # noqa: PLC0415 -- see above

    engine = engine_of(lambda: connect(path), kept=False)
    try:
        with engine.connect() as connection:
            config = Config()
            config.set_main_option("script_location", str(schema.migrations).replace("%", "%%"))
            config.attributes["connection"] = connection
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                command.upgrade(config, schema.head)
            except BaseException:
                connection.exec_driver_sql("ROLLBACK")
                raise
            connection.exec_driver_sql("COMMIT")
    finally:
        engine.dispose()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
