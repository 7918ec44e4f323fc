"""What a soak is asked to do, and the command that plays it again."""

import shlex
from dataclasses import dataclass
from typing import Literal

from mm.exchange.venue.recorded_book import QueueModel
from mm.soak.pace import DAYS, STORM, Pace

FAULTS_NONE = "none"
FAULTS_ALL = "all"
FAULTS_STORM = "storm"
STORM_SECONDS = 10.0
"""Virtual seconds that each schedule of a storm has."""


@dataclass(frozen=True, slots=True)
class SoakSpec:
    """`hours` of virtual time; `faults` none, all, storm or the path of a schedule; `scenario` empty: the configured
    one. `restarts`: kill and restart the bot at random moments. `replay`: files of a recording in place of a scenario,
    as `replay_as` (empty: its own symbol), bars from `replay_from` (ISO 8601), with a `queue` (empty: the configured
    one); `hours` 0 is then all of it."""

    hours: float
    profile: str
    seed: int
    faults: str = FAULTS_NONE
    scenario: str = ""
    restarts: bool = True
    replay: tuple[str, ...] = ()
    replay_as: str = ""
    replay_from: str = ""
    queue: QueueModel | Literal[""] = ""

    @property
    def schedules(self) -> int:
        """How many a storm plays."""
        return round(self.hours * 3600 / STORM_SECONDS) if self.faults == FAULTS_STORM else 0

    @property
    def pace(self) -> Pace:
        return STORM if self.faults == FAULTS_STORM else DAYS

    @property
    def command(self) -> str:
        more = "" if self.faults == FAULTS_NONE else f" --faults {self.faults}"
        more += f" --scenario {self.scenario}" if self.scenario else ""
        more += "" if self.restarts else " --no-restarts"
        more += "".join(f" --replay {shlex.quote(file)}" for file in self.replay)
        for option, value in (("as", self.replay_as), ("from", self.replay_from), ("queue", self.queue)):
            more += f" --{option} {value}" if value else ""
        hours = f" --hours {self.hours:g}" if self.hours else ""
        return f"mm soak{hours} --profile {self.profile} --seed {self.seed}{more}"
