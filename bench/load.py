"""How busy the machine was while it was measured: ratios bear it, single numbers do not."""

import os
import platform
from dataclasses import dataclass
from typing import Any

_QUIET = 0.5
"""Load per core before the start below which the machine counts as quiet."""


@dataclass(frozen=True, slots=True)
class Load:
    """Load averages of one, five and fifteen minutes, before and after."""

    before: tuple[float, float, float]
    after: tuple[float, float, float]
    cores: int

    def sentence(self) -> str:
        before, after = (" ".join(f"{each:.2f}" for each in loads) for loads in (self.before, self.after))
        quiet = self.before[0] / self.cores < _QUIET
        honest = "" if quiet else "; others were at work, so single numbers are worse than the machine's own"
        return f"{self.cores} cores, Python {platform.python_version()}, load {before} before, {after} after{honest}"

    def as_json(self) -> dict[str, Any]:
        return {"cores": self.cores, "before": list(self.before), "after": list(self.after)}


class LoadWatch:
    def __init__(self) -> None:
        self._before = os.getloadavg()

    def end(self) -> Load:
        return Load(self._before, os.getloadavg(), os.cpu_count() or 1)
