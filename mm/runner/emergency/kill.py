"""Signals to exactly one process: a pid that was given to another process meanwhile is never hit."""

import os
import signal
import time
from contextlib import suppress

from mm.process_id import ProcessId


def send_signal(process: ProcessId, number: signal.Signals) -> bool:
    """False when that process no longer runs. Raises PermissionError when it belongs to someone else."""
    if process.pid == os.getpid():
        raise ValueError("a process does not stop itself this way")
    try:
        handle = os.pidfd_open(process.pid)  # holds on to the process, so that the check below stays true
    except ProcessLookupError:
        return False
    except OSError:  # not offered here (some containers): the plain way, checked right before
        if process.is_running():
            os.kill(process.pid, number)
            return True
        return False
    try:
        if not process.is_running():
            return False
        with suppress(ProcessLookupError):  # it ended by itself between the two lines
            signal.pidfd_send_signal(handle, number)
        return True
    finally:
        os.close(handle)


def wait_for_end(process: ProcessId, seconds: float) -> bool:
    """True as soon as it is gone."""
    until = time.monotonic() + seconds
    while process.is_running():
        if time.monotonic() >= until:
            return False
        time.sleep(0.002 if seconds < 1 else 0.05)
    return True
