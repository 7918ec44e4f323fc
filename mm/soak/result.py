"""What a soak found."""

from dataclasses import dataclass, field
from decimal import Decimal

from mm.soak.spec import SoakSpec
from mm.soak.violation import Violation


@dataclass(frozen=True, slots=True)
class Speed:
    """`wall_seconds` of this process's work; `hours_per_minute` virtual hours in a minute of it."""

    wall_seconds: float
    cpu_seconds: float
    virtual_hours: float

    @property
    def hours_per_minute(self) -> float:
        return self.virtual_hours / self.wall_seconds * 60 if self.wall_seconds else 0.0


@dataclass(frozen=True, slots=True)
class Memory:
    """Megabytes resident at the start, after half of the time (warm-up) and at the end; `per_day` the slope of the
    second half, a virtual day (None: too short to tell). `files` and `tasks`: the most that were open in the first
    half and in the second."""

    start_mb: float
    warm_mb: float
    end_mb: float
    per_day: float | None
    files: tuple[int, int]
    tasks: tuple[int, int]


@dataclass(frozen=True, slots=True)
class SoakResult:
    """`faults` kinds met and how often; `restarts` by kind; `resumes` how often the operator lifted a halt, by cause.
    `pnl` in quote over all accounts, each marked at the last bid; `unreadable` trades of a wiped account that no
    ledger could hold; `audit` what the audit of the ledger said in short; `coarseness` what is made up in
    the market, `recording` what was played and seen of one; `left_open` own orders at the end."""

    spec: SoakSpec
    trace: str
    events: int
    actions: int
    checks: int
    orders: int
    fills: int
    maker_fills: int
    pnl: Decimal
    fees: dict[str, Decimal]
    position: Decimal
    accounts: int
    unreadable: int
    runs: int
    clean_runs: int
    active_share: float
    scenario: str
    coarseness: str
    speed: Speed
    memory: Memory
    audit: str
    recording: str = ""
    faults: dict[str, int] = field(default_factory=dict)
    restarts: dict[str, int] = field(default_factory=dict)
    resumes: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    violations: tuple[Violation, ...] = ()

    @property
    def holds(self) -> bool:
        return not self.violations
