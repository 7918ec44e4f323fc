"""What moved an account: its fills and capital flows in their order, and the position they lead to."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from mm.domain.fill import Fill
from mm.domain.instrument import Instrument
from mm.domain.position import Position
from mm.domain.records import CapitalFlow
from mm.ledger.recording import Cursor

_FILLS = """SELECT f.symbol, f.trade_id, f.exchange_id, f.client_id, f.buy, f.ticks, f.lots, f.quote_units,
    f.fee_units, f.fee_asset, f.fee_quote_units, f.maker, f.time_ms, r.lot_size
    FROM fills f JOIN runs r USING (epoch) WHERE f.account_epoch = ? ORDER BY f.trade_id"""
_FLOWS = "SELECT at, asset, asset_units, quote_units, why FROM capital_flows WHERE account_epoch = ? ORDER BY at, id"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def nanoseconds(moment: datetime) -> int:
    """UTC nanoseconds of an aware moment, exact."""
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


@dataclass(frozen=True, slots=True)
class Traded:
    """A fill and the lot size it is counted in."""

    at: int
    fill: Fill
    lot_size: Decimal


Step = Traded | CapitalFlow
"""Both have `at`, UTC ns."""


def read_history(cursor: Cursor, account_epoch: int) -> list[Step]:
    """Fills by trade id, flows in between by time (a flow at the time of a fill goes first)."""
    flows = read_flows(cursor, account_epoch)
    flows.reverse()
    steps: list[Step] = []
    for row in cursor.execute(_FILLS, (account_epoch,)):
        at = row[12] * 1_000_000
        while flows and flows[-1].at <= at:
            steps.append(flows.pop())
        steps.append(Traded(at, _fill(row), Decimal(row[13])))
    return steps + flows[::-1]


def read_flows(cursor: Cursor, account_epoch: int) -> list[CapitalFlow]:
    return [CapitalFlow(*row) for row in cursor.execute(_FLOWS, (account_epoch,))]


class Replay:
    """The position as it grows, step by step; exact in 1e-8 units."""

    def __init__(self, instrument: Instrument) -> None:
        self.position = Position()
        self._instrument = instrument
        self._grids = {instrument.lot_size: instrument}

    def apply(self, step: Step) -> None:
        if isinstance(step, CapitalFlow):
            self.position = _after_flow(self.position, step, self._instrument)
            return
        grid = self._grids.get(step.lot_size)
        if grid is None:
            grid = self._grids[step.lot_size] = replace(self._instrument, lot_size=step.lot_size)
        self.position = self.position.after(step.fill, grid)


def replay(steps: Iterable[Step], instrument: Instrument) -> Position:
    """The position all `steps` lead to, from nothing."""
    running = Replay(instrument)
    for step in steps:
        running.apply(step)
    return running.position


def _after_flow(position: Position, flow: CapitalFlow, instrument: Instrument) -> Position:
    """Base brought in counts as bought at its worth then; other assets are no part of the position."""
    if flow.asset == instrument.quote:
        return replace(position, cash_units=position.cash_units + flow.asset_units)
    if flow.asset == instrument.base:
        return replace(
            position,
            base_units=position.base_units + flow.asset_units,
            cost_units=position.cost_units + flow.quote_units,
        )
    return position


def _fill(row: tuple[Any, ...]) -> Fill:
    symbol, trade_id, exchange_id, client_id, buy, ticks, lots, quote, fee, asset, fee_quote, maker, time_ms = row[:13]
    return Fill(
        symbol=symbol,
        trade_id=trade_id,
        exchange_id=exchange_id,
        client_id=client_id,
        buy=bool(buy),
        ticks=ticks,
        lots=lots,
        quote_units=quote,
        fee_units=fee,
        fee_asset=asset,
        fee_quote_units=fee_quote,
        maker=bool(maker),
        time_ms=time_ms,
    )
