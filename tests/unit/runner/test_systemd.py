"""Words to systemd, heard at a socket of our own."""

import os
import socket
import uuid
from pathlib import Path

import pytest

from mm.runner.systemd import READY, notify, watchdog_seconds


@pytest.mark.parametrize("kind", ["file", "abstract"])
def test_it_is_heard(tmp_path: Path, kind: str) -> None:
    name = str(tmp_path / "s") if kind == "file" else f"@mm-test-{uuid.uuid4()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(f"\0{name[1:]}" if kind == "abstract" else name)
        assert notify(READY, {"NOTIFY_SOCKET": name})
        assert ear.recv(100) == b"READY=1"


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "/nobody/there"}])
def test_where_nobody_listens_nothing_happens(environ: dict[str, str]) -> None:
    assert notify(READY, environ) is False


def test_how_often_it_wants_to_hear() -> None:
    assert watchdog_seconds({}) is None
    assert watchdog_seconds({"WATCHDOG_USEC": "40000000"}) == 40.0
    assert watchdog_seconds({"WATCHDOG_USEC": "40000000", "WATCHDOG_PID": str(os.getpid())}) == 40.0
    assert watchdog_seconds({"WATCHDOG_USEC": "40000000", "WATCHDOG_PID": "1"}) is None, "meant for another process"
    assert watchdog_seconds({"WATCHDOG_USEC": "soon"}) is None
