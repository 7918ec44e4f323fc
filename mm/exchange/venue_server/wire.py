"""The venue's views as Binance writes them: amounts as texts with eight decimals, ids as numbers."""

from decimal import Decimal
from typing import Any

from mm.exchange.venue.fees import BNB, DISCOUNT
from mm.exchange.venue.views import (
    AccountState,
    AggregateTrade,
    BookTicker,
    DepthView,
    Kline,
    PriceLevel,
    PublicTrade,
    Ticker,
    TradeView,
)

Json = dict[str, Any]


def text(value: Decimal) -> str:
    return f"{value:.8f}"


def levels(side: tuple[PriceLevel, ...]) -> list[tuple[str, str]]:
    return [(text(price), text(size)) for price, size in side]


# --- orders -----------------------------------------------------------------------------


def own_trade(trade: TradeView) -> Json:
    return {
        "symbol": trade.symbol,
        "id": trade.trade_id,
        "orderId": trade.order_id,
        "orderListId": trade.list_id,
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
        "discount": _discount(state),
    }


def commission_for_order(state: AccountState) -> Json:
    """order/test with computeCommissionRates: what trades of the order would pay, by role."""
    nothing = {"maker": text(Decimal(0)), "taker": text(Decimal(0))}
    return {
        "standardCommissionForOrder": {"maker": text(state.maker_fee), "taker": text(state.taker_fee)},
        "specialCommissionForOrder": nothing,
        "taxCommissionForOrder": nothing,
        "discount": _discount(state),
    }


def _discount(state: AccountState) -> Json:
    return {
        "enabledForAccount": state.burns_bnb,
        "enabledForSymbol": True,
        "discountAsset": BNB,
        "discount": text(DISCOUNT),
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


def aggregate_trade(trade: AggregateTrade) -> Json:
    return {
        "a": trade.aggregate_id,
        "p": text(trade.price),
        "q": text(trade.quantity),
        "f": trade.first_trade_id,
        "l": trade.last_trade_id,
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


def ticker_24h(day: Ticker, book: BookTicker) -> Json:
    window = ticker(day)
    return {
        "symbol": window.pop("symbol"),
        "priceChange": window.pop("priceChange"),
        "priceChangePercent": window.pop("priceChangePercent"),
        "weightedAvgPrice": window.pop("weightedAvgPrice"),
        "prevClosePrice": text(day.before),
        "lastPrice": window.pop("lastPrice"),
        "lastQty": text(day.last_quantity),
        "bidPrice": text(book.bid),
        "bidQty": text(book.bid_quantity),
        "askPrice": text(book.ask),
        "askQty": text(book.ask_quantity),
        **window,
    }


def ticker(window: Ticker) -> Json:
    """Rolling window and trading day."""
    change, percent, average = price_change(window)
    mini = mini_ticker(window)
    return {
        "symbol": mini.pop("symbol"),
        "priceChange": text(change),
        "priceChangePercent": f"{percent:.3f}",
        "weightedAvgPrice": text(average),
        **mini,
    }


def mini_ticker(window: Ticker) -> Json:
    """`type=MINI` of every ticker."""
    return {
        "symbol": window.symbol,
        "openPrice": text(window.open),
        "highPrice": text(window.high),
        "lowPrice": text(window.low),
        "lastPrice": text(window.last),
        "volume": text(window.volume),
        "quoteVolume": text(window.quote_volume),
        "openTime": window.open_ms,
        "closeTime": window.close_ms,
        "firstId": window.first_trade_id,
        "lastId": window.last_trade_id,
        "count": window.trades,
    }


def price_change(window: Ticker) -> tuple[Decimal, Decimal, Decimal]:
    """Price change, change in per cent, volume-weighted average price; zeros without trades."""
    change = window.last - window.open
    percent = change / window.open * 100 if window.open else Decimal(0)
    average = window.quote_volume / window.volume if window.volume else Decimal(0)
    return change, percent, average
