"""The Exchange port played by Binance's own SDK, unmodified but for its base URLs, on the venue's server.

Orders and reads go over its REST client, user data over its WebSocket API client, the market over its streams client.
Every answer has to become one of the SDK's models: it hands over raw data, with a warning, where it cannot read one.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from binance_common.configuration import (
    ConfigurationRestAPI,
    ConfigurationWebSocketAPI,
    ConfigurationWebSocketStreams,
)
from binance_common.errors import BadRequestError, NetworkError, TooManyRequestsError, UnauthorizedError
from binance_sdk_spot.spot import Spot
from binance_sdk_spot.websocket_api.models import ExecutionReport, OutboundAccountPosition
from pydantic import BaseModel

from mm.clock.live import LiveClock
from mm.domain.book import Book
from mm.domain.errors import AuthenticationRefused, ExchangeError
from mm.domain.events import BalanceSeen, BookSeen, FillSeen, MarketTradeSeen, OrderSeen, StreamUp
from mm.domain.fill import FeeRates, Fill
from mm.domain.instrument import Instrument
from mm.domain.order import OrderIntent, OrderReport, OrderType
from mm.exchange.ccxt_adapter import mapping
from mm.exchange.ccxt_adapter.fee_price import FeePrice
from mm.exchange.ccxt_adapter.grid import Grid
from mm.exchange.refusals import Meaning, meaning_of_code
from mm.exchange.venue_server.server import VenueServer, running_server
from mm.ports import Account, CancelAnswer, EventSink, KeyPermissions, PlaceAnswer, Rejected, Unknown
from tests.contract.bench import KEY, SECRET, SYMBOL, Bench, accounts

Raw = dict[str, Any]


def sdk(host: str, port: int, key: str = KEY, secret: str = SECRET, private_key: str | None = None) -> Spot:
    """The SDK as a stranger would set it up for another host. `private_key` (PEM) signs instead of `secret`."""
    auth: dict[str, Any] = (
        {"api_key": key, "private_key": private_key} if private_key else {"api_key": key, "api_secret": secret}
    )
    return Spot(
        config_rest_api=ConfigurationRestAPI(**auth, base_path=f"http://{host}:{port}", timeout=5000),
        config_ws_api=ConfigurationWebSocketAPI(**auth, stream_url=f"ws://{host}:{port}/ws-api/v3"),
        config_ws_streams=ConfigurationWebSocketStreams(stream_url=f"ws://{host}:{port}"),
    )


def raw(model: Any) -> Raw:
    """A model as the wire's names and values; an answer that did not become a model fails the test."""
    model = getattr(model, "actual_instance", model)
    assert isinstance(model, BaseModel), f"the SDK could not read {model!r}"
    return {name: value for name, value in model.model_dump(by_alias=True).items() if value is not None}


class SdkExchange:
    """One symbol. Refusals and failures come from the SDK's own exception classes."""

    fence_seconds = 13.0

    def __init__(self, client: Spot) -> None:
        # Its annotations say float for amounts; texts and Decimals are sent as they are.
        self.client: Any = client
        self._clock = LiveClock()
        self._instrument: Instrument | None = None

    async def place(self, intent: OrderIntent) -> PlaceAnswer:
        grid, _ = await self._grid()
        limit = intent.type is OrderType.LIMIT
        return await self._sent(
            self.client.rest_api.new_order,
            symbol=intent.symbol,
            side=intent.side.value,
            type=intent.type.value,
            quantity=grid.size_text(intent.lots),
            price=None if intent.type is OrderType.MARKET else grid.price_text(intent.ticks),
            time_in_force="GTC" if limit else None,
            new_client_order_id=intent.client_id,
            new_order_resp_type="FULL",
        )

    async def cancel(self, client_id: str) -> CancelAnswer:
        return await self._sent(self.client.rest_api.delete_order, symbol=SYMBOL, orig_client_order_id=client_id)

    async def server_time_ms(self) -> int:
        return int((await self._read(self.client.rest_api.time)).server_time)

    async def resync_clock(self) -> tuple[int, float]:
        sent = self._clock.now()
        told = await self.server_time_ms()
        back = self._clock.now()
        return told - (sent + back) // 2_000_000, (back - sent) / 1e6

    async def instrument(self, symbol: str) -> Instrument:
        answer = await self._read(self.client.rest_api.exchange_info, symbol=symbol)
        (one,) = answer.symbols
        self._instrument = mapping.instrument({**raw(one), "filters": [raw(each) for each in one.filters]})
        return self._instrument

    async def fee_rates(self, symbol: str) -> FeeRates:
        return mapping.fee_rates(raw(await self._read(self.client.rest_api.account_commission, symbol=symbol)))[0]

    async def account(self) -> Account:
        grid, _ = await self._grid()
        answer = await self._read(self.client.rest_api.get_account, omit_zero_balances=True)
        return mapping.account(raw(answer), (grid.instrument.base, grid.instrument.quote))

    async def open_orders(self, symbol: str) -> tuple[OrderReport, ...]:
        return await self._reports(self.client.rest_api.get_open_orders, symbol=symbol)

    async def order(self, client_id: str) -> OrderReport | None:
        return await self._found(orig_client_order_id=client_id)

    async def order_by_exchange_id(self, exchange_id: str) -> OrderReport | None:
        return await self._found(order_id=int(exchange_id))

    async def orders(self, symbol: str, from_exchange_id: int, limit: int = 1000) -> tuple[OrderReport, ...]:
        return await self._reports(
            self.client.rest_api.all_orders, symbol=symbol, order_id=from_exchange_id, limit=limit
        )

    async def trades(self, symbol: str, from_id: int, limit: int = 1000) -> tuple[Fill, ...]:
        grid, fees = await self._grid()
        answer = await self._read(self.client.rest_api.my_trades, symbol=symbol, from_id=from_id, limit=limit)
        return tuple(mapping.trade(raw(one), grid, fees) for one in answer)

    async def last_price(self, symbol: str) -> Decimal:
        return Decimal(raw(await self._read(self.client.rest_api.ticker_price, symbol=symbol))["price"])

    async def key_permissions(self) -> KeyPermissions | None:
        return None  # the SDK for spot has no sapi

    # --- streams ------------------------------------------------------------------------

    async def run(self, sink: EventSink) -> None:
        await self._grid()
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        stop = [self.client.websocket_api.close_connection, self.client.websocket_streams.close_connection]

        def checked(take: Callable[[Any], None]) -> Callable[[Any], None]:
            """The SDK logs an error of a callback and goes on; here it ends the run."""

            def call(model: Any) -> None:
                try:
                    take(model)
                except Exception as error:  # noqa: BLE001 - raised again where run() waits
                    if not ended.done():
                        ended.set_exception(error)

            return call

        try:
            await self._follow_account(sink, checked)
            await self._follow_market(sink, checked)
            await ended
        finally:
            for close in stop:
                await close()
            # Its receiving and reconnecting tasks end a moment later; they belong to this run.
            await asyncio.sleep(0)

    async def _follow_account(self, sink: EventSink, checked: Any) -> None:
        await self.client.websocket_api.create_connection()
        subscribed = await self.client.websocket_api.user_data_stream_subscribe_signature()
        grid, fees = await self._grid()

        def take(model: Any) -> None:
            event = raw(model)
            if isinstance(model.actual_instance, ExecutionReport):
                report, fill = mapping.execution_report(event, grid, fees)
                if fill is not None:
                    sink(FillSeen(fill=fill, source="stream", **self._now()))
                sink(OrderSeen(report=report, source="stream", **self._now()))
            elif isinstance(model.actual_instance, OutboundAccountPosition):
                for one in event["B"]:
                    told = mapping.balance(one["a"], one["f"], one["l"])
                    sink(
                        BalanceSeen(
                            asset=told.asset,
                            free_units=told.free_units,
                            locked_units=told.locked_units,
                            **self._now(),
                        )
                    )

        subscribed.stream.on("message", checked(take))
        sink(StreamUp(stream="account", **self._now()))

    async def _follow_market(self, sink: EventSink, checked: Any) -> None:
        await self.client.websocket_streams.create_connection()
        grid, _ = await self._grid()
        local = LocalBook()
        symbol = SYMBOL.lower()

        def take_trade(model: Any) -> None:
            event = raw(model)
            sink(
                MarketTradeSeen(
                    ticks=grid.ticks(event["p"]),
                    lots=grid.lots(event["q"]),
                    buyer_is_maker=event["m"],
                    trade_id=event["t"],
                    exchange_ms=event["E"],
                    **self._now(),
                )
            )

        def take_depth(model: Any) -> None:
            if local.take(raw(model)):
                show(model.E)

        def show(at_ms: int) -> None:
            sink(BookSeen(book=local.top(grid), exchange_ms=at_ms, **self._now()))

        depth = await self.client.websocket_streams.diff_book_depth(symbol, update_speed="100ms")
        depth.on("message", checked(take_depth))
        (await self.client.websocket_streams.trade(symbol)).on("message", checked(take_trade))
        sink(StreamUp(stream="market", **self._now()))
        local.begin(raw(await self._read(self.client.rest_api.depth, symbol=SYMBOL, limit=1000)))
        show(await self.server_time_ms())

    async def close(self) -> None:
        await asyncio.sleep(0)

    # --- inside -------------------------------------------------------------------------

    async def _grid(self) -> tuple[Grid, FeePrice]:
        rules = self._instrument or await self.instrument(SYMBOL)
        return Grid(rules), FeePrice(rules)

    async def _sent(self, method: Callable[..., Any], **parameters: Any) -> PlaceAnswer:
        grid, fees = await self._grid()
        try:
            answer = await asyncio.to_thread(method, **parameters)
        except (BadRequestError, UnauthorizedError, TooManyRequestsError) as error:
            meaning, reason = meaning_of_code(int(error.status_code or 0), error.error_message)
            if meaning in (Meaning.REFUSED, Meaning.REFUSED_NOW):
                return Rejected(int(error.status_code or 0), reason, error.error_message)
            return Unknown(error.error_message)
        except NetworkError as error:
            return Unknown(str(error))
        return mapping.order_report(raw(answer.data()), grid, fees)

    async def _read(self, method: Callable[..., Any], **parameters: Any) -> Any:
        try:
            return (await asyncio.to_thread(method, **parameters)).data()
        except UnauthorizedError as error:
            raise AuthenticationRefused(error.error_message) from error
        except BadRequestError as error:
            if error.status_code == -1022:
                raise AuthenticationRefused(error.error_message) from error
            raise

    async def _reports(self, method: Callable[..., Any], **parameters: Any) -> tuple[OrderReport, ...]:
        grid, fees = await self._grid()
        return tuple(mapping.order_report(raw(one), grid, fees) for one in await self._read(method, **parameters))

    async def _found(self, **which: Any) -> OrderReport | None:
        grid, fees = await self._grid()
        try:
            answer = await self._read(self.client.rest_api.get_order, symbol=SYMBOL, **which)
        except BadRequestError as error:
            if error.status_code != -2013:
                raise
            return None
        return mapping.order_report(raw(answer), grid, fees)

    def _now(self) -> dict[str, int]:
        return {"at": self._clock.now(), "mono": self._clock.monotonic()}


class LocalBook:
    """Binance's own recipe: buffer the diffs, take a snapshot, apply what continues it; a gap is an error."""

    def __init__(self) -> None:
        self._sides: dict[str, dict[str, str]] = {"b": {}, "a": {}}
        self._last: int | None = None
        self._waiting: list[Raw] = []

    def begin(self, snapshot: Raw) -> None:
        self._sides = {"b": dict(snapshot["bids"]), "a": dict(snapshot["asks"])}
        self._last = snapshot["lastUpdateId"]
        for event in self._waiting:
            self.take(event)
        self._waiting.clear()

    def take(self, event: Raw) -> bool:
        """True when the book changed."""
        if self._last is None:
            self._waiting.append(event)
            return False
        if event["u"] <= self._last:
            return False
        if event["U"] > self._last + 1:
            raise ExchangeError(f"gap: {event['U']} after {self._last}")
        for side, levels in self._sides.items():
            for price, size in event[side]:
                levels[price] = size
                if not Decimal(size):
                    del levels[price]
        self._last = event["u"]
        return True

    def top(self, grid: Grid) -> Book:
        bids, asks = (
            sorted((grid.ticks(price), grid.lots(size)) for price, size in self._sides[side].items()) for side in "ba"
        )
        return Book(tuple(reversed(bids)), tuple(asks), self._last or 0)


@dataclass(kw_only=True)
class SdkBench(Bench[SdkExchange]):
    server: VenueServer

    async def amend(self, client_id: str, size: str) -> Mapping[str, Any]:
        answer = await asyncio.to_thread(
            self.exchange.client.rest_api.order_amend_keep_priority,
            symbol=SYMBOL,
            new_qty=size,
            orig_client_order_id=client_id,
            new_client_order_id=client_id,
        )
        return raw(answer.data().amended_order)

    async def replace(self, client_id: str, order: OrderIntent) -> None:
        answer = await asyncio.to_thread(
            self.exchange.client.rest_api.order_cancel_replace,
            symbol=SYMBOL,
            side=order.side.value,
            type=order.type.value,
            quantity=Decimal(order.lots) / 10000,
            price=Decimal(order.ticks) / 100,
            new_client_order_id=order.client_id,
            cancel_orig_client_order_id=client_id,
            cancel_replace_mode="STOP_ON_FAILURE",
        )
        assert (answer.data().cancel_result, answer.data().new_order_result) == ("SUCCESS", "SUCCESS")


@contextlib.asynccontextmanager
async def through_sdk(*, deposits: dict[str, str] | None = None, book: bool = True) -> AsyncIterator[SdkBench]:
    made = accounts(deposits)
    async with (
        running_server(made.venue, secrets={KEY: SECRET}) as server,
        sdk_exchange(server) as exchange,
    ):
        await exchange.instrument(SYMBOL)
        bench = SdkBench(venue=made.venue, own=made.own, other=made.other, server=server, exchange=exchange)
        if book:
            bench.quote()
        yield bench
    made.venue.close()


@contextlib.asynccontextmanager
async def sdk_exchange(server: VenueServer, secret: str = SECRET) -> AsyncIterator[SdkExchange]:
    exchange = SdkExchange(sdk(server.host, server.port, secret=secret))
    try:
        yield exchange
    finally:
        await exchange.close()
