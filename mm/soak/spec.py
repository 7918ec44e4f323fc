"""What a soak is asked to do, and the command that plays it again."""

from dataclasses import dataclass

FAULTS_NONE = "none"
FAULTS_ALL = "all"


@dataclass(frozen=True, slots=True)
class SoakSpec:
    """`hours` of virtual time; `faults` none, all or the path of a schedule; `scenario` empty: the configured one.
    `restarts`: kill and restart the bot at random moments."""

    hours: float
    profile: str
    seed: int
    faults: str = FAULTS_NONE
    scenario: str = ""
    restarts: bool = True

    @property
    def command(self) -> str:
        more = "" if self.faults == FAULTS_NONE else f" --faults {self.faults}"
        more += f" --scenario {self.scenario}" if self.scenario else ""
        more += "" if self.restarts else " --no-restarts"
        return f"mm soak --hours {self.hours:g} --profile {self.profile} --seed {self.seed}{more}"
