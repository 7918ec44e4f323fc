"""stdout and stderr of every command: registered secrets are taken out on the way, whoever writes them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from mm.redaction import redact_known


class RedactedStream:
    """A text stream in all but `write`. What is written in one piece is searched as one piece."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        # Bytes go through as they are: the stream below refuses them in its own words.
        return self._stream.write(redact_known(text) if isinstance(text, str) else text)

    def writelines(self, lines: Iterator[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def redacted_output() -> Iterator[None]:
    """For the time of one command."""
    before = sys.stdout, sys.stderr
    outputs: Any = tuple(map(RedactedStream, before))
    sys.stdout, sys.stderr = outputs
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
