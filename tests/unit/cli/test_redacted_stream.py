"""Whatever a command prints, registered secrets are taken out on the way."""

import io
import sys

import pytest

from mm.cli.redacted_stream import RedactedStream, redacted_output
from mm.redaction import HIDDEN, register_secret
from tests.unit.cli.commands import Shell

CANARY = "canary-5ecret/AA+BB"
pytestmark = pytest.mark.usefixtures("no_secrets_registered")


def test_text_is_redacted_and_bytes_are_refused_as_ever() -> None:
    register_secret(CANARY)
    below = io.StringIO()
    stream = RedactedStream(below)
    stream.write(f"a {CANARY} b")
    stream.writelines(iter([CANARY]))
    assert below.getvalue() == f"a {HIDDEN} b{HIDDEN}"
    assert stream.isatty() is False
    with pytest.raises(TypeError):
        stream.write(b"bytes")  # type: ignore[arg-type]  # what click tries to find out what it holds


def test_the_streams_come_back() -> None:
    before = sys.stdout
    with redacted_output():
        assert isinstance(sys.stdout, RedactedStream)
    assert sys.stdout is before


def test_of_a_real_command(mm: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MM_TESTNET_API_SECRET", CANARY)
    monkeypatch.setenv("MM__OPERATOR__NAME", CANARY)
    shown = mm("config", "show", "--json", "--profile", "100usdc")
    assert shown.code == 0
    assert CANARY not in shown.out
    assert HIDDEN in shown.out
