"""The way out when the engine cannot be trusted any more: cancel every own order and look until none is left."""

from mm.domain.errors import AuthenticationRefused, ExchangeError, GeoBlocked
from mm.execution.client_order_id import is_own
from mm.ports import Clock, Exchange

_PAUSE = 0.5
_EXTRA_SECONDS = 10.0


async def clear_exchange(exchange: Exchange, symbol: str, tag: str, clock: Clock) -> tuple[str, ...]:
    """Client ids of own orders that are still open; empty when the exchange showed none past the fence of
    everything sent before. Nothing new may leave meanwhile. Raises ExchangeError when the exchange cannot be read
    until some seconds after the fence, or at once when it refuses the key or the place."""
    fence = clock.monotonic() + int(exchange.fence_seconds * 1e9)
    deadline = fence + int(_EXTRA_SECONDS * 1e9)
    while True:
        started = clock.monotonic()
        try:
            reports = await exchange.open_orders(symbol)
        except (AuthenticationRefused, GeoBlocked):
            raise
        except ExchangeError:
            if started > deadline:
                raise
            # One answer that did not come is no reason to leave orders behind.
            await clock.sleep(_PAUSE)
            continue
        left = tuple(report.client_id for report in reports if is_own(report.client_id, tag))
        if (not left and started > fence) or started > deadline:
            return left
        for client_id in left:
            await exchange.cancel(client_id)
        await clock.sleep(_PAUSE)
