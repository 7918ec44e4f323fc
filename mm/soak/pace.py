"""How fast things happen to the bot: days with a fault now and then, or fault upon fault."""

from dataclasses import dataclass

_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Pace:
    """Virtual seconds. `restart_mean` between a start and the next kill or stop, `restart_least` at least;
    `pause` between two instances; `look` of the operator, who resumes `resume_after` a halt, lifts one that keeps
    the bot from starting `lift_after` that, and starts it anew after `idle` without trading."""

    restart_mean: float = 3 * 3600.0
    restart_least: float = 60.0
    pause: float = 20.0
    look: float = 30.0
    resume_after: float = 600.0
    lift_after: float = 600.0
    idle: float = 1200.0

    @property
    def look_ns(self) -> int:
        return int(self.look * _NS)

    @property
    def resume_after_ns(self) -> int:
        return int(self.resume_after * _NS)

    @property
    def idle_ns(self) -> int:
        return int(self.idle * _NS)

    @property
    def habit(self) -> str:
        """What the operator does, for the report."""
        return f"a played operator resumes {_told(self.resume_after)} after a halt, with a note"


DAYS = Pace()
STORM = Pace(restart_mean=40.0, restart_least=1.0, pause=1.0, look=1.0, resume_after=2.0, lift_after=2.0, idle=45.0)


def _told(seconds: float) -> str:
    return f"{seconds / 60:g} minutes" if seconds >= 60 else f"{seconds:g} seconds"
