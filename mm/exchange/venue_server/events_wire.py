"""Stream payloads: market streams and user data events as Binance writes them."""

from mm.exchange.venue.events import AccountPosition, BalanceUpdate, ExecutionReport
from mm.exchange.venue.views import BookTicker, DepthChange, DepthView, Kline, PublicTrade, Ticker24h
from mm.exchange.venue_server.wire import Json, day_change, levels, text

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
        "P": "0.00000000",
        "F": "0.00000000",
        "g": -1,
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
        "v": 0,
        "I": report.execution_id,
        "w": report.is_on_book,
        "m": report.is_maker,
        "M": report.execution == "TRADE",
        "O": report.created_ms,
        "Z": text(report.quote_executed),
        "Y": text(report.last_quote),
        "Q": text(report.quote_quantity),
        "W": report.working_ms,
        "V": report.self_trade,
    }
    return body


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


def aggregate_trade(event: PublicTrade, now_ms: int) -> Json:
    return {
        "e": "aggTrade",
        "E": now_ms,
        "s": event.symbol,
        "a": event.trade_id,
        "p": text(event.price),
        "q": text(event.quantity),
        "f": event.trade_id,
        "l": event.trade_id,
        "T": event.time_ms,
        "m": event.buyer_is_maker,
        "M": True,
    }


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


def ticker(day: Ticker24h, book: BookTicker, now_ms: int) -> Json:
    change, percent, average = day_change(day)
    return {
        "e": "24hrTicker",
        "E": now_ms,
        "s": day.symbol,
        "p": text(change),
        "P": f"{percent:.3f}",
        "w": text(average),
        "x": text(day.open),
        "c": text(day.last),
        "Q": text(day.last_quantity),
        "b": text(book.bid),
        "B": text(book.bid_quantity),
        "a": text(book.ask),
        "A": text(book.ask_quantity),
        "o": text(day.open),
        "h": text(day.high),
        "l": text(day.low),
        "v": text(day.volume),
        "q": text(day.quote_volume),
        "O": day.open_ms,
        "C": day.close_ms,
        "F": day.first_trade_id,
        "L": day.last_trade_id,
        "n": day.trades,
    }


def mini_ticker(day: Ticker24h, now_ms: int) -> Json:
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
