"""Is a ledger file sound? Looked at read-only, so that it may be done while its bot writes."""

from pathlib import Path

from mm.database.sqlite import DriverError, connect
from mm.ledger.schema import SCHEMA


def unsoundness(path: Path) -> str:
    """Empty when the file is a ledger that passes SQLite's quick check, else what is wrong with it."""
    try:
        connection = connect(path, read_only=True)
        try:
            application = connection.execute("PRAGMA application_id").fetchone()[0]
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        finally:
            connection.close()
    except DriverError as error:
        return f"{path} cannot be read: {error}"
    if verdict != "ok":
        return f"{path} is damaged: {verdict}"
    if application != SCHEMA.application_id:
        return f"{path} is a database of another program"
    return ""
