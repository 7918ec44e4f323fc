"""What everybody may read: books, trades, bars, rules."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from mm.domain.instrument import from_units
from mm.exchange.venue.errors import bad_symbol
from mm.exchange.venue.matching import SymbolMarket
from mm.exchange.venue.reports import kline, public_trade, ticker_24h
from mm.exchange.venue.symbol_rules import SymbolRules
from mm.exchange.venue.tape import MINUTE_MS
from mm.exchange.venue.views import BookTicker, DepthChange, DepthView, Kline, PriceLevel, PublicTrade, Ticker24h

_RATE_LIMITS = (
    {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000},
    {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 100},
    {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": 200000},
    {"rateLimitType": "RAW_REQUESTS", "interval": "MINUTE", "intervalNum": 5, "limit": 61000},
)


class MarketData:
    """Every method raises VenueError -1121 for a symbol that is not listed."""

    def __init__(self, markets: Mapping[str, SymbolMarket], now_ms: Callable[[], int]) -> None:
        self._markets = markets
        self._now_ms = now_ms

    def _market(self, symbol: str) -> SymbolMarket:
        market = self._markets.get(symbol)
        if market is None:
            raise bad_symbol()
        return market

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(self._markets)

    def rules(self, symbol: str) -> SymbolRules:
        return self._market(symbol).rules

    def exchange_info(self, symbols: tuple[str, ...] | None = None) -> dict[str, Any]:
        """In exchangeInfo's shape; `serverTime` from the clock, `rateLimits` as Binance's."""
        return {
            "timezone": "UTC",
            "serverTime": self._now_ms(),
            "rateLimits": [dict(limit) for limit in _RATE_LIMITS],
            "exchangeFilters": [],
            "symbols": [self._market(symbol).rules.exchange_info() for symbol in symbols or self.symbols],
        }

    def depth(self, symbol: str, limit: int = 100) -> DepthView:
        market = self._market(symbol)
        return DepthView(
            symbol=symbol,
            last_update_id=market.book.log.last_id,
            bids=tuple(_level(level, market.rules) for level in market.book.levels(limit, buy=True)),
            asks=tuple(_level(level, market.rules) for level in market.book.levels(limit, buy=False)),
        )

    def drain_depth(self, symbol: str) -> DepthChange | None:
        """The levels changed since the last drain (None: none); ids contiguous. For one caller, every 100 ms.

        Changes are collected from the first drain on, which itself gives None.
        `depth` is always at least as new as the last drain: a diff that begins at or below
        `last_update_id` + 1 continues a snapshot.
        """
        market = self._market(symbol)
        first, changed = market.book.log.drain()
        if not changed:
            return None
        sides: dict[bool, list[PriceLevel]] = {True: [], False: []}
        for buy, ticks in changed:
            sides[buy].append(_level((ticks, market.book.displayed(ticks, buy=buy)), market.rules))
        return DepthChange(
            symbol=symbol,
            time_ms=self._now_ms(),
            first_update_id=first,
            last_update_id=market.book.log.last_id,
            bids=tuple(sides[True]),
            asks=tuple(sides[False]),
        )

    def trades(self, symbol: str, limit: int = 500) -> tuple[PublicTrade, ...]:
        """The last trades, oldest first, 1000 at most."""
        market = self._market(symbol)
        prints = list(market.tape.prints)[-limit:]
        return tuple(public_trade(trade, market.rules) for trade in prints)

    def book_ticker(self, symbol: str) -> BookTicker:
        market = self._market(symbol)
        bid, bid_lots = top(market, buy=True)
        ask, ask_lots = top(market, buy=False)
        rules = market.rules
        return BookTicker(
            symbol=symbol,
            update_id=market.book.log.last_id,
            bid=from_units(bid * rules.tick_units),
            bid_quantity=from_units(bid_lots * rules.lot_units),
            ask=from_units(ask * rules.tick_units),
            ask_quantity=from_units(ask_lots * rules.lot_units),
        )

    def last_price(self, symbol: str) -> Decimal | None:
        """Of the last trade, also one before a restart; None when there never was one."""
        market = self._market(symbol)
        ticks = market.tape.last_ticks
        return None if ticks is None else from_units(ticks * market.rules.tick_units)

    def average_price(self, symbol: str) -> Decimal | None:
        """Size-weighted over the last 5 minutes of trades, else the last price; floored to 1e-8."""
        market = self._market(symbol)
        average = market.tape.average(self._now_ms())
        return None if average is None else from_units(average[0] * market.rules.tick_units // average[1])

    def klines(self, symbol: str, interval_ms: int = MINUTE_MS, limit: int = 500) -> tuple[Kline, ...]:
        """Bars of trades, oldest first, from at most 1500 one-minute bars kept.

        `interval_ms` in whole minutes, else ValueError.
        """
        if interval_ms < MINUTE_MS or interval_ms % MINUTE_MS:
            raise ValueError(f"bars of {interval_ms} ms are not whole minutes")
        market = self._market(symbol)
        return tuple(kline(bar, interval_ms, market.rules) for bar in market.tape.bars(interval_ms)[-limit:])

    def ticker_24h(self, symbol: str) -> Ticker24h:
        """Zeros and trade ids of -1 before the first trade."""
        market = self._market(symbol)
        now = self._now_ms()
        last_lots = market.tape.prints[-1].lots if market.tape.prints else 0
        return ticker_24h(market.tape.day(now), last_lots, market.rules, now)


def top(market: SymbolMarket, *, buy: bool) -> tuple[int, int]:
    """Ticks and lots of the best level; zeros for an empty side."""
    ticks = market.book.best(buy=buy)
    return (0, 0) if ticks is None else (ticks, market.book.displayed(ticks, buy=buy))


def _level(level: tuple[int, int], rules: SymbolRules) -> PriceLevel:
    return from_units(level[0] * rules.tick_units), from_units(level[1] * rules.lot_units)
