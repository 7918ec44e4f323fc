"""Everything `mm` can be told, one section a room. configs/config.yaml documents each key; a test compares them."""

import re
from dataclasses import dataclass
from datetime import time, timedelta
from decimal import Decimal
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, model_validator

from mm.alerts.settings import AlertsSettings
from mm.exchange.settings import ExchangeSettings, VenueSettings
from mm.execution.settings import ExecutionSettings
from mm.fields import Amount, Duration, Settings
from mm.risk.settings import RiskSettings
from mm.strategy.settings import StrategySettings
from mm.watchdog.settings import WatchdogSettings

_CLOCK = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)$")


def _clock(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not _CLOCK.match(value):
        raise ValueError("no time of day; write hours and minutes, 00:00 to 23:59")
    return time.fromisoformat(value)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise ValueError("no time zone; write a name of the IANA database, like Asia/Shanghai or UTC") from None
    return name


@dataclass(frozen=True, slots=True)
class Allowed:
    """Beside a type: what its values may be, for people."""

    text: str


TimeOfDay = Annotated[
    time,
    BeforeValidator(_clock),
    Field(strict=True),
    PlainSerializer(lambda value: value.strftime("%H:%M"), return_type=str),
]
ShortText = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class TradingDaySettings(Settings):
    close: TimeOfDay = time(22, 0)
    """When a trading day closes and its review is due, local time (HH:MM)."""
    timezone: Annotated[
        str,
        Field(min_length=1, max_length=64),
        AfterValidator(_zone),
        Allowed("a name of the IANA time zone database, like Asia/Shanghai or UTC"),
    ] = "Asia/Shanghai"
    """IANA name of the zone of `close`; days have 23 to 25 hours where clocks change."""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class PreflightSettings(Settings):
    max_round_trip: Duration = timedelta(milliseconds=500)
    """Median round trip to the exchange above which a run is refused."""
    warn_round_trip: Duration = timedelta(milliseconds=10)
    """Median round trip above which preflight warns."""
    free_disk_gb: Annotated[int, Field(ge=0, le=100_000)] = 10
    """Free disk space under MM_HOME that a run needs, in gigabytes (10^9 bytes)."""


class OperatorSettings(Settings):
    name: ShortText = ""
    """Who is on duty while the bot runs; said at start."""


class ContactSettings(Settings):
    name: ShortText = ""
    """Who to call in an emergency."""
    phone: ShortText = ""
    """Telephone number, written in quotes."""
    email: ShortText = ""
    """Mail address."""


class ContactsSettings(Settings):
    primary: ContactSettings = ContactSettings()
    backup: ContactSettings = ContactSettings()


class LoggingSettings(Settings):
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Lines below this level are not written."""
    max_file_mb: Annotated[int, Field(ge=1, le=1000)] = 20
    """Size at which mm.log is rotated, in megabytes (10^6 bytes)."""
    keep_files: Annotated[int, Field(ge=1, le=100)] = 5
    """Rotated files kept beside mm.log."""


class JournalSettings(Settings):
    enabled: bool = True
    """Keep what the engine saw and did, so that `mm replay` can show it again."""


class MmSettings(Settings):
    symbol: Annotated[str, Field(pattern=r"^[A-Z0-9]{5,20}$")] = "ETHUSDC"
    """What is traded, in the exchange's spelling."""
    capital: Amount
    """The tier, in quote (USDC): every limit in per cent is a share of it."""
    strategy: StrategySettings
    risk: RiskSettings
    execution: ExecutionSettings = ExecutionSettings()
    exchange: ExchangeSettings = ExchangeSettings()
    venue: VenueSettings = VenueSettings()
    trading_day: TradingDaySettings = TradingDaySettings()
    preflight: PreflightSettings = PreflightSettings()
    operator: OperatorSettings = OperatorSettings()
    contacts: ContactsSettings = ContactsSettings()
    alerts: AlertsSettings = AlertsSettings()
    logging: LoggingSettings = LoggingSettings()
    journal: JournalSettings = JournalSettings()
    watchdog: WatchdogSettings = WatchdogSettings()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        problems = "; ".join(self.contradictions())
        if problems:
            raise ValueError(problems)
        return self

    def contradictions(self) -> list[str]:
        """Keys that are each allowed but do not go together, one line each."""
        strategy, risk, preflight, execution = self.strategy, self.risk, self.preflight, self.execution
        farthest = strategy.base_spread / 2 + (strategy.levels - 1) * strategy.level_spacing
        most_notional = self.capital if risk.max_order_notional is None else risk.max_order_notional
        band = strategy.price_floor if strategy.price_ceiling else Decimal(0)
        rules = (
            (strategy.base_size <= strategy.max_inventory, "strategy.base_size must not exceed strategy.max_inventory"),
            (strategy.max_inventory <= risk.max_position, "strategy.max_inventory must not exceed risk.max_position"),
            (risk.daily_loss_limit <= self.capital, "risk.daily_loss_limit must not exceed capital"),
            (most_notional <= self.capital, "risk.max_order_notional must not exceed capital"),
            (2 * strategy.levels <= risk.max_open_orders, "risk.max_open_orders must be at least 2 × strategy.levels"),
            (
                farthest <= risk.price_collar,
                "risk.price_collar must be at least strategy.base_spread / 2 + (strategy.levels - 1) × "
                "strategy.level_spacing, or the farthest quote is always refused",
            ),
            (band <= strategy.price_ceiling, "strategy.price_floor must not exceed strategy.price_ceiling"),
            (
                preflight.warn_round_trip <= preflight.max_round_trip,
                "preflight.warn_round_trip must not exceed preflight.max_round_trip",
            ),
            (
                execution.query_after <= execution.query_interval_max,
                "execution.query_after must not exceed execution.query_interval_max",
            ),
            (
                2 * self.watchdog.check_every <= self.watchdog.stale_after,
                "watchdog.check_every must not exceed watchdog.stale_after / 2",
            ),
            (risk.levels.yellow < risk.levels.orange, "risk.levels.yellow must be below risk.levels.orange"),
            (risk.levels.orange < risk.levels.red, "risk.levels.orange must be below risk.levels.red"),
        )
        return [*(said for holds, said in rules if not holds), *self.alerts.contradictions()]
