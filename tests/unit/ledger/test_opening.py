"""Which files are taken for a ledger, and which are refused."""

import asyncio
import os
import shutil
import stat
from pathlib import Path
from typing import Any

import pysqlite3
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData

from mm.control import schema as control
from mm.control.store import ControlStore
from mm.database.migrate import Schema, open_or_create
from mm.database.sqlite import connect, engine_of, require_safe_wal, wal_is_safe
from mm.domain.errors import LedgerError
from mm.ledger import schema as ledger_schema
from mm.ledger.ledger import SqliteLedger
from mm.ledger.queries import LedgerQueries
from tests.unit.ledger.making import START, a_fill, a_run, at, seen


def make(path: Path, fills: int = 0) -> Path:
    async def scenario() -> None:
        ledger = SqliteLedger.open(path, on_failure=pytest.fail, inline=True)
        await ledger.begin_run(a_run(), [])
        ledger.record(at(START), [seen(a_fill(number)) for number in range(1, fills + 1)])
        await ledger.close()

    asyncio.run(scenario())
    return path


def reopen(path: Path) -> None:
    asyncio.run(SqliteLedger.open(path, on_failure=pytest.fail, inline=True).close())


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 9), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 4), True),
        ((4, 0, 0), True),
    ],
)
def test_only_a_sqlite_without_the_wal_bug_may_use_wal(version: tuple[int, ...], safe: bool) -> None:
    assert wal_is_safe(version) is safe
    if not safe:
        with pytest.raises(LedgerError, match="pysqlite3"):
            require_safe_wal(version)


def test_the_shipped_sqlite_is_safe() -> None:
    require_safe_wal()


@pytest.mark.parametrize(
    ("given", "synchronous"), [({}, 2), ({"inline": True}, 0), ({"inline": True, "synced": True}, 2)]
)
def test_only_in_virtual_time_a_commit_does_not_wait_for_the_disk(
    tmp_path: Path, given: dict[str, bool], synchronous: int
) -> None:
    async def scenario() -> None:
        ledger = SqliteLedger.open(tmp_path / "ledger.db", on_failure=pytest.fail, **given)  # type: ignore[arg-type]  # flags
        connection = ledger._pooled.driver_connection
        assert connection is not None
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == synchronous
        await ledger.close()

    asyncio.run(scenario())


def test_a_ledger_is_private_and_in_wal_with_full_sync(tmp_path: Path) -> None:
    path = tmp_path / "home" / "sim" / "ledger.db"

    async def scenario() -> None:
        ledger = SqliteLedger.open(path, on_failure=pytest.fail)
        await ledger.begin_run(a_run(), [])
        connection = ledger._pooled.driver_connection
        assert connection is not None
        for pragma, value in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
            assert connection.execute(f"PRAGMA {pragma}").fetchone()[0] == value
        for file in path.parent.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
        assert {file.name for file in path.parent.iterdir()} == {"ledger.db", "ledger.db-wal", "ledger.db-shm"}
        await ledger.close()

    before = os.umask(0)
    try:
        asyncio.run(scenario())
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    path = make(tmp_path / "ledger.db", fills=3)
    content = path.read_bytes()
    reopen(path)
    assert path.read_bytes() == content
    assert [file.name for file in tmp_path.iterdir()] == ["ledger.db"]


@pytest.mark.parametrize("content", [b"", b"SQLite format 3", b"not a database, but long enough to be one" * 200])
def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(content)
    with pytest.raises(LedgerError, match="no SQLite database"):
        reopen(path)
    assert path.read_bytes() == content


def test_a_damaged_ledger_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = make(tmp_path / "ledger.db", fills=2000)
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 8192] = b"\xff" * 8192
    path.write_bytes(content)
    with pytest.raises(LedgerError, match="restore a backup"):
        reopen(path)
    assert path.read_bytes() == bytes(content)


def test_a_cut_off_ledger_is_refused(tmp_path: Path) -> None:
    path = make(tmp_path / "ledger.db", fills=2000)
    path.write_bytes(path.read_bytes()[:40_000])
    with pytest.raises(LedgerError, match="restore a backup"):
        reopen(path)


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    other = pysqlite3.connect(str(path))
    other.execute("CREATE TABLE moz_places (id INTEGER)")
    other.close()
    with pytest.raises(LedgerError, match="another program"):
        reopen(path)
    ControlStore(tmp_path / "control.db").close()
    with pytest.raises(LedgerError, match="another program"):
        reopen(tmp_path / "control.db")


def test_a_wal_without_its_ledger_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ledger.db-wal").write_bytes(b"x")
    with pytest.raises(LedgerError, match="remains"):
        reopen(tmp_path / "ledger.db")
    assert not (tmp_path / "ledger.db").exists()


def test_a_newer_ledger_is_refused_by_writer_and_reader(tmp_path: Path) -> None:
    path = make(tmp_path / "ledger.db")
    connection = connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '0999'")
    connection.close()
    with pytest.raises(LedgerError, match="newer mm"):
        reopen(path)
    with pytest.raises(LedgerError, match="newer mm"):
        LedgerQueries(path)


def test_a_tag_that_could_not_be_in_a_client_id_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="tag"):
        SqliteLedger.open(tmp_path / "ledger.db", on_failure=pytest.fail, new_tag=lambda: "A-%b")


@pytest.mark.parametrize(
    ("schema", "metadata"),
    [(ledger_schema.SCHEMA, ledger_schema.metadata), (control.SCHEMA, control.metadata)],
    ids=["ledger", "control"],
)
def test_migrations_lead_to_the_tables_the_code_uses(tmp_path: Path, schema: Schema, metadata: MetaData) -> None:
    path = tmp_path / "new.db"
    assert open_or_create(path, schema) is True
    assert open_or_create(path, schema) is False
    engine = engine_of(lambda: connect(path), kept=False)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    engine.dispose()
    assert [difference for difference in differences if not _is_about_a_key(difference)] == []
    scripts = ScriptDirectory(str(schema.migrations))
    assert tuple(reversed([script.revision for script in scripts.walk_revisions()])) == schema.revisions


def _is_about_a_key(difference: Any) -> bool:
    """SQLite tells an INTEGER PRIMARY KEY as nullable, which it is not."""
    return isinstance(difference, list) and all(
        change[0] == "modify_nullable" and change[3] in {"id", "seq", "epoch", "client_id", "key"}
        for change in difference
    )


def with_next_revision(tmp_path: Path, statement: str) -> Schema:
    migrations = tmp_path / "migrations"
    shutil.copytree(ledger_schema.SCHEMA.migrations, migrations, ignore=shutil.ignore_patterns("__pycache__"))
    (migrations / "versions" / "r0002_next.py").write_text(
        "from alembic import op\n"
        "revision = '0002'\n"
        "down_revision = '0001'\n"
        f"def upgrade():\n    op.execute('ALTER TABLE meta ADD COLUMN more TEXT')\n    op.execute({statement!r})\n"
    )
    today = ledger_schema.SCHEMA
    return Schema(today.what, today.application_id, migrations, ("0001", "0002"), today.wal)


def test_before_a_migration_the_whole_ledger_is_copied_aside(tmp_path: Path) -> None:
    path = make(tmp_path / "ledger.db", fills=3)
    schema = with_next_revision(tmp_path, "SELECT 1")
    assert open_or_create(path, schema) is False
    copy = tmp_path / "ledger-before-0002.db"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with LedgerQueries(copy) as queries:
        assert len(queries.fills()) == 3
    connection = connect(path)
    assert connection.execute("SELECT more FROM meta").fetchone() == (None,)
    assert connection.execute("SELECT count(*) FROM fills").fetchone() == (3,)
    connection.close()
    with pytest.raises(LedgerError, match="newer mm"):
        reopen(path)


def test_a_migration_that_fails_leaves_the_ledger_as_it_was(tmp_path: Path) -> None:
    path = make(tmp_path / "ledger.db", fills=3)
    schema = with_next_revision(tmp_path, "INSERT INTO no_such_table VALUES (1)")
    with pytest.raises(LedgerError, match="cannot be migrated"):
        open_or_create(path, schema)
    reopen(path)
    with LedgerQueries(path) as queries:
        assert len(queries.fills()) == 3
