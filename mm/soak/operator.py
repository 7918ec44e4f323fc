"""The person on duty, played: lifts halts with a note after a while, and starts the bot anew when it is stuck."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from mm.control.store import ControlStore
from mm.domain.risk import TradingState
from mm.risk.limits import RED
from mm.runner.latch import lift
from mm.runner.startup import Run
from mm.soak.instance import Instance
from mm.soak.pace import DAYS, Pace

NAME = "soak operator"
NOTE = "looked at, may go on"
_NEW_PROCESS = frozenset({"authentication", "geo_blocked"})
"""After these the key is mended, and a process that was refused signs nothing more."""


class Operator:
    """`resumes` by the halts' causes; `restarts` how often the bot was started anew."""

    def __init__(self, control: ControlStore, environment: str, now: Callable[[], datetime], pace: Pace = DAYS) -> None:
        self._pace = pace
        self._control = control
        self._environment = environment
        self._now = now
        self._next_look = 0
        self._halted_since = 0
        self._idle_since = 0
        self._has_resumed = False
        self.resumes: Counter[str] = Counter()
        self.restarts = 0
        self.stage_since: int | None = None

    def started(self, instance: Instance) -> None:
        self._next_look = self._halted_since = self._idle_since = 0
        self._has_resumed = False
        lift(instance.home)

    def must_lift_first(self) -> bool:
        """A start is refused while a halt is open."""
        return bool(self._control.open_halts(self._environment))

    def resume(self) -> None:
        """`mm risk resume` without a running bot. A loss of a tenth ends the stage: the next one begins now."""
        for halt in self._control.lift_halts(self._environment, NAME, NOTE):
            self.resumes[halt.cause] += 1
            if halt.cause in RED:
                self.stage_since = int(self._now().timestamp() * 1e9)

    def look(self, run: Run, instance: Instance, mono: int) -> bool:
        """Once in a while. True: stop it and start anew."""
        if mono < self._next_look:
            return False
        self._next_look = mono + self._pace.look_ns
        engine = run.runner.engine
        if self._has_resumed and not engine.risk.halts:
            self.resume()
        elif self._has_resumed:
            instance.halted_by.add("resume refused")
        self._has_resumed = False
        if engine.risk.halts:
            self._halted_since = self._halted_since or mono
            if mono - self._halted_since >= self._pace.resume_after_ns:
                self._halted_since = 0
                if _NEW_PROCESS & engine.risk.halts.keys():
                    self.restarts += 1
                    return True
                self._has_resumed = True
                instance.halted_by.clear()  # from here on it may trade; if it refuses, the next look sees it
                self._control.add_command(self._environment, "resume", {"note": NOTE}, NAME)
            return False
        self._halted_since = 0
        if engine.state is TradingState.ACTIVE:
            self._idle_since = 0
            return False
        self._idle_since = self._idle_since or mono
        if mono - self._idle_since < self._pace.idle_ns:
            return False
        self.restarts += 1
        self._idle_since = 0
        return True
