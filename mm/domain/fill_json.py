"""The one JSON shape of a fill, shared by the ledger's and the venue's commands, so that they can be compared."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from mm.domain.fill import Fill
from mm.domain.instrument import from_units

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def fill_json(fill: Fill, tick_size: Decimal, lot_size: Decimal) -> dict[str, object]:
    """Price and size with the grid's own number of decimals, quote and fee with eight, time in milliseconds (UTC)."""
    return {
        "trade_id": fill.trade_id,
        "order_id": fill.exchange_id,
        "client_order_id": fill.client_id,
        "symbol": fill.symbol,
        "side": "BUY" if fill.buy else "SELL",
        "price": on_grid(fill.ticks, tick_size),
        "size": on_grid(fill.lots, lot_size),
        "quote": f"{from_units(fill.quote_units):f}",
        "fee": f"{from_units(fill.fee_units):f}",
        "fee_asset": fill.fee_asset,
        "maker": fill.maker,
        "time": iso_milliseconds(fill.time_ms),
    }


def on_grid(steps: int, grid: Decimal) -> str:
    """`steps` of `grid` with as many decimals as the grid has (0.01000000 has two)."""
    exponent = grid.normalize().as_tuple().exponent
    places = max(0, -exponent) if isinstance(exponent, int) else 0
    return f"{grid * steps:.{places}f}"


def iso_milliseconds(time_ms: int) -> str:
    """ISO 8601 UTC with milliseconds and Z."""
    moment = _EPOCH + timedelta(milliseconds=time_ms)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time_ms % 1000:03d}Z"
