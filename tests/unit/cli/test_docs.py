"""The generated pages are current: `make docs` writes them anew."""

from pathlib import Path

from scripts.cli_reference import cli_reference, exit_codes

DOCS = Path(__file__).parents[3] / "docs"


def test_the_cli_reference_is_current() -> None:
    assert (DOCS / "cli.md").read_text() == cli_reference(), "run: make docs"


def test_the_exit_codes_are_current() -> None:
    assert (DOCS / "exit-codes.md").read_text() == exit_codes(), "run: make docs"
