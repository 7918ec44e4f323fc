"""Help is quick, plain, complete, and shows an example for every command."""

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from mm.cli.app import COMMANDS, app, command

HEAVY = (
    "pydantic",
    "sqlalchemy",
    "ccxt",
    "pandas",
    "numpy",
    "asyncio",
    "aiohttp",
    "yaml",
    "rich",
    "structlog",
    "orjson",
)


def _loaded_after(*arguments: str) -> set[str]:
    """Top-level modules that `mm ARGUMENTS` has imported when it exits, in a process of its own."""
    code = (
        "import sys\nfrom mm.cli.app import main\n"
        f"try:\n    main({list(arguments)!r})\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print('MODULES', *sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(  # noqa: S603  our own interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.rpartition("MODULES ")[2].split())


BUILT = [entry.name for entry in COMMANDS if entry.is_built()]


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], *([name, "--help"] for name in BUILT)], ids=" ".join)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    assert _loaded_after(*arguments) & set(HEAVY) == set()


def _commands() -> Iterator[tuple[str, Any]]:
    """Every command by its full name; groups only through their commands."""
    root = command()
    for name in root.list_commands(None):
        yield from _leaves(name, root.get_command(None, name))


def _leaves(name: str, found: Any) -> Iterator[tuple[str, Any]]:
    nested = getattr(found, "commands", {})
    if not nested:
        yield name, found
    for inner, sub in nested.items():
        yield from _leaves(f"{name} {inner}", sub)


ALL = dict(_commands())


@pytest.mark.parametrize("name", ALL)
def test_every_command_has_help_with_an_example(name: str) -> None:
    done = CliRunner().invoke(app, [*name.split(), "--help"], prog_name="mm")
    assert done.exit_code == 0
    alias = name.removeprefix("checklist ")  # `mm preflight` is `mm checklist preflight`
    assert re.search(rf"Examples?:\n\s+(?:\w+=\S+ )?mm ({name}|{alias})\b", done.output), done.output


@pytest.mark.parametrize("name", ALL)
def test_every_option_has_help(name: str) -> None:
    for parameter in ALL[name].params:
        if parameter.param_type_name == "option":
            assert parameter.help, f"mm {name} {parameter.opts}"


def test_the_list_of_commands_is_the_table() -> None:
    done = CliRunner().invoke(app, ["--help"], prog_name="mm")
    for entry in COMMANDS:
        assert (f"  {entry.name} " in done.output) == entry.is_built()


def test_version_and_unknown_command() -> None:
    assert CliRunner().invoke(app, ["--version"]).output.startswith("mm 0.")
    done = CliRunner().invoke(app, ["statuss"])
    assert done.exit_code == 2
    assert "No such command" in done.output


def test_completion_scripts_are_offered() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mm"],
        env={"_MM_COMPLETE": "source_bash", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "complete" in done.stdout
