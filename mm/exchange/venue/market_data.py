"""What everybody may read: books, trades, bars, rules."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import islice
from typing import Any

from mm.domain.instrument import from_units
from mm.exchange.venue.errors import bad_symbol
from mm.exchange.venue.intervals import DAY_MS, INTERVALS, MINUTE_MS, Interval
from mm.exchange.venue.matching import SymbolMarket
from mm.exchange.venue.reports import aggregate_trade, kline, public_trade, ticker
from mm.exchange.venue.symbol_rules import SymbolRules
from mm.exchange.venue.views import (
    AggregateTrade,
    BookTicker,
    DepthChange,
    DepthView,
    Kline,
    PriceLevel,
    PublicTrade,
    Ticker,
)

_RATE_LIMITS = (
    {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000},
    {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 100},
    {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": 200000},
    {"rateLimitType": "RAW_REQUESTS", "interval": "MINUTE", "intervalNum": 5, "limit": 300000},
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

    def status(self, symbol: str) -> str:
        """TRADING, or why it is not traded now."""
        return self._market(symbol).status

    def exchange_info(self, symbols: tuple[str, ...] | None = None) -> dict[str, Any]:
        """In exchangeInfo's shape; `serverTime` from the clock, `rateLimits` as Binance's."""
        return {
            "timezone": "UTC",
            "serverTime": self._now_ms(),
            "rateLimits": [dict(limit) for limit in _RATE_LIMITS],
            "exchangeFilters": [],
            "symbols": [_info(self._market(symbol)) for symbol in symbols or self.symbols],
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

    def trades(self, symbol: str, limit: int = 500, from_id: int | None = None) -> tuple[PublicTrade, ...]:
        """Oldest first: the last ones, or with `from_id` the first ones from that trade on; 10,000 are kept."""
        market = self._market(symbol)
        if from_id is None:
            prints = list(islice(reversed(market.tape.prints), limit))[::-1]
        else:
            prints = list(islice((each for each in market.tape.prints if each.trade_id >= from_id), limit))
        return tuple(public_trade(trade, market.rules) for trade in prints)

    def aggregate_trades(
        self,
        symbol: str,
        limit: int = 500,
        *,
        from_id: int | None = None,
        start_ms: int | None = None,
        end_ms: int | None = None,
    ) -> tuple[AggregateTrade, ...]:
        """Trades of one taker at one price as one, oldest first; with `from_id` or `start_ms` the first ones."""
        market = self._market(symbol)
        found = [
            each
            for each in market.tape.aggregates()
            if (from_id is None or each[0].aggregate_id >= from_id)
            and (start_ms is None or each[0].time_ms >= start_ms)
            and (end_ms is None or each[0].time_ms <= end_ms)
        ]
        page = found[:limit] if from_id is not None or start_ms is not None else found[-limit:]
        return tuple(aggregate_trade(each, market.rules) for each in page)

    def aggregate_trade(self, symbol: str, aggregate_id: int) -> AggregateTrade | None:
        """One of the newest; None when it is not kept."""
        market = self._market(symbol)
        trades = market.tape.aggregate(aggregate_id)
        return aggregate_trade(trades, market.rules) if trades else None

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

    def klines(
        self,
        symbol: str,
        interval: Interval = INTERVALS["1m"],
        limit: int = 500,
        *,
        start_ms: int | None = None,
        end_ms: int | None = None,
        offset_ms: int = 0,
    ) -> tuple[Kline, ...]:
        """Bars of trades, oldest first; see `BarHistory.klines`. `offset_ms`: the time zone's lead on UTC."""
        market = self._market(symbol)
        rows = market.tape.bars.klines(
            interval, self._now_ms(), limit, start_ms=start_ms, end_ms=end_ms, offset_ms=offset_ms
        )
        return tuple(kline(*row, market.rules) for row in rows)

    def ticker_24h(self, symbol: str) -> Ticker:
        """The last 24 hours, their first minute perhaps in part."""
        now = self._now_ms()
        return self.ticker(symbol, now - DAY_MS, now)

    def rolling_ticker(self, symbol: str, length_ms: int) -> Ticker:
        """From the whole minute at or before `length_ms` ago until now."""
        now = self._now_ms()
        return self.ticker(symbol, (now - length_ms) // MINUTE_MS * MINUTE_MS, now)

    def day_ticker(self, symbol: str, offset_ms: int = 0) -> Ticker:
        """The calendar day in the time zone that leads UTC by `offset_ms`."""
        day = INTERVALS["1d"]
        start = day.start(self._now_ms(), offset_ms)
        return self.ticker(symbol, start, day.next(start, offset_ms) - 1)

    def ticker(self, symbol: str, open_ms: int, close_ms: int) -> Ticker:
        """Trades from `open_ms` (counted in whole minutes) to `close_ms`. Zeros before the first price ever."""
        market = self._market(symbol)
        tape = market.tape
        bar = tape.bars.window(open_ms, close_ms + 1)
        last = tape.prints[-1] if tape.prints else None
        before = tape.bars.close_before(open_ms)
        # A market that has just begun has no trade yet; the real one always has. Its best bid stands in.
        last_ticks = market.book.best(buy=True) if tape.last_ticks is None else tape.last_ticks
        return ticker(bar, market.rules, (open_ms, close_ms), before=before, last=last, last_ticks=last_ticks)


def _info(market: SymbolMarket) -> dict[str, Any]:
    return market.rules.exchange_info(market.status)


def top(market: SymbolMarket, *, buy: bool) -> tuple[int, int]:
    """Ticks and lots of the best level; zeros for an empty side."""
    ticks = market.book.best(buy=buy)
    return (0, 0) if ticks is None else (ticks, market.book.displayed(ticks, buy=buy))


def _level(level: tuple[int, int], rules: SymbolRules) -> PriceLevel:
    return from_units(level[0] * rules.tick_units), from_units(level[1] * rules.lot_units)
