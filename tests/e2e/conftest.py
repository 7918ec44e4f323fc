"""Whoever sits at the shell."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.commands import Commands, person


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[Commands]:
    """A fresh home, with settings under which a short run trades."""
    with person(tmp_path) as made:
        yield made
