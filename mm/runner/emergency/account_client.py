"""What a sale needs of the exchange: rules, balances, orders, trades, the best bid, and one order that is sent once."""

import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mm.domain.errors import ExchangeError
from mm.domain.fill import Fill
from mm.domain.instrument import Instrument
from mm.domain.order import OrderIntent, OrderReport
from mm.exchange.ccxt_adapter import mapping
from mm.exchange.ccxt_adapter.fee_price import FeePrice
from mm.exchange.ccxt_adapter.grid import Grid
from mm.exchange.refusals import Meaning, meaning_of_code
from mm.ports import Account, Rejected, Unknown
from mm.runner.emergency.rest_client import Refused, RestClient, TryAgain

PATIENCE = 15.0
"""Seconds for which a read is repeated."""
TIMEOUT, PAUSE = 5.0, 0.5
_PAGE = 1000
_NO_SUCH_ORDER = -2013


class AccountClient:
    """One symbol. Reads are repeated for `PATIENCE`; all raise ExchangeError (AuthenticationRefused, GeoBlocked)."""

    def __init__(self, client: RestClient, symbol: str) -> None:
        self._client = client
        self._symbol = symbol
        self.instrument = self._read_instrument()
        self._grid = Grid(self.instrument)
        self._fees = FeePrice(self.instrument)

    def account(self) -> Account:
        raw = self._read("/api/v3/account", {})
        return mapping.account(raw, (self.instrument.base, self.instrument.quote))

    def order(self, *, client_id: str = "", exchange_id: str = "") -> OrderReport | None:
        """None: the exchange says that there is no such order."""
        named = {"orderId": exchange_id} if exchange_id else {"origClientOrderId": client_id}
        try:
            raw = self._patiently("/api/v3/order", {"symbol": self._symbol, **named})
        except Refused as refused:
            if refused.code == _NO_SUCH_ORDER:
                return None
            raise ExchangeError(
                f"the exchange refuses to tell of order {client_id or exchange_id}: {refused}"
            ) from None
        return mapping.order_report(raw, self._grid, self._fees)

    def is_listed(self, client_id: str) -> bool:
        """Whether the list of open orders has it."""
        listed = self._read("/api/v3/openOrders", {"symbol": self._symbol})
        return any(row["clientOrderId"] == client_id for row in listed)

    def trades(self, from_id: int) -> list[Fill]:
        """All of the account from this trade id on, rising, also those of others' orders; without client ids."""
        found: list[Fill] = []
        while True:
            asked = {"symbol": self._symbol, "fromId": str(from_id), "limit": str(_PAGE)}
            page = self._read("/api/v3/myTrades", asked)
            for raw in page:
                self._learn_price_of(str(raw["commissionAsset"]))
                found.append(mapping.trade(raw, self._grid, self._fees))
            if len(page) < _PAGE:
                return found
            from_id = found[-1].trade_id + 1

    def best_bid(self) -> int:
        """In ticks; 0 when nobody bids."""
        raw = self._read("/api/v3/ticker/bookTicker", {"symbol": self._symbol}, signed=False)
        return self._grid.ticks(raw["bidPrice"])

    def sell_at_once(self, intent: OrderIntent) -> OrderReport | Rejected | Unknown:
        """LIMIT IOC, sent exactly once."""
        order = {
            "symbol": intent.symbol,
            "side": intent.side.value,
            "type": intent.type.value,
            "timeInForce": "IOC",
            "quantity": self._grid.size_text(intent.lots),
            "price": self._grid.price_text(intent.ticks),
            "newClientOrderId": intent.client_id,
            "newOrderRespType": "RESULT",
        }
        try:
            report = mapping.order_report(
                self._client.send_once("/api/v3/order", order, TIMEOUT), self._grid, self._fees
            )
        except TryAgain as error:
            return Unknown(str(error))
        except Refused as refused:
            meaning, reason = meaning_of_code(refused.code, str(refused))
            is_refusal = meaning in {Meaning.REFUSED, Meaning.REFUSED_NOW}
            return Rejected(refused.code, reason, str(refused)) if is_refusal else Unknown(str(refused))
        except (KeyError, ValueError, TypeError) as error:
            return Unknown(f"the answer cannot be read ({type(error).__name__})")
        return report if report.client_id == intent.client_id else Unknown("the answer is of another order")

    def _learn_price_of(self, asset: str) -> None:
        """What a fee in a third asset is worth; unknown where the exchange has no such price now."""
        if asset in {self.instrument.base, self.instrument.quote, self._fees.third_asset}:
            return
        self._fees.third_asset = asset
        try:
            raw = self._patiently("/api/v3/ticker/price", {"symbol": asset + self.instrument.quote}, signed=False)
        except Refused:
            return  # no such pair: the fee is recorded in its own asset, without a worth in quote
        self._fees.told(Decimal(raw["price"]), self._client.exchange_time_ms())

    def _read_instrument(self) -> Instrument:
        raw = self._read("/api/v3/exchangeInfo", {"symbol": self._symbol}, signed=False)
        return mapping.instrument(raw["symbols"][0])

    def _read(self, path: str, asked: Mapping[str, str], *, signed: bool = True) -> Any:
        try:
            return self._patiently(path, asked, signed=signed)
        except Refused as refused:
            raise ExchangeError(f"the exchange refuses {path}: {refused}") from None

    def _patiently(self, path: str, asked: Mapping[str, str], *, signed: bool = True) -> Any:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return self._client.read(path, dict(asked), TIMEOUT, signed=signed)
            except TryAgain as error:
                pause = max(PAUSE, error.wait)
                if time.monotonic() + pause > until:
                    raise ExchangeError(f"the exchange could not be read ({path}: {error})") from None
            time.sleep(pause)
