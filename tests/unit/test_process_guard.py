"""A process that holds keys leaves no core file, and nobody of the same user reads its memory."""

import subprocess
import sys

_SHOW = """
import ctypes, resource
from mm.process_guard import forbid_core_dumps
assert forbid_core_dumps()
print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""
_PR_GET_DUMPABLE = 3


def test_core_dumps_are_off() -> None:
    done = subprocess.run([sys.executable, "-c", _SHOW], check=True, capture_output=True, text=True)  # noqa: S603 - ours
    assert done.stdout == "(0, 0) 0\n"


def test_the_command_and_the_venue_call_it_first() -> None:
    command = "import sys; sys.argv = ['mm', '--version']\nimport resource\nfrom mm.cli.entry import main\n"
    command += "try: main()\nexcept SystemExit: print(resource.getrlimit(resource.RLIMIT_CORE))"
    done = subprocess.run([sys.executable, "-c", command], check=True, capture_output=True, text=True)  # noqa: S603 - ours
    assert done.stdout.endswith("(0, 0)\n")
