"""Reads of the account and the market by REST. Reads are idempotent and repeated a little; refusals are not."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from mm.domain.errors import ExchangeError
from mm.domain.fill import FeeRates, Fill
from mm.domain.instrument import Instrument
from mm.domain.order import OrderReport
from mm.exchange.ccxt_adapter import mapping
from mm.exchange.ccxt_adapter.calls import Calls
from mm.exchange.ccxt_adapter.errors import Failure
from mm.exchange.ccxt_adapter.symbol import Symbol
from mm.ports import Account, KeyPermissions

_NO_SUCH_ORDER = -2013
_BROKEN = (KeyError, ValueError, TypeError, AttributeError, IndexError, InvalidOperation)


class Reader:
    """Plays AccountReader for one symbol."""

    def __init__(self, calls: Calls, symbol: Symbol, recv_window: int) -> None:
        self._calls = calls
        self._client = calls.client
        self._symbol = symbol
        self._recv_window = recv_window

    async def server_time_ms(self) -> int:
        answer = await self._public("server time", self._client.public_get_time)
        return int(_field("server time", answer, "serverTime"))

    async def instrument(self, symbol: str) -> Instrument:
        """Also tells ccxt the market, so that it never loads all of them (thousands on mainnet)."""
        wanted = Symbol(symbol).id
        answer = await self._public(f"rules of {wanted}", self._client.public_get_exchangeinfo, {"symbol": wanted})
        try:
            raw = next(one for one in answer["symbols"] if one["symbol"] == wanted)
            found = mapping.instrument(raw)
            order_types = list(raw["orderTypes"])
        except (*_BROKEN, StopIteration) as error:
            raise _unreadable(f"rules of {wanted}", error) from None
        if "LIMIT_MAKER" not in order_types:
            raise ExchangeError(f"{wanted} takes no LIMIT_MAKER orders", "choose another symbol")
        if wanted == self._symbol.id and self._symbol.instrument is None:
            # Once: orders and reports of this adapter's life are counted in the steps it began with.
            self._symbol.learn(found)
            self._client.set_markets([self._client.parse_market(raw)])
        return found

    async def fee_rates(self, symbol: str) -> FeeRates:
        wanted = Symbol(symbol).id
        answer = await self._private(
            f"commission of {wanted}", self._client.private_get_account_commission, {"symbol": wanted}
        )
        try:
            rates, third = mapping.fee_rates(answer)
        except _BROKEN as error:
            raise _unreadable(f"commission of {wanted}", error) from None
        await self.ready()
        if self._symbol.fees is not None and wanted == self._symbol.id:
            self._symbol.fees.third_asset = third
            await self.refresh_fee_price()
        return rates

    async def refresh_fee_price(self) -> None:
        """Read the price of the asset that pays fees, where there is one; a market without it leaves fees unvalued."""
        grid, fees = self._symbol.known()
        if not fees.third_asset or fees.third_asset in (grid.instrument.base, grid.instrument.quote):
            return
        pair = f"{fees.third_asset}{grid.instrument.quote}"
        answer = await self._calls.read(
            f"price of {pair}", self._client.public_get_ticker_price, {"symbol": pair}, signed=False
        )
        if not isinstance(answer, Failure):
            fees.told(_price(pair, answer), self._client.nonce())

    async def account(self) -> Account:
        await self.ready()
        grid, _ = self._symbol.known()
        answer = await self._private("account", self._client.private_get_account, {"omitZeroBalances": "true"})
        try:
            return mapping.account(answer, (grid.instrument.base, grid.instrument.quote))
        except _BROKEN as error:
            raise _unreadable("account", error) from None

    async def open_orders(self, symbol: str) -> tuple[OrderReport, ...]:
        wanted = Symbol(symbol).id
        await self.ready()
        answer = await self._private("open orders", self._client.private_get_openorders, {"symbol": wanted})
        grid, fees = self._symbol.known()
        try:
            return tuple(mapping.order_report(one, grid, fees) for one in answer)
        except _BROKEN as error:
            raise _unreadable("open orders", error) from None

    async def order(self, client_id: str) -> OrderReport | None:
        return await self._order({"origClientOrderId": client_id})

    async def order_by_exchange_id(self, exchange_id: str) -> OrderReport | None:
        return await self._order({"orderId": exchange_id})

    async def orders(self, symbol: str, from_exchange_id: int, limit: int = 1000) -> tuple[OrderReport, ...]:
        await self.ready()
        parameters = {"symbol": Symbol(symbol).id, "orderId": from_exchange_id, "limit": limit}
        answer = await self._private("all orders", self._client.private_get_allorders, parameters)
        grid, fees = self._symbol.known()
        try:
            numbered = [(int(one["orderId"]), mapping.order_report(one, grid, fees)) for one in answer]
        except _BROKEN as error:
            raise _unreadable("all orders", error) from None
        numbered.sort(key=lambda pair: pair[0])
        return tuple(report for number, report in numbered if number >= from_exchange_id)

    async def trades(self, symbol: str, from_id: int, limit: int = 1000) -> tuple[Fill, ...]:
        await self.ready()
        parameters = {"symbol": Symbol(symbol).id, "fromId": from_id, "limit": limit}
        answer = await self._private("own trades", self._client.private_get_mytrades, parameters)
        grid, fees = self._symbol.known()
        try:
            fills = [mapping.trade(one, grid, fees) for one in answer]
        except _BROKEN as error:
            raise _unreadable("own trades", error) from None
        return tuple(sorted((fill for fill in fills if fill.trade_id >= from_id), key=lambda fill: fill.trade_id))

    async def last_price(self, symbol: str) -> Decimal:
        wanted = Symbol(symbol).id
        return _price(
            wanted, await self._public("last price", self._client.public_get_ticker_price, {"symbol": wanted})
        )

    async def key_permissions(self) -> KeyPermissions | None:
        """None where the exchange offers no such question (testnet has no sapi at all)."""
        if not self._client.urls["api"].get("sapi"):
            return None
        answer = await self._calls.read(
            "key permissions", self._client.sapi_get_account_apirestrictions, self._signed_parameters({})
        )
        if isinstance(answer, Failure):
            if answer.reason == "not_offered":
                return None
            raise answer.to_error("key permissions")
        try:
            return mapping.key_permissions(answer)
        except _BROKEN as error:
            raise _unreadable("key permissions", error) from None

    async def _order(self, which: Mapping[str, str]) -> OrderReport | None:
        await self.ready()
        parameters = self._signed_parameters({"symbol": self._symbol.id, **which})
        answer = await self._calls.read("order query", self._client.private_get_order, parameters)
        if isinstance(answer, Failure):
            if answer.code == _NO_SUCH_ORDER:
                return None
            raise answer.to_error("order query")
        grid, fees = self._symbol.known()
        try:
            return mapping.order_report(answer, grid, fees)
        except _BROKEN as error:
            raise _unreadable("order query", error) from None

    async def ready(self) -> None:
        """Read the symbol's rules unless they are known."""
        if self._symbol.grid is None:
            await self.instrument(self._symbol.id)

    async def _public(self, doing: str, method: Any, parameters: Mapping[str, Any] | None = None) -> Any:
        return _no_failure(doing, await self._calls.read(doing, method, parameters or {}, signed=False))

    async def _private(self, doing: str, method: Any, parameters: Mapping[str, Any]) -> Any:
        return _no_failure(doing, await self._calls.read(doing, method, self._signed_parameters(parameters)))

    def _signed_parameters(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        # ccxt stamps a read with our `nonce` when it leaves, which may be after a wait for the limiter.
        return {**parameters, "recvWindow": self._recv_window}


def _no_failure(doing: str, answer: Any) -> Any:
    if isinstance(answer, Failure):
        raise answer.to_error(doing)
    return answer


def _field(doing: str, answer: Any, name: str) -> Any:
    try:
        return answer[name]
    except _BROKEN as error:
        raise _unreadable(doing, error) from None


def _price(pair: str, answer: Any) -> Decimal:
    try:
        price = Decimal(str(answer["price"]))
    except _BROKEN as error:
        raise _unreadable(f"price of {pair}", error) from None
    if not price.is_finite() or price <= 0:
        raise ExchangeError(f"the price of {pair} is no price: {price}")
    return price


def _unreadable(doing: str, error: BaseException) -> ExchangeError:
    return ExchangeError(f"{doing}: the answer is not what the API documents ({type(error).__name__})")
