"""The courier's process that the watchdog starts when it has something to tell: the bot's own may have died with it."""

import os
import subprocess
import sys
from collections.abc import Callable

from mm.child_process import import_path
from mm.home import Home
from mm.runner.systemd import VARIABLES

LAST_SECONDS = 12.0
"""What a courier's process takes at its end to deliver what is left, and a little."""


class Messenger:
    """One process at most; it waits by itself while another courier is at work. `say` hears why one could not start."""

    def __init__(self, home: Home, say: Callable[[str], None]) -> None:
        self._home = home
        self._say = say
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns at once; never raises."""
        if self._process is not None and self._process.poll() is None:
            return
        environ = {name: value for name, value in os.environ.items() if name not in VARIABLES}
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "mm.couriers"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd=self._home.path,
                env={**environ, "MM_HOME": str(self._home.path), "PYTHONPATH": import_path()},
            )
        except OSError as error:
            self._say(f"no courier could be started, the alert waits in the outbox: {error}")

    def end(self) -> None:
        """Lets it deliver what is left; it goes on by itself when that takes longer."""
        if self._process is None:
            return
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(LAST_SECONDS)
        except subprocess.TimeoutExpired:
            self._say("the courier still delivers; see mm alerts list --open")
