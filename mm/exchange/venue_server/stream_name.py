"""Names of market streams: `ethusdc@depth@100ms`, `ethusdc@kline_1m`, …"""

import re
from dataclasses import dataclass

from mm.exchange.venue_server.market_data import INTERVALS_MS

_NAME = re.compile(
    r"^(?P<symbol>[a-z0-9]{1,20})@(?P<kind>depth(?P<levels>5|10|20)?(?P<speed>@100ms|@1000ms)?"
    r"|trade|aggTrade|bookTicker|ticker|miniTicker|kline_(?P<interval>[0-9]+[mhd]))$"
)


@dataclass(frozen=True, slots=True)
class StreamName:
    """`kind` depth, partial_depth, trade, aggTrade, bookTicker, ticker, miniTicker or kline; `fast` every 100 ms."""

    name: str
    symbol: str
    kind: str
    levels: int = 0
    fast: bool = False
    interval: str = ""

    @classmethod
    def parse(cls, name: str) -> "StreamName":
        """Raises ValueError for what is no stream's name."""
        found = _NAME.match(name)
        if not found:
            raise ValueError(f"{name!r} is no stream")
        symbol, kind, interval = found["symbol"].upper(), found["kind"], found["interval"]
        if interval:
            if interval not in INTERVALS_MS:
                raise ValueError(f"{name!r} names no interval")
            return cls(name, symbol, "kline", interval=interval)
        if not kind.startswith("depth"):
            return cls(name, symbol, kind)
        levels = int(found["levels"] or 0)
        return cls(name, symbol, "partial_depth" if levels else "depth", levels, found["speed"] == "@100ms")
