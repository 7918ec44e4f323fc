"""Stream payloads: market streams and user data events as Binance writes them."""

from decimal import Decimal

from mm.exchange.venue.events import AccountPosition, BalanceUpdate, ExecutionReport, ListStatus
from mm.exchange.venue.views import AggregateTrade, BookTicker, DepthChange, DepthView, Kline, PublicTrade, Ticker
from mm.exchange.venue_server import wire
from mm.exchange.venue_server.wire import Json, levels, price_change, text

Levels = list[tuple[str, str]]


def execution_report(report: ExecutionReport) -> Json:
    body: Json = {
        "e": "executionReport",
        "E": report.time_ms,
        "s": report.symbol,
        "c": report.client_id,
        "S": report.side,
        "o": report.type,
        "f": report.time_in_force,
        "q": text(report.quantity),
        "p": text(report.price),
        "P": text(report.stop_price),
        "F": text(report.iceberg),
        "g": report.list_id,
        "C": report.orig_client_id,
        "x": report.execution,
        "X": report.status,
        "r": report.reject_reason,
        "i": report.order_id,
        "l": text(report.last_quantity),
        "z": text(report.executed),
        "L": text(report.last_price),
        "n": "0" if report.commission_asset is None else text(report.commission),
        "N": report.commission_asset,
        "T": report.time_ms,
        "t": report.trade_id,
        "I": report.execution_id,
        "w": report.is_on_book,
        "m": report.is_maker,
        "M": report.execution == "TRADE",
        "O": report.created_ms,
        "Z": text(report.quote_executed),
        "Y": text(report.last_quote),
        "Q": text(report.quote_quantity),
        "V": report.self_trade,
    }
    if report.working_ms >= 0:
        body["W"] = report.working_ms
    if report.strategy_id is not None:
        body["j"] = report.strategy_id
    if report.strategy_type is not None:
        body["J"] = report.strategy_type
    if report.prevented_match >= 0:
        body |= _prevention(report)
    if report.expiry_reason:
        body["eR"] = report.expiry_reason
    return body


def _prevention(report: ExecutionReport) -> Json:
    body: Json = {"v": report.prevented_match, "A": text(report.prevented)}
    if report.execution == "TRADE_PREVENTION":
        body |= {
            "B": text(report.last_prevented),
            "u": -1,
            "U": report.counter_order_id,
            "Cs": report.symbol,
            "pl": text(report.prevented_quantity),
            "pL": text(report.prevented_price),
            "pY": text(report.prevented_quantity * report.prevented_price),
        }
    return body


def list_status(status: ListStatus) -> Json:
    return {
        "e": "listStatus",
        "E": status.time_ms,
        "s": status.symbol,
        "g": status.list_id,
        "c": status.contingency,
        "l": status.status_type,
        "L": status.status,
        "r": status.reject_reason,
        "C": status.client_id,
        "T": status.time_ms,
        "O": [{"s": status.symbol, "i": order_id, "c": client_id} for order_id, client_id in status.orders],
    }


def account_position(position: AccountPosition) -> Json:
    return {
        "e": "outboundAccountPosition",
        "E": position.time_ms,
        "u": position.time_ms,
        "B": [{"a": each.asset, "f": text(each.free), "l": text(each.locked)} for each in position.balances],
    }


def balance_update(update: BalanceUpdate) -> Json:
    return {
        "e": "balanceUpdate",
        "E": update.time_ms,
        "a": update.asset,
        "d": text(update.delta),
        "T": update.time_ms,
    }


def stream_terminated(now_ms: int) -> Json:
    return {"e": "eventStreamTerminated", "E": now_ms}


def depth_update(symbol: str, ids: tuple[int, int], bids: Levels, asks: Levels, now_ms: int) -> Json:
    """`ids` the first and the last update id in it."""
    return {"e": "depthUpdate", "E": now_ms, "s": symbol, "U": ids[0], "u": ids[1], "b": bids, "a": asks}


def depth_change(change: DepthChange, now_ms: int) -> Json:
    ids = (change.first_update_id, change.last_update_id)
    return depth_update(change.symbol, ids, levels(change.bids), levels(change.asks), now_ms)


def partial_depth(view: DepthView) -> Json:
    return {"lastUpdateId": view.last_update_id, "bids": levels(view.bids), "asks": levels(view.asks)}


def trade(event: PublicTrade, now_ms: int) -> Json:
    return {
        "e": "trade",
        "E": now_ms,
        "s": event.symbol,
        "t": event.trade_id,
        "p": text(event.price),
        "q": text(event.quantity),
        "T": event.time_ms,
        "m": event.buyer_is_maker,
        "M": True,
    }


def aggregate_trade(event: AggregateTrade, now_ms: int) -> Json:
    return {"e": "aggTrade", "E": now_ms, "s": event.symbol, **wire.aggregate_trade(event)}


def book_ticker(event: BookTicker) -> Json:
    """The real stream has neither an event name nor a time."""
    return {
        "u": event.update_id,
        "s": event.symbol,
        "b": text(event.bid),
        "B": text(event.bid_quantity),
        "a": text(event.ask),
        "A": text(event.ask_quantity),
    }


def kline(bar: Kline, interval: str, now_ms: int) -> Json:
    return {
        "e": "kline",
        "E": now_ms,
        "s": bar.symbol,
        "k": {
            "t": bar.open_ms,
            "T": bar.close_ms,
            "s": bar.symbol,
            "i": interval,
            "f": bar.first_trade_id,
            "L": bar.last_trade_id,
            "o": text(bar.open),
            "c": text(bar.close),
            "h": text(bar.high),
            "l": text(bar.low),
            "v": text(bar.volume),
            "n": bar.trades,
            "x": bar.close_ms < now_ms,
            "q": text(bar.quote_volume),
            "V": text(bar.taker_volume),
            "Q": text(bar.taker_quote_volume),
            "B": "0",
        },
    }


def ticker(day: Ticker, book: BookTicker, now_ms: int) -> Json:
    window = window_ticker("24hrTicker", day, now_ms)
    return {
        **{key: window.pop(key) for key in ("e", "E", "s", "p", "P")},
        "w": window.pop("w"),
        "x": text(day.before),
        "c": window.pop("c"),
        "Q": text(day.last_quantity),
        "b": text(book.bid),
        "B": text(book.bid_quantity),
        "a": text(book.ask),
        "A": text(book.ask_quantity),
        **window,
    }


def window_ticker(name: str, window: Ticker, now_ms: int) -> Json:
    """`name` 1hTicker, 4hTicker, 1dTicker (or what the 24-hour ticker shares with them)."""
    change, percent, average = price_change(window)
    return {
        "e": name,
        "E": now_ms,
        "s": window.symbol,
        "p": text(change),
        "P": f"{percent:.3f}",
        "o": text(window.open),
        "h": text(window.high),
        "l": text(window.low),
        "c": text(window.last),
        "w": text(average),
        "v": text(window.volume),
        "q": text(window.quote_volume),
        "O": window.open_ms,
        "C": window.close_ms,
        "F": window.first_trade_id,
        "L": window.last_trade_id,
        "n": window.trades,
    }


def mini_ticker(day: Ticker, now_ms: int) -> Json:
    return {
        "e": "24hrMiniTicker",
        "E": now_ms,
        "s": day.symbol,
        "c": text(day.last),
        "o": text(day.open),
        "h": text(day.high),
        "l": text(day.low),
        "v": text(day.volume),
        "q": text(day.quote_volume),
    }


def average_price(symbol: str, price: Decimal, last_ms: int, now_ms: int) -> Json:
    """`last_ms`: the time of the last trade."""
    return {"e": "avgPrice", "E": now_ms, "s": symbol, "i": "5m", "w": text(price), "T": last_ms}
