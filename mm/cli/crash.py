"""An unexpected exception: one line for the person, the traceback (without values of variables) in a file."""

import os
import sys
import traceback
from datetime import UTC, datetime

from mm.domain.errors import ExitCode
from mm.home import Home
from mm.redaction import redact


def report_crash(error: BaseException) -> int:
    """Writes MM_HOME/logs/crash.log (0600) and prints one line; MM_DEBUG=1 prints the traceback too."""
    trace = redact("".join(traceback.format_exception(error)))
    path = Home.of().path / "logs" / "crash.log"
    said = f"unexpected {type(error).__name__}: {redact(str(error))}".replace("\n", " ")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as file:
            called = redact(" ".join(sys.argv[1:3]))
            file.write(f"{datetime.now(UTC).isoformat(timespec='milliseconds')} mm {called}\n{trace}\n")
        where = f"the traceback is in {path}; MM_DEBUG=1 shows it"
    except OSError as unwritable:
        where = f"no traceback kept, {path} cannot be written ({unwritable.strerror}); MM_DEBUG=1 shows it"
    if os.environ.get("MM_DEBUG") == "1":
        sys.stderr.write(trace)
    sys.stderr.write(f"mm: {said}: {where}\n")
    return int(ExitCode.FAILED)
