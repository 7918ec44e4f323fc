"""Transactions of the one writer: intents durable before they are sent, everything else in order and in batches."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from mm.database.sqlite import DriverConnection, DriverError
from mm.domain.errors import LedgerError
from mm.domain.order import OrderIntent
from mm.domain.records import RunStart
from mm.ledger import statements as sql
from mm.ledger.recording import Cursor, Stamped, write_intents, write_row

OnFailure = Callable[[str], None]
_MAX_BACKLOG = 200_000


class Writer:
    """Used by one thread at a time. `connection` must be in autocommit mode.

    Rows that could not be written for want of disk or lock stay in the backlog, ahead of all later ones, so no
    intent becomes durable before them. A row that contradicts the record is told and left out; from then on the
    ledger takes no intents in this run.
    """

    def __init__(self, connection: DriverConnection, on_failure: OnFailure) -> None:
        self.connection = connection
        self.run: RunStart | None = None
        self._cursor: Cursor = connection.cursor()
        self._on_failure = on_failure
        self._backlog: list[Stamped] = []
        self._contradiction = ""
        self.commits = 0

    @property
    def has_backlog(self) -> bool:
        return bool(self._backlog)

    def commit(self, rows: Sequence[Stamped], intents: Sequence[OrderIntent]) -> None:
        """Durable on return: `rows`, then `intents`, in one transaction. Raises LedgerError when not."""
        run = self.started_run()
        self._queue(rows)
        if self._contradiction:
            self.persist(())
            raise LedgerError(f"the ledger contradicts the exchange: {self._contradiction}", "run mm ledger audit")
        try:
            with self.transaction() as cursor:
                _refuse_when_fenced(cursor, run.epoch)
                for row in self._backlog:
                    write_row(cursor, run, row)
                write_intents(cursor, run.epoch, intents)
        except (DriverError, LedgerError, OverflowError) as error:
            # What was seen must not be lost because an order cannot be placed.
            self.persist(())
            raise as_ledger_error(error) from error
        self._backlog.clear()

    def persist(self, rows: Sequence[Stamped]) -> None:
        """Write `rows` and the backlog in one transaction; a failure is told by `on_failure`, never raised."""
        self._queue(rows)
        if not self._backlog:
            return
        run = self.started_run()
        try:
            with self.transaction() as cursor:
                for row in self._backlog:
                    write_row(cursor, run, row)
        except (LedgerError, OverflowError) as error:
            self._leave_out_bad_rows(run, error)
        except DriverError as error:
            if _is_of_the_row(error):
                self._leave_out_bad_rows(run, error)
            else:
                self.fail(f"rows could not be written: {error}")
        else:
            self._backlog.clear()

    def require_durable(self) -> None:
        """Raises LedgerError when something recorded is not in the ledger."""
        if self._contradiction:
            raise LedgerError(f"a record was refused: {self._contradiction}", "run mm ledger audit")
        if self._backlog:
            raise LedgerError(
                f"{len(self._backlog)} records are not durable", "free the disk, end other writers of the ledger"
            )

    @contextmanager
    def transaction(self) -> Iterator[Cursor]:
        """BEGIN IMMEDIATE … COMMIT (durable on return, synchronous=FULL); rolled back on any exception."""
        cursor = self._cursor
        cursor.execute(sql.BEGIN)
        try:
            yield cursor
            cursor.execute(sql.COMMIT)
        except BaseException:
            # A full disk makes SQLite roll back by itself.
            if self.connection.in_transaction:
                cursor.execute(sql.ROLLBACK)
            raise
        self.commits += 1

    def started_run(self) -> RunStart:
        if self.run is None:
            raise LedgerError("no run has begun in this ledger", "call begin_run first")
        return self.run

    def _queue(self, rows: Sequence[Stamped]) -> None:
        room = _MAX_BACKLOG - len(self._backlog)
        self._backlog.extend(rows[:room])
        if len(rows) > room:
            self._contradiction = self._contradiction or "too many rows waited for the disk, some are lost"
            self.fail(self._contradiction)

    def _leave_out_bad_rows(self, run: RunStart, first: Exception) -> None:
        refused: list[str] = []
        try:
            with self.transaction() as cursor:
                for row in self._backlog:
                    cursor.execute("SAVEPOINT one_row")
                    try:
                        write_row(cursor, run, row)
                    except (DriverError, LedgerError, OverflowError) as error:
                        if isinstance(error, DriverError) and not _is_of_the_row(error):
                            raise
                        cursor.execute("ROLLBACK TO one_row")
                        refused.append(f"{type(row.row).__name__}: {error}")
                    cursor.execute("RELEASE one_row")
        except DriverError as error:
            self.fail(f"rows could not be written: {error}")
            return
        self._backlog.clear()
        self._contradiction = self._contradiction or "; ".join(refused[:3]) or str(first)
        self.fail(self._contradiction)

    def fail(self, why: str) -> None:
        """Tell that something recorded is not durable."""
        self._on_failure(why)


def _refuse_when_fenced(cursor: Cursor, epoch: int) -> None:
    newest = cursor.execute(sql.NEWEST_EPOCH).fetchone()[0]
    if newest != epoch:
        raise LedgerError(f"fenced: run epoch {epoch} is over, a newer instance has {newest}", "stop this instance")


def as_ledger_error(error: Exception) -> LedgerError:
    if isinstance(error, LedgerError):
        return error
    hint = "free the disk, end other writers of the ledger" if isinstance(error, DriverError) else "see the log"
    return LedgerError(f"the ledger could not be written: {error}", hint)


def _is_of_the_row(error: Exception) -> bool:
    """True for a broken constraint or type, False for disk, lock and file trouble."""
    return type(error).__name__ in {"IntegrityError", "InterfaceError", "ProgrammingError", "DataError"}
