"""Telling one process from another that got its number later. Standard library only (the emergency stop uses it)."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A pid and the moment its process began, in the kernel's clock ticks since boot."""

    pid: int
    start_ticks: int

    @classmethod
    def own(cls) -> "ProcessId":
        return cls(os.getpid(), _start_ticks(os.getpid()) or 0)

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> "ProcessId | None":
        """Out of what `as_dict` wrote; None when it is not there."""
        pid, start_ticks = content.get("pid"), content.get("start_ticks")
        return cls(pid, start_ticks) if isinstance(pid, int) and isinstance(start_ticks, int) else None

    def is_running(self) -> bool:
        """True when exactly this process still runs (stopped counts, a zombie does not)."""
        return self.start_ticks > 0 and _start_ticks(self.pid) == self.start_ticks

    def as_dict(self) -> dict[str, int]:
        return {"pid": self.pid, "start_ticks": self.start_ticks}


def _start_ticks(pid: int) -> int | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The name in parentheses may hold anything; fields are counted behind its last ")".
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in {"Z", "X"} else int(fields[19])
