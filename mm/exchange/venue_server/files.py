"""What the venue's process keeps under MM_HOME/sim/venue/, and how others know it. Standard library only."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from mm.home import Home
from mm.process_id import ProcessId

Market = Literal["generated", "replay"]
Flavour = Literal["mainnet", "testnet"]


@dataclass(frozen=True, slots=True)
class VenueFiles:
    path: Path

    @classmethod
    def of(cls, home: Home) -> "VenueFiles":
        return cls(home.venue)

    @property
    def info(self) -> Path:
        return self.path / "venue.json"

    @property
    def keys(self) -> Path:
        """API key, secret and admin token; 0600."""
        return self.path / "keys.json"

    @property
    def database(self) -> Path:
        return self.path / "venue.db"

    @property
    def log(self) -> Path:
        return self.path / "venue.log"

    @property
    def lock(self) -> Path:
        """Held (flock) by the one process that has the database open."""
        return self.path / "venue.lock"

    @property
    def starting(self) -> Path:
        """Held (flock) while somebody starts or stops the process, so that two starts make one venue."""
        return self.path / "starting.lock"

    @property
    def scenarios(self) -> Path:
        """Generated markets of one's own: NAME.json, written by `mm sim calibrate --write NAME`."""
        return self.path.parent / "scenarios"

    def make(self) -> None:
        for folder in (self.path.parent.parent, self.path.parent, self.path):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)


@dataclass(frozen=True, slots=True)
class VenueInfo:
    """A venue's process and where it listens. `started_at` ISO 8601 UTC; `replay` absolute file names.

    `flavour` mainnet has /sapi, testnet has not. `admin_port`, beside `port`, answers the venue's own requests; their
    token is in keys.json.
    """

    pid: int
    start_ticks: int
    host: str
    port: int
    scenario: str
    market: Market
    replay: tuple[str, ...]
    symbol: str
    started_at: str
    flavour: Flavour = "mainnet"
    admin_port: int = 0

    @property
    def rest_url(self) -> str:
        return f"http://{self.host}:{self.port}/api/v3"

    @property
    def sapi_url(self) -> str:
        return f"http://{self.host}:{self.port}/sapi/v1"

    @property
    def streams_url(self) -> str:
        return f"ws://{self.host}:{self.port}/stream/ws"

    @property
    def websocket_api_url(self) -> str:
        return f"ws://{self.host}:{self.port}/ws-api/v3"

    @property
    def process(self) -> ProcessId:
        return ProcessId(self.pid, self.start_ticks)

    def write(self, path: Path) -> None:
        beside = path.with_name(path.name + ".new")
        beside.write_text(json.dumps(asdict(self)))
        beside.replace(path)

    @classmethod
    def read(cls, path: Path) -> "VenueInfo | None":
        """None when the file is absent or is none of ours."""
        try:
            values = json.loads(path.read_text())
            return cls(**{**values, "replay": tuple(values["replay"])})
        except (OSError, ValueError, KeyError, TypeError):
            return None
