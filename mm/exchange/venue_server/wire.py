"""The venue's views as Binance writes them: amounts as texts with eight decimals, ids as numbers."""

from decimal import Decimal
from typing import Any

from mm.exchange.venue.views import (
    AccountState,
    BookTicker,
    DepthView,
    Kline,
    OrderView,
    PriceLevel,
    PublicTrade,
    Ticker24h,
    TradeView,
)

Json = dict[str, Any]


def text(value: Decimal) -> str:
    return f"{value:.8f}"


def levels(side: tuple[PriceLevel, ...]) -> list[tuple[str, str]]:
    return [(text(price), text(size)) for price, size in side]


# --- orders -----------------------------------------------------------------------------


def placed(order: OrderView, answer: str) -> Json:
    """`answer` is newOrderRespType: ACK, RESULT or FULL."""
    body: Json = {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": -1,
        "clientOrderId": order.client_id,
        "transactTime": order.updated_ms,
    }
    if answer == "ACK":
        return body
    body |= _state(order)
    body["workingTime"] = order.created_ms
    body["selfTradePreventionMode"] = order.self_trade
    if answer == "FULL":
        body["fills"] = [
            {
                "price": text(fill.price),
                "qty": text(fill.quantity),
                "commission": text(fill.commission),
                "commissionAsset": fill.commission_asset,
                "tradeId": fill.trade_id,
            }
            for fill in order.fills
        ]
    return body


def canceled(order: OrderView) -> Json:
    body: Json = {
        "symbol": order.symbol,
        "origClientOrderId": order.orig_client_id,
        "orderId": order.order_id,
        "orderListId": -1,
        "clientOrderId": order.client_id,
        "transactTime": order.updated_ms,
    }
    body |= _state(order)
    body["selfTradePreventionMode"] = order.self_trade
    return body


def queried(order: OrderView) -> Json:
    body: Json = {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": -1,
        "clientOrderId": order.client_id,
    }
    body |= _state(order)
    body |= {
        "stopPrice": "0.00000000",
        "icebergQty": "0.00000000",
        "time": order.created_ms,
        "updateTime": order.updated_ms,
        "isWorking": True,
        "workingTime": order.created_ms,
        "selfTradePreventionMode": order.self_trade,
    }
    return body


def _state(order: OrderView) -> Json:
    return {
        "price": text(order.price),
        "origQty": text(order.quantity),
        "executedQty": text(order.executed),
        "origQuoteOrderQty": text(order.quote_quantity),
        "cummulativeQuoteQty": text(order.quote_executed),
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.type,
        "side": order.side,
    }


def own_trade(trade: TradeView) -> Json:
    return {
        "symbol": trade.symbol,
        "id": trade.trade_id,
        "orderId": trade.order_id,
        "orderListId": -1,
        "price": text(trade.price),
        "qty": text(trade.quantity),
        "quoteQty": text(trade.quote),
        "commission": text(trade.commission),
        "commissionAsset": trade.commission_asset,
        "time": trade.time_ms,
        "isBuyer": trade.is_buyer,
        "isMaker": trade.is_maker,
        "isBestMatch": True,
    }


# --- account ----------------------------------------------------------------------------


def account(state: AccountState, *, omit_zero: bool) -> Json:
    return {
        "makerCommission": int(state.maker_fee * 10_000),
        "takerCommission": int(state.taker_fee * 10_000),
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": commission_rates(state.maker_fee, state.taker_fee),
        "canTrade": True,
        "canWithdraw": False,
        "canDeposit": False,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": state.updated_ms,
        "accountType": "SPOT",
        "balances": [
            {"asset": balance.asset, "free": text(balance.free), "locked": text(balance.locked)}
            for balance in state.balances
            if not omit_zero or balance.free or balance.locked
        ],
        "permissions": ["SPOT"],
        "uid": state.uid,
    }


def commission_rates(maker: Decimal, taker: Decimal) -> Json:
    zero = "0.00000000"
    return {"maker": text(maker), "taker": text(taker), "buyer": zero, "seller": zero}


def commission(state: AccountState, symbol: str) -> Json:
    nothing = commission_rates(Decimal(0), Decimal(0))
    return {
        "symbol": symbol,
        "standardCommission": commission_rates(state.maker_fee, state.taker_fee),
        "specialCommission": nothing,
        "taxCommission": nothing,
        "discount": {
            "enabledForAccount": False,
            "enabledForSymbol": False,
            "discountAsset": "BNB",
            "discount": "0.75000000",
        },
    }


# --- market data ------------------------------------------------------------------------


def depth(view: DepthView) -> Json:
    return {"lastUpdateId": view.last_update_id, "bids": levels(view.bids), "asks": levels(view.asks)}


def public_trade(trade: PublicTrade) -> Json:
    return {
        "id": trade.trade_id,
        "price": text(trade.price),
        "qty": text(trade.quantity),
        "quoteQty": text(trade.quote),
        "time": trade.time_ms,
        "isBuyerMaker": trade.buyer_is_maker,
        "isBestMatch": True,
    }


def aggregate_trade(trade: PublicTrade) -> Json:
    """The venue aggregates nothing: every aggregate is one trade, under the trade's own id."""
    return {
        "a": trade.trade_id,
        "p": text(trade.price),
        "q": text(trade.quantity),
        "f": trade.trade_id,
        "l": trade.trade_id,
        "T": trade.time_ms,
        "m": trade.buyer_is_maker,
        "M": True,
    }


def kline(bar: Kline) -> list[Any]:
    return [
        bar.open_ms,
        text(bar.open),
        text(bar.high),
        text(bar.low),
        text(bar.close),
        text(bar.volume),
        bar.close_ms,
        text(bar.quote_volume),
        bar.trades,
        text(bar.taker_volume),
        text(bar.taker_quote_volume),
        "0",
    ]


def book_ticker(ticker: BookTicker) -> Json:
    return {
        "symbol": ticker.symbol,
        "bidPrice": text(ticker.bid),
        "bidQty": text(ticker.bid_quantity),
        "askPrice": text(ticker.ask),
        "askQty": text(ticker.ask_quantity),
    }


def ticker_24h(day: Ticker24h, book: BookTicker) -> Json:
    change, percent, average = day_change(day)
    return {
        "symbol": day.symbol,
        "priceChange": text(change),
        "priceChangePercent": f"{percent:.3f}",
        "weightedAvgPrice": text(average),
        "prevClosePrice": text(day.open),
        "lastPrice": text(day.last),
        "lastQty": text(day.last_quantity),
        "bidPrice": text(book.bid),
        "bidQty": text(book.bid_quantity),
        "askPrice": text(book.ask),
        "askQty": text(book.ask_quantity),
        "openPrice": text(day.open),
        "highPrice": text(day.high),
        "lowPrice": text(day.low),
        "volume": text(day.volume),
        "quoteVolume": text(day.quote_volume),
        "openTime": day.open_ms,
        "closeTime": day.close_ms,
        "firstId": day.first_trade_id,
        "lastId": day.last_trade_id,
        "count": day.trades,
    }


def day_change(day: Ticker24h) -> tuple[Decimal, Decimal, Decimal]:
    """Price change, change in per cent, volume-weighted average price; zeros without trades."""
    change = day.last - day.open
    percent = change / day.open * 100 if day.open else Decimal(0)
    average = day.quote_volume / day.volume if day.volume else Decimal(0)
    return change, percent, average
