"""A soak of some virtual minutes under the faults of one row: I1 to I6 are judged after every event."""

from pathlib import Path

import pytest

from mm.cli.soak import played
from mm.domain.order import OrderIntent
from mm.ports import PlaceAnswer
from mm.soak.result import SoakResult
from mm.soak.spec import SoakSpec
from mm.soak.watched_exchange import WatchedExchange

FAULT, CALM = 40, 50
"""Seconds of each fault, and after it."""

Fault = tuple[str, ...]
"""Kind, then value, target and share as far as they are not the default."""


def under(
    folder: Path,
    *faults: Fault,
    seed: int = 5,
    rounds: int = 2,
    scenario: str = "lively",
    restarts: bool = False,
    together: bool = False,
) -> SoakResult:
    """So many rounds of the faults, one after another or `together`. Every kind must have struck, and nothing may be
    broken."""
    lines, begins = [], 30
    for turn in range(rounds):
        for number, (kind, *more) in enumerate(faults):
            lines += [f"{kind} {turn} {number}:", f"  kind: {kind}", f"  in: {begins}s"]
            if kind not in {"shutdown-notice", "wipe"}:  # they happen at one moment
                lines.append(f"  for: {FAULT}s")
            told = zip(("value", "target", "share"), more, strict=False)
            lines += [f"  {name}: '{text}'" for name, text in told if text]
            begins += 0 if together else FAULT + CALM
        begins += FAULT + CALM if together else 0
    file = folder / "faults.yaml"
    file.write_text("\n".join(lines))
    minutes = begins / 60 + 1
    result = played(SoakSpec(minutes / 60, "100usdc", seed, faults=str(file), scenario=scenario, restarts=restarts))
    assert [violation.text for violation in result.violations] == [], result.spec.command
    met = {kind for kind, count in result.faults.items() if count}
    assert met >= {kind for kind, *_ in faults}, f"met only {met}"
    assert result.orders > 5
    return result


def noted_orders(monkeypatch: pytest.MonkeyPatch) -> list[OrderIntent]:
    """Every order that the bot sends from now on."""
    sent: list[OrderIntent] = []
    place = WatchedExchange.place

    async def noted(self: WatchedExchange, intent: OrderIntent) -> PlaceAnswer:
        sent.append(intent)
        return await place(self, intent)

    monkeypatch.setattr(WatchedExchange, "place", noted)
    return sent
