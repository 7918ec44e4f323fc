"""Does the bot live? Judged on facts alone: no clock, no file, no process is asked here. Standard library only."""

from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

STARTING_SECONDS = 60.0
"""A new bot that holds the lock has this long to arm: it reads the orders of a dead one and accounts for them."""
ENDING_SECONDS = 60.0
"""A bot whose latch was tripped has this long to cancel and end by itself (it gives no more signs of life)."""


class Verdict(StrEnum):
    NOTHING = "nothing to mind"
    HEALTHY = "healthy"
    STALE = "stale"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Sight:
    """What one look at an environment found.

    `latch` which file stands; none after a clean end. `sign` changes whenever the bot gives a sign of life. `alive`:
    exactly the process that armed the latch runs (frozen counts). `successor`: another process that holds the bot's
    lock, verified. `run_id` the run that the latch is about.
    """

    latch: Literal["armed", "stop", "none"]
    run_id: str = ""
    sign: Hashable = None
    alive: bool = False
    successor: Hashable = None


class SignOfLife:
    """How long a sign has not changed.

    Counted on the monotonic clock since the sign was last *seen to change*: setting the machine's clock moves file
    times about and changes nothing here. Only time in which somebody looked counts, `most_step` seconds a look at
    most: a machine that was suspended, or a watchdog that was held up together with the bot, gives the bot its whole
    time again instead of a verdict on waking up.
    """

    def __init__(self, most_step: float) -> None:
        self._most_step = most_step
        self._sign: Hashable = None
        self._looked: float | None = None
        self.age = 0.0
        self.changes = 0

    def seen(self, sign: Hashable, mono: float) -> float:
        """`mono` monotonic seconds of this look; answers the age in seconds."""
        if self._looked is None or sign != self._sign:
            self.changes += self._looked is not None
            self.age = 0.0
        else:
            self.age += min(max(0.0, mono - self._looked), self._most_step)
        self._sign, self._looked = sign, mono
        return self.age


class Judge:
    """`stale_after` seconds without a sign of life; `check_every` seconds between looks."""

    def __init__(self, stale_after: float, check_every: float) -> None:
        self._stale_after = stale_after
        # Twice: a look that comes late on a busy machine still counts in full.
        self._life = SignOfLife(2 * check_every)

    @property
    def age(self) -> float:
        """Seconds since the last sign of life, as far as it was watched."""
        return self._life.age

    @property
    def saw_life(self) -> bool:
        """A sign changed while it was watched: `healthy` is more than the benefit of the doubt."""
        return self._life.changes > 0

    def judge(self, sight: Sight, mono: float) -> Verdict:
        """`mono` monotonic seconds."""
        if sight.latch == "armed":
            if sight.alive:
                age = self._life.seen(("armed", sight.run_id, sight.sign), mono)
                return Verdict.HEALTHY if age <= self._stale_after else Verdict.STALE
            age = self._life.seen(("successor", sight.successor), mono)
            return Verdict.HEALTHY if sight.successor is not None and age <= STARTING_SECONDS else Verdict.DEAD
        age = self._life.seen((sight.latch, sight.run_id, sight.alive), mono)
        if sight.latch == "stop" and sight.alive:
            return Verdict.HEALTHY if age <= ENDING_SECONDS else Verdict.STALE
        return Verdict.NOTHING
