"""What a profile did on recorded data, and where it halts and stops: one line before money is at risk."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files

import yaml

STOP_SHARE = Decimal("0.1")
"""Loss since the stage began, as a share of its capital, above which everything stops (P-6.3)."""


@dataclass(frozen=True, slots=True)
class Column:
    """One row of quotes tried: full spread and maker fee as fractions, PnL in USDC a day by period."""

    spread: Decimal
    fee: Decimal
    periods: dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class Table:
    """`capital` USDC that the figures are for."""

    source: str
    capital: Decimal
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Expectation:
    """PnL in USDC a day for the profile's capital, from the worst to the best recorded period."""

    worst: Decimal
    best: Decimal
    column: Column
    capital: Decimal
    daily_loss_limit: Decimal
    source: str

    @property
    def is_negative(self) -> bool:
        """In the middle of its range it loses."""
        return self.worst + self.best < 0

    @property
    def stop_loss(self) -> Decimal:
        return self.capital * STOP_SHARE

    def line(self) -> str:
        column = self.column
        return (
            f"on recorded data a spread of {_percent(column.spread)} at a fee of {_percent(column.fee)} made "
            f"{self.worst:+.2f} to {self.best:+.2f} USDC a day on {_plain(self.capital)} USDC ({self.source}); "
            f"it halts at a loss above {_plain(self.daily_loss_limit)} USDC in a day and "
            f"stops at a loss above {_plain(self.stop_loss)} USDC since the stage began"
        )


def expectation(
    capital: Decimal, daily_loss_limit: Decimal, spread: Decimal, maker_fee: Decimal, table: Table | None = None
) -> Expectation:
    """From the column with the fee nearest to the account's and, among those, the spread nearest to `spread`."""
    known = table or shipped()
    column = min(known.columns, key=lambda each: (abs(each.fee - maker_fee), abs(each.spread - spread)))
    scale = capital / known.capital
    return Expectation(
        worst=min(column.periods.values()) * scale,
        best=max(column.periods.values()) * scale,
        column=column,
        capital=capital,
        daily_loss_limit=daily_loss_limit,
        source=known.source,
    )


@cache
def shipped() -> Table:
    """The table that comes with `mm`."""
    text = (files("mm.checklist") / "expectation.yaml").read_text(encoding="utf-8")
    read = yaml.safe_load(text)
    columns = tuple(
        Column(
            Decimal(row["spread"]),
            Decimal(row["fee"]),
            {period: Decimal(pnl) for period, pnl in row.items() if period not in {"spread", "fee"}},
        )
        for row in read["columns"]
    )
    return Table(read["source"], Decimal(read["capital"]), columns)


def _percent(share: Decimal) -> str:
    return f"{_plain(share * 100)} %"


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
