"""What was decided stays as it was written; whoever changes it is found, and where."""

from collections.abc import Callable
from pathlib import Path

import pysqlite3
import pytest

from mm.control.audit_chain import GENESIS, Broken
from mm.control.store import ControlStore
from mm.domain.errors import LedgerError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Five rows: halt, resume, stage, incident, incident closed."""
    file = tmp_path / "control.db"
    with ControlStore(file) as store:
        store.open_halt("sim", "daily_loss", "lost 6 USDC")
        store.lift_halts("sim", "jo", "the market fell")
        store.add_stage_event("100", "promote", "jo", "", {"pnl": "1.5"})
        store.incidents.open("sim", "abnormal_orders", "12 of 100")
        store.incidents.close(1, "jo", "the venue was restarted")
    return file


def _changed(path: Path, *statements: str) -> None:
    """As somebody with the file in his hands would."""
    connection = pysqlite3.connect(str(path), isolation_level=None)
    for trigger in ("audit_stays", "audit_lasts"):
        connection.execute(f"DROP TRIGGER {trigger}")
    for statement in statements:
        assert connection.execute(statement).rowcount > 0
    connection.close()


def test_each_decision_is_a_row_that_follows_from_the_one_before(path: Path) -> None:
    with ControlStore(path) as store:
        rows = store.audit.rows()
        assert [(row.seq, row.kind, row.by) for row in rows] == [
            (1, "halt", "mm"),
            (2, "resume", "jo"),
            (3, "stage", "jo"),
            (4, "incident", "mm"),
            (5, "incident_closed", "jo"),
        ]
        assert rows[1].payload == {"causes": ["daily_loss"], "note": "the market fell"}
        assert store.audit.verify() is None
        assert store.audit.verify(head=rows[2].hash) is None
        assert store.audit.head == rows[-1].hash


def test_a_broken_chain_is_refused_as_the_ledger_is(path: Path) -> None:
    with ControlStore(path) as store:
        store.audit.require_unbroken()
    _changed(path, "UPDATE audit SET written_by = 'somebody' WHERE seq = 3")
    with ControlStore(path) as store, pytest.raises(LedgerError, match="audit chain breaks: row 3") as refused:
        store.audit.require_unbroken()
    assert refused.value.exit_code == 9


def test_an_empty_chain_holds(tmp_path: Path) -> None:
    with ControlStore(tmp_path / "control.db") as store:
        assert (store.audit.head, store.audit.verify(), store.audit.rows()) == (GENESIS, None, [])


def test_the_database_itself_refuses_changes(path: Path) -> None:
    connection = pysqlite3.connect(str(path))
    for statement in ("UPDATE audit SET kind = 'x'", "DELETE FROM audit"):
        with pytest.raises(pysqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
    connection.close()


def test_nothing_is_noted_of_what_did_not_happen(path: Path) -> None:
    with ControlStore(path) as store:
        before = store.audit.head
        assert store.lift_halts("sim", "jo", "nothing stands") == []
        assert not store.incidents.close(1, "jo", "again")
        assert store.audit.head == before


@pytest.mark.parametrize(
    ("statement", "seq"),
    [
        ("UPDATE audit SET payload = '{}' WHERE seq = 2", 2),
        ("UPDATE audit SET written_by = 'someone' WHERE seq = 5", 5),
        ("UPDATE audit SET at = at + 1 WHERE seq = 1", 1),
        ("DELETE FROM audit WHERE seq = 3", 3),
        ("DELETE FROM audit WHERE seq = 5", 5),
        ("DELETE FROM audit", 1),
    ],
)
def test_an_edit_or_a_deletion_is_found_where_it_is(path: Path, statement: str, seq: int) -> None:
    _changed(path, statement)
    with ControlStore(path) as store:
        broken = store.audit.verify()
    assert broken is not None
    assert broken.seq == seq


def test_another_order_is_found(path: Path) -> None:
    _changed(
        path,
        "UPDATE audit SET seq = 99 WHERE seq = 2",
        "UPDATE audit SET seq = 2 WHERE seq = 3",
        "UPDATE audit SET seq = 3 WHERE seq = 99",
    )
    with ControlStore(path) as store:
        broken = store.audit.verify()
    assert broken is not None
    assert broken.seq == 2


def test_a_tail_that_was_recomputed_whole_is_found_by_a_head_kept_elsewhere(
    path: Path, tmp_path: Path, tampered: Callable[[Path, Path], None]
) -> None:
    with ControlStore(path) as store:
        kept = store.audit.head
    forged = tmp_path / "forged.db"
    tampered(path, forged)
    with ControlStore(forged) as store:
        assert store.audit.verify() is None
        assert store.audit.verify(head=kept) == Broken(5, "the hash kept elsewhere is no row's: rows were written anew")


@pytest.fixture
def tampered() -> Callable[[Path, Path], None]:
    """The same history with another name in it, written by the program's own code."""

    def write(_path: Path, forged: Path) -> None:
        with ControlStore(forged) as store:
            store.open_halt("sim", "daily_loss", "lost 6 USDC")
            store.lift_halts("sim", "somebody else", "the market fell")
            store.add_stage_event("100", "promote", "jo", "", {"pnl": "1.5"})
            store.incidents.open("sim", "abnormal_orders", "12 of 100")
            store.incidents.close(1, "jo", "the venue was restarted")

    return write
