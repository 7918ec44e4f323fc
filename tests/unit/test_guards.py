"""The guards of tests/conftest.py hold."""

import asyncio
import os
import socket
from pathlib import Path

import pytest

from tests.conftest import BeyondLoopback


@pytest.mark.parametrize("host", ["192.0.2.1", "8.8.8.8", "2001:db8::1"])
def test_connect_beyond_loopback_is_refused(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as own, pytest.raises(BeyondLoopback):
        own.connect((host, 443))
    with socket.socket(family) as own, pytest.raises(BeyondLoopback):
        own.connect_ex((host, 443))
    with socket.socket(family, socket.SOCK_DGRAM) as own, pytest.raises(BeyondLoopback):
        own.sendto(b"x", (host, 53))


def test_names_of_other_machines_are_not_looked_up() -> None:
    with pytest.raises(BeyondLoopback):
        socket.getaddrinfo("api.binance.com", 443)


def test_asyncio_is_guarded_too() -> None:
    async def reach() -> None:
        await asyncio.open_connection("api.binance.com", 443)

    with pytest.raises(BeyondLoopback):
        asyncio.run(reach())


def test_loopback_works() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()


def test_every_test_has_a_home_of_its_own(tmp_path: Path, mm_home: Path) -> None:
    assert os.environ["MM_HOME"] == str(mm_home)
    assert mm_home.is_relative_to(tmp_path)
    assert [name for name in os.environ if name.startswith("MM__")] == []
