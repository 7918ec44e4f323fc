"""Reads a journal, also one whose writer was killed: everything up to the last sync point."""

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from mm.domain.actions import Action
from mm.domain.errors import LedgerError
from mm.domain.events import Event
from mm.journal.codec import Decoder
from mm.journal.writer import FORMAT

Record = tuple[Event, tuple[Action, ...]]
_GZIP = 31
_BLOCK_BYTES = 256 * 1024


class JournalReader:
    """Iterate once. `header` the run's facts; `complete` tells, after the last record, whether the end was written."""

    def __init__(self, path: Path) -> None:
        """Raises LedgerError when the file is no journal or of a newer format."""
        self._path = path
        self.complete = False
        self._lines = self._read_lines()
        try:
            first = orjson.loads(next(self._lines, b""))
            form, field_names, self.header = first["format"], first["fields"], first["run"]
        except (ValueError, KeyError, TypeError) as error:
            raise LedgerError(f"{path} is no journal, or holds nothing yet") from error
        if form != FORMAT:
            raise LedgerError(f"journal {path} has format {form}, this mm reads {FORMAT}", "use a newer mm")
        self._decoder = Decoder(field_names)

    def __iter__(self) -> Iterator[Record]:
        decode = self._decoder.decode
        for number, line in enumerate(self._lines, start=2):
            try:
                event, actions = orjson.loads(line)
                yield decode(event), tuple([decode(action) for action in actions])
            except (ValueError, TypeError, KeyError) as error:
                raise LedgerError(f"journal {self._path}, line {number}: {error}") from error

    def _read_lines(self) -> Iterator[bytes]:
        """Whole lines only; a torn tail ends the journal."""
        unpack = zlib.decompressobj(_GZIP)
        rest = b""
        try:
            with self._path.open("rb") as file:
                while block := file.read(_BLOCK_BYTES):
                    before = unpack.copy()
                    try:
                        text = unpack.decompress(block)
                    except zlib.error:
                        yield from (rest + _until_broken(before, block)).split(b"\n")[:-1]
                        return
                    *lines, rest = (rest + text).split(b"\n")
                    yield from lines
        except OSError as error:
            raise LedgerError(f"journal {self._path} cannot be read ({error.strerror})") from error
        self.complete = unpack.eof and not rest


def _until_broken(unpack: "zlib._Decompress", block: bytes) -> bytes:
    """What can still be read of a block with a broken place in it."""
    text = b""
    try:
        for index in range(len(block)):
            text += unpack.decompress(block[index : index + 1])
    except zlib.error:
        return text
    return text


def read_journal(path: Path) -> tuple[dict[str, Any], Iterator[Record]]:
    """The header's facts, and every event with the actions it led to."""
    reader = JournalReader(path)
    return reader.header, iter(reader)
