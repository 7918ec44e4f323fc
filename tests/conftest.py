"""Guards for every test: no connection beyond this machine, a MM_HOME of its own, seeds that are printed."""

import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "mm",
    print_blob=True,  # a failure prints how to play it again
    deadline=None,  # the machine is shared; time limits are tested on their own
    suppress_health_check=[HealthCheck.too_slow],
    database=None,
)
settings.load_profile("mm")

_REAL_CONNECT = socket.socket.connect
_REAL_CONNECT_EX = socket.socket.connect_ex
_REAL_SENDTO = socket.socket.sendto
_REAL_GETADDRINFO = socket.getaddrinfo


class BeyondLoopback(AssertionError):
    """A test tried to leave this machine."""


def _refuse_beyond_loopback(host: object) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name is None or name in {"", "localhost"}:
        return
    try:
        inside = ipaddress.ip_address(str(name)).is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise BeyondLoopback(f"a test tried to reach {name}")


def _check_address(own: socket.socket, address: Any) -> None:
    if own.family in {socket.AF_INET, socket.AF_INET6}:
        _refuse_beyond_loopback(address[0])


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(self: socket.socket, address: Any) -> None:
        _check_address(self, address)
        _REAL_CONNECT(self, address)

    def connect_ex(self: socket.socket, address: Any) -> int:
        _check_address(self, address)
        return _REAL_CONNECT_EX(self, address)

    def sendto(self: socket.socket, data: Any, *rest: Any) -> int:
        _check_address(self, rest[-1])
        return _REAL_SENDTO(self, data, *rest)

    def getaddrinfo(host: Any, *rest: Any, **named: Any) -> Any:
        _refuse_beyond_loopback(host)
        return _REAL_GETADDRINFO(host, *rest, **named)

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket.socket, "connect_ex", connect_ex)
    monkeypatch.setattr(socket.socket, "sendto", sendto)
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.fixture(autouse=True)
def mm_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """MM_HOME of this test (not made yet), free of the MM__ variables and keys of whoever runs the tests."""
    for name in list(os.environ):
        if name.startswith("MM_") and name not in {"MM_SHARED", "MM_DEBUG"}:
            monkeypatch.delenv(name)
    home = tmp_path / "mm-home"
    monkeypatch.setenv("MM_HOME", str(home))
    return home


@pytest.fixture
def no_secrets_registered() -> Iterator[None]:
    """Secrets that this test registers for redaction are forgotten after it."""
    from mm.redaction import secrets_of_a_while

    with secrets_of_a_while():
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Recorded market data beside the checkout (MM_SHARED names another folder); the test is skipped without it."""
    folder = Path(os.environ.get("MM_SHARED", Path(__file__).parents[2] / "shared")) / "data"
    if not (folder / "binance_spot_ethusdt_20240808.raw.gz").exists():
        pytest.skip(f"no recorded market data in {folder}; set MM_SHARED to the folder that holds data/")
    return folder
