"""From when on nothing that a dead bot signed can still become an order (reliability, fact 2)."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from mm.home import EnvironmentHome
from mm.process_id import ProcessId
from mm.runner.latch import BotFacts

EXCHANGE_TIMEOUT = 10.0
"""Seconds within which Binance's engine carries out a request that it has accepted, or gives up."""

# The widest settings allow: used when the bot left no facts.
RECV_WINDOW_MAX = 5.0
MARGIN_DEFAULT = 1.0
# A bot's last sign of life may be this much older than its last request: its heartbeat, with room to spare.
LIFE_SIGN_SLACK = 60.0


def fence_seconds(facts: BotFacts | None, exchange_timeout: float = EXCHANGE_TIMEOUT) -> float:
    """recvWindow + the exchange's own time-out + margin."""
    if facts is None:
        return RECV_WINDOW_MAX + exchange_timeout + MARGIN_DEFAULT
    return facts.recv_window_seconds + exchange_timeout + facts.fence_margin_seconds


def seconds_since_life(env_home: EnvironmentHome) -> float:
    """Seconds since the bot last touched one of its files; infinite when it left none.

    The ledger's log is written before every order, so its time is at most a moment older than the last request.
    """
    newest = -math.inf
    ledger = env_home.ledger
    for path in (env_home.armed, env_home.stop, env_home.lock, ledger, ledger.with_name(ledger.name + "-wal")):
        try:
            newest = max(newest, path.stat().st_mtime)
        except OSError:
            continue  # not there: it says nothing
    return max(0.0, time.time() - newest)


@dataclass(slots=True)
class Fence:
    """Counts from the moment at which every process of `processes` was seen dead; `seconds` 0: no fence needed."""

    seconds: float
    processes: Sequence[ProcessId] = ()
    _since: float | None = None

    def passes_at(self) -> float:
        """Monotonic seconds; infinite while one of them lives."""
        if self._since is None:
            if any(process.is_running() for process in self.processes):
                return math.inf
            self._since = time.monotonic()
        return self._since + self.seconds
