"""What a stop did, for people and for programs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from mm.domain.errors import ExitCode
from mm.runner.emergency.rest_client import OpenOrder


@dataclass(slots=True)
class Flattened:
    """What was sold: `held` before and `left` after in base, `quote` received after fees, nothing below `floor`.

    `problem` says why something is left, or why nothing was sold at all."""

    base: str = ""
    held: Decimal = Decimal(0)
    sold: Decimal = Decimal(0)
    left: Decimal = Decimal(0)
    quote: Decimal = Decimal(0)
    floor: Decimal | None = None
    orders: list[str] = field(default_factory=list)
    problem: str = ""
    exit_code: ExitCode = ExitCode.OK

    def as_dict(self) -> dict[str, Any]:
        return {
            "held": f"{self.held:f}",
            "sold": f"{self.sold:f}",
            "left": f"{self.left:f}",
            "quote": f"{self.quote:f}",
            "floor": None if self.floor is None else f"{self.floor:f}",
            "orders": self.orders,
            "problem": self.problem,
        }

    def __str__(self) -> str:
        if self.problem and not self.orders:
            return f"NOTHING SOLD: {self.problem}"
        if not self.orders:
            return f"nothing to sell: {self.left:f} {self.base} held" if self.base else "nothing to sell"
        said = f"sold {self.sold:f} of {self.held:f} {self.base} for {self.quote:f}, floor {self.floor:f}"
        return f"{said}; {self.left:f} left" + (f": {self.problem}" if self.problem else "")


@dataclass(slots=True)
class StopReport:
    """One environment. Seconds count from the start of the command."""

    environment: str
    latch: str = "untouched"
    killed: list[int] = field(default_factory=list)
    """Pids that were ended: killed by an emergency stop, asked to end by a graceful one."""
    exchange: str = ""
    symbol: str = ""
    cancelled: Sequence[OpenOrder] = ()
    gone: Sequence[OpenOrder] = ()
    foreign: Sequence[OpenOrder] = ()
    remaining: Sequence[OpenOrder] = ()
    proven: bool = False
    as_of_ms: int = 0
    seconds_to_first_cancel: float | None = None
    seconds_total: float = 0.0
    fence_seconds: float = 0.0
    problem: str = ""
    exit_code: ExitCode = ExitCode.NOT_PROVEN
    flattened: Flattened | None = None
    """None: it was not asked for."""
    final: Mapping[str, str] | None = None
    """The ledger's last word on the money, after a stop with the bot's help."""

    def as_dict(self) -> dict[str, Any]:
        return {
            "environment": self.environment,
            "latch": self.latch,
            "killed": self.killed,
            "cancelled": len(self.cancelled),
            "cancelled_orders": [order.client_id for order in self.cancelled],
            "already_gone": len(self.gone),
            "foreign_left": len(self.foreign),
            "remaining": [order.client_id or str(order.order_id) for order in self.remaining],
            "proven": self.proven,
            "exchange": self.exchange,
            "symbol": self.symbol,
            "as_of": _iso(self.as_of_ms) if self.proven else None,
            "seconds_to_first_cancel": _rounded(self.seconds_to_first_cancel),
            "seconds_total": _rounded(self.seconds_total),
            "fence_seconds": self.fence_seconds,
            "problem": self.problem,
            "flatten": None if self.flattened is None else self.flattened.as_dict(),
            "final": self.final,
        }

    def json_line(self) -> str:
        return json.dumps(self.as_dict())

    def summary(self) -> str:
        """One line for the record of the incident: whoever lifts the halt reads it."""
        killed = [f"killed process {pid}" for pid in self.killed]
        return "; ".join([f"latch {self.latch}", *killed, *self._said()])

    def lines(self) -> list[str]:
        """For people; every line begins with the environment."""
        return [f"{self.environment}: {line}" for line in self._said()]

    def _said(self) -> list[str]:
        orders = self.symbol or "any symbol"
        lines = [f"{len(self.cancelled)} orders cancelled, {len(self.gone)} were gone already"]
        if self.seconds_to_first_cancel is not None:
            lines[0] += f"; first cancel {self.seconds_to_first_cancel:.2f} s after the command began"
        if self.foreign:
            lines.append(f"{len(self.foreign)} orders of others left alone (--foreign-orders takes them too)")
        if self.proven:
            waited = f"the fence of {self.fence_seconds:g} s has passed; " if self.fence_seconds else ""
            lines.append(
                f"proved: {waited}no own order is open on {orders} at {self.exchange} as of {_iso(self.as_of_ms)} "
                f"({self.seconds_total:.1f} s in all)"
            )
        else:
            lines.append(f"NOT PROVED after {self.seconds_total:.1f} s: {self.problem or 'orders are left'}")
            lines.extend(f"left: {order}" for order in self.remaining)
        if self.flattened is not None:
            lines.append(f"flatten: {self.flattened}")
        if self.final is not None:
            lines.append("final snapshot: " + ", ".join(f"{name} {value}" for name, value in self.final.items()))
        return lines


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
