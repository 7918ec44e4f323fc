"""Places and cancels through ccxt's implicit methods. One request an order; every answer is judged by the error map."""

from collections.abc import Mapping
from typing import Any

from mm.domain.order import OrderIntent, OrderReport, OrderType
from mm.exchange.ccxt_adapter.calls import Calls
from mm.exchange.ccxt_adapter.errors import Failure
from mm.exchange.ccxt_adapter.limiter import RateLimiter
from mm.exchange.ccxt_adapter.mapping import order_report
from mm.exchange.ccxt_adapter.symbol import Symbol
from mm.exchange.refusals import Meaning
from mm.ports import CancelAnswer, NotSent, PlaceAnswer, Rejected, Unknown


class Gateway:
    """`recv_window` in milliseconds. A new order needs the symbol's instrument; it is read once, before the first."""

    def __init__(self, calls: Calls, symbol: Symbol, limiter: RateLimiter, recv_window: int) -> None:
        self._calls = calls
        self._symbol = symbol
        self._limiter = limiter
        self._recv_window = recv_window

    async def place(self, intent: OrderIntent) -> PlaceAnswer:
        if self._symbol.grid is None:
            return NotSent("instrument", "the rules of the symbol were not read yet")
        why = self._calls.locked_out()
        if why:
            return NotSent("authentication", why)
        why = self._limiter.try_order()
        if why:
            return NotSent("limiter", why)
        answer = await self._calls.once(self._calls.client.private_post_order, self._order(intent))
        if isinstance(answer, Failure):
            return _place_failure(answer)
        return self._report(answer, intent.client_id)

    async def cancel(self, client_id: str) -> CancelAnswer:
        if self._symbol.grid is None:
            return NotSent("instrument", "the rules of the symbol were not read yet")
        why = self._calls.locked_out()
        if why:
            return NotSent("authentication", why)
        why = self._limiter.try_cancel()
        if why:
            return NotSent("limiter", why)
        parameters = {
            "symbol": self._symbol.id,
            "origClientOrderId": client_id,
            "recvWindow": self._recv_window,
            "timestamp": self._calls.client.nonce(),
        }
        answer = await self._calls.once(self._calls.client.private_delete_order, parameters)
        if not isinstance(answer, Failure):
            return self._report(answer, client_id)
        if answer.is_refusal:
            return Rejected(answer.code, answer.reason, answer.text)
        # Also when no connection was made: aiohttp sends a DELETE twice after a dropped connection, so a refused
        # connection may be the second try and proves nothing of the first.
        return Unknown(answer.text)

    def _order(self, intent: OrderIntent) -> dict[str, Any]:
        grid = self._symbol.grid
        assert grid is not None  # noqa: S101 - place() checked it
        parameters: dict[str, Any] = {
            "symbol": self._symbol.id,
            "side": intent.side.value,
            "type": intent.type.value,
            "quantity": grid.size_text(intent.lots),
            "newClientOrderId": intent.client_id,
            "newOrderRespType": "FULL",
            "recvWindow": self._recv_window,
            "timestamp": self._calls.client.nonce(),
        }
        if intent.type is not OrderType.MARKET:
            parameters["price"] = grid.price_text(intent.ticks)
        if intent.type is OrderType.LIMIT:
            parameters["timeInForce"] = "GTC"
        return parameters

    def _report(self, answer: Any, client_id: str) -> OrderReport | Unknown:
        """The parsed answer; one without our id, or unreadable, is a phantom: the order's fate is unknown."""
        if not isinstance(answer, Mapping):
            return Unknown(f"the answer is no object but {type(answer).__name__}")
        grid, fee_value = self._symbol.known()
        try:
            report = order_report(answer, grid, fee_value)
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            return Unknown(f"the answer cannot be read ({type(error).__name__})")
        if report.client_id != client_id or report.symbol != self._symbol.id:
            return Unknown("the answer is of another order")
        return report


def _place_failure(failure: Failure) -> Rejected | Unknown | NotSent:
    if failure.is_refusal:
        return Rejected(failure.code, failure.reason, failure.text)
    if failure.meaning is Meaning.NOT_SENT:
        return NotSent(failure.reason, failure.text)
    return Unknown(failure.text)
