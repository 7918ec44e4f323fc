"""Runs `mm` in this process, the way a shell would see it."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from mm.cli.app import main


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Shell:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Ran:
        self._capsys.readouterr()
        try:
            main(list(arguments))
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = self._capsys.readouterr()
        return Ran(code, said.out, said.err)


def one_line(ran: Ran) -> str:
    """The one line of stderr that names the error (a note on the environment may come before)."""
    lines = [line for line in ran.err.splitlines() if "(the last run)" not in line]
    assert len(lines) == 1, ran.err
    assert lines[0].startswith("mm: ")
    return lines[0]
