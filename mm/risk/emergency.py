"""Emergency levels (P-6.1 to P-6.3): how bad the stage ever was. They latch and never step down by themselves."""

from fractions import Fraction

from mm.risk.settings import LevelSettings

YELLOW, ORANGE, RED = 1, 2, 3
LEVEL_CODES = ("level_1", "level_2", "level_3")
"""Of the risk events that tell of them; the ledger's rows with these codes are what a restart reads."""
_BEYOND_ALL = 1 << 62


def level_bounds(levels: LevelSettings, capital_units: int) -> tuple[int, int, int]:
    """The losses (1e-8 quote) above which levels 1, 2 and 3 begin, of the capital with which the stage began."""
    yellow, orange, red = (int(capital_units * Fraction(share)) for share in (levels.yellow, levels.orange, levels.red))
    return yellow, orange, red


class Emergency:
    """`level` 0 to 3; `next_units` the loss above which the next one begins. The loss that counts is the worse of the
    trading day's and the stage's; a loss limit of level 2 or 3 that is crossed raises the level too (`reach`)."""

    def __init__(self, bounds: tuple[int, int, int], level: int = 0) -> None:
        self._bounds = bounds
        self.level = 0
        self.next_units = bounds[0]
        self.reach(level)

    def mark(self, loss_units: int) -> None:
        while loss_units > self.next_units:
            self.reach(self.level + 1)

    def reach(self, level: int) -> None:
        if level > self.level:
            self.level = level
            self.next_units = self._bounds[level] if level < RED else _BEYOND_ALL
