"""The venue's durable state in SQLite."""

from pathlib import Path


class Store:
    """Opens (and makes) the database at `path`; WAL with synchronous=NORMAL survives SIGKILL of the venue."""

    def __init__(self, path: Path) -> None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError
