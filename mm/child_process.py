"""What a process that we start of our own program needs. Standard library only."""

import os
from pathlib import Path

import mm


def import_path() -> str:
    """PYTHONPATH of the child: it imports the same `mm` as we do, wherever it was found."""
    here = str(Path(mm.__file__).parent.parent)
    before = os.environ.get("PYTHONPATH")
    return f"{here}{os.pathsep}{before}" if before else here
