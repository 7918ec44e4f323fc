"""Writes docs/cli.md and docs/exit-codes.md from the commands themselves.

.venv/bin/python -m scripts.cli_reference
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from mm.cli.app import app, command
from mm.domain import errors

DOCS = Path(__file__).parent.parent / "docs"


def cli_reference() -> str:
    """The help of every command, as one page."""
    parts = [
        "# Command line\n\nWritten by `make docs` from the commands' own help; a test checks that it is current. "
        "Exit codes: [exit-codes.md](exit-codes.md).\n"
    ]
    parts += [f"## {('mm ' + name).strip()}\n\n```\n{_help(name)}\n```\n" for name in _names()]
    return "\n".join(parts)


def exit_codes() -> str:
    """What each exit code means, read from the error tree."""
    lines = [
        "# Exit codes\n",
        "Written by `make docs` from `mm.domain.errors`; a test checks that it is current. Every error is one line "
        "on stderr, `mm: what is wrong: how to mend it`; several problems of one configuration take a line each.\n",
        "| code | name | errors |",
        "| --- | --- | --- |",
    ]
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.MmError)]
    for code in errors.ExitCode:
        named = sorted(kind.__name__ for kind in kinds if kind.exit_code == code and kind is not errors.MmError)
        meaning = {errors.ExitCode.OK: "done", errors.ExitCode.FAILED: "anything unexpected; see logs/crash.log"}
        lines.append(f"| {int(code)} | {code.name} | {meaning.get(code) or ', '.join(named) or 'wrong usage'} |")
    lines.append("| 130 | | stopped with Ctrl-C |")
    return "\n".join(lines) + "\n"


def _names() -> Iterator[str]:
    yield ""
    root = command()
    for name in root.list_commands(None):
        yield name
        yield from _inner(name, root.get_command(None, name))


def _inner(name: str, group: Any) -> Iterator[str]:
    for inner, inner_command in getattr(group, "commands", {}).items():
        yield f"{name} {inner}"
        yield from _inner(f"{name} {inner}", inner_command)


def _help(name: str) -> str:
    environ: dict[str, Any] = {"COLUMNS": "100", "TERMINAL_WIDTH": "100", "NO_COLOR": "1"}
    done = CliRunner().invoke(app, [*name.split(), "--help"], prog_name="mm", env=environ)
    return "\n".join(line.rstrip() for line in done.output.strip().splitlines())


def main() -> None:
    os.environ.pop("MM_HOME", None)
    (DOCS / "cli.md").write_text(cli_reference())
    (DOCS / "exit-codes.md").write_text(exit_codes())


if __name__ == "__main__":
    main()
