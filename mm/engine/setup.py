"""Everything an engine starts from, in one frozen value: the head of every journal."""

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from mm.domain.fill import FeeRates
from mm.domain.instrument import Instrument
from mm.domain.records import Recovery
from mm.execution.settings import ExecutionSettings
from mm.risk.settings import RiskSettings
from mm.strategy.settings import StrategySettings


@dataclass(frozen=True, slots=True)
class EngineSetup:
    """`tag` goes into client order ids; `fence_ns` how long a sent request may still execute;
    `at`, `mono` the moment of start; `capital_units` what the bot may trade with (1e-8 quote)."""

    instrument: Instrument
    fees: FeeRates
    strategy: StrategySettings
    risk: RiskSettings
    execution: ExecutionSettings
    capital_units: int
    tag: str
    fence_ns: int
    at: int
    mono: int
    recovery: Recovery

    def as_json(self) -> dict[str, Any]:
        dumped: dict[str, Any] = _ADAPTER.dump_python(self, mode="json")
        return dumped

    @classmethod
    def from_json(cls, dumped: dict[str, Any]) -> "EngineSetup":
        return _ADAPTER.validate_python(dumped)


_ADAPTER = TypeAdapter(EngineSetup)
