"""MM_HOME: where everything lives, whatever the current folder (architecture, decision 5). Standard library only.

MM_HOME/
  config.yaml profiles/ .env          what `mm init` wrote
  control.db                          what people and watchers write
  courier.lock                        held by the one process that delivers alerts
  last_environment                    the one last run, for reading commands
  logs/crash.log courier.log          tracebacks of unexpected errors; what the courier did
  <environment>/                      sim, testnet, mainnet
    ledger.db  bot.lock  watchdog.lock  ARMED | STOP | DISARMED  journal/  logs/mm.log  logs/watchdog.log
  sim/venue/  venue.json keys.json venue.db venue.log venue.lock starting.lock
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ENVIRONMENTS = ("sim", "testnet", "mainnet")


@dataclass(frozen=True, slots=True)
class EnvironmentHome:
    """The files of one environment."""

    path: Path
    environment: str

    @property
    def ledger(self) -> Path:
        return self.path / "ledger.db"

    @property
    def lock(self) -> Path:
        """Held (flock) by the one running bot; JSON: pid, start_ticks, run_id."""
        return self.path / "bot.lock"

    @property
    def armed(self) -> Path:
        """A bot needs this file to send orders; JSON: pid, start_ticks, run_id, symbol, client_id_prefix."""
        return self.path / "ARMED"

    @property
    def stop(self) -> Path:
        """ARMED renamed: stopped by an emergency until `mm risk resume`."""
        return self.path / "STOP"

    @property
    def disarmed(self) -> Path:
        """ARMED or STOP renamed, at a clean end or by `mm risk resume`: only keeps the facts readable."""
        return self.path / "DISARMED"

    @property
    def journal(self) -> Path:
        return self.path / "journal"

    @property
    def log(self) -> Path:
        return self.path / "logs" / "mm.log"

    @property
    def watchdog_lock(self) -> Path:
        """Held (flock) by the one watchdog; JSON: pid, start_ticks, run whose stop it has not finished."""
        return self.path / "watchdog.lock"

    @property
    def watchdog_log(self) -> Path:
        return self.path / "logs" / "watchdog.log"

    def make(self) -> None:
        for folder in (self.path, self.journal, self.log.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)


@dataclass(frozen=True, slots=True)
class Home:
    """`Home.of(os.environ)` is the person's; tests make their own."""

    path: Path

    @classmethod
    def of(cls, environ: Mapping[str, str] = os.environ) -> "Home":
        named = environ.get("MM_HOME")
        return cls(Path(named).expanduser().absolute() if named else Path.home() / ".mm")

    @property
    def control(self) -> Path:
        return self.path / "control.db"

    @property
    def courier_lock(self) -> Path:
        """Held (flock) by the one process that delivers alerts."""
        return self.path / "courier.lock"

    @property
    def courier_log(self) -> Path:
        return self.path / "logs" / "courier.log"

    @property
    def config_file(self) -> Path:
        return self.path / "config.yaml"

    @property
    def profiles(self) -> Path:
        return self.path / "profiles"

    @property
    def dotenv(self) -> Path:
        return self.path / ".env"

    @property
    def last_environment(self) -> Path:
        return self.path / "last_environment"

    @property
    def venue(self) -> Path:
        return self.path / "sim" / "venue"

    def environment(self, name: str) -> EnvironmentHome:
        if name not in ENVIRONMENTS:
            raise ValueError(f"no environment {name!r}; there are {', '.join(ENVIRONMENTS)}")
        return EnvironmentHome(self.path / name, name)
