"""Words to systemd, for units of Type=notify. Silent where systemd did not start us. Standard library only."""

import os
import socket
from collections.abc import Mapping

READY, STOPPING, ALIVE = "READY=1", "STOPPING=1", "WATCHDOG=1"
VARIABLES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
"""Meant for this process, not for its children."""


def notify(words: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Says `words`, like "READY=1"; False when nobody listens."""
    place = environ.get("NOTIFY_SOCKET", "")
    if not place.startswith(("/", "@")):
        return False
    address = f"\0{place[1:]}" if place[0] == "@" else place  # @: a name in Linux's abstract namespace, not a file
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as talk:
            talk.settimeout(0)  # a full queue must not hold up a bot
            talk.sendto(words.encode(), address)
    except OSError:
        return False  # systemd itself notices a unit that stays silent
    return True


def watchdog_seconds(environ: Mapping[str, str] = os.environ) -> float | None:
    """How often systemd wants to hear WATCHDOG=1 at least (WatchdogSec=); None: not at all."""
    try:
        wanted = int(environ["WATCHDOG_USEC"]) / 1e6
        meant = int(environ.get("WATCHDOG_PID") or os.getpid())
    except (KeyError, ValueError):
        return None
    return wanted if wanted > 0 and meant == os.getpid() else None
