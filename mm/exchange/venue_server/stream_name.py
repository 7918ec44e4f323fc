"""Names of market streams: `ethusdc@depth@100ms`, `ethusdc@kline_1m@+08:00`, `!miniTicker@arr`, …"""

import re
from dataclasses import dataclass

from mm.exchange.venue.intervals import HOUR_MS, INTERVALS, zone_offset_ms

WINDOWS_MS = {"1h": HOUR_MS, "4h": 4 * HOUR_MS, "1d": 24 * HOUR_MS}
_NAME = re.compile(
    r"^(?P<symbol>[a-z0-9]{1,20})@(?:"
    r"depth(?P<levels>5|10|20)?(?P<speed>@100ms|@1000ms)?"
    r"|kline_(?P<interval>[0-9]+[smhdwM])(?P<zone>@\+08:00)?"
    r"|ticker_(?P<window>1h|4h|1d)"
    r"|(?P<plain>trade|aggTrade|bookTicker|ticker|miniTicker|avgPrice|referencePrice|blockTrade))$"
)
_ALL = re.compile(r"^!(?:(?P<plain>miniTicker|ticker|bookTicker)|ticker_(?P<window>1h|4h|1d))(?:@arr)?$")
EVERY_SYMBOL = ""
"""What `symbol` holds for a stream of the whole market."""


@dataclass(frozen=True, slots=True)
class StreamName:
    """`kind` depth, partial_depth, trade, aggTrade, bookTicker, ticker, miniTicker, window, avgPrice, kline; others
    are known and silent. `fast` every 100 ms; `window_ms` of a rolling ticker; `zone_ms` a kline's lead on UTC."""

    name: str
    symbol: str
    kind: str
    levels: int = 0
    fast: bool = False
    interval: str = ""
    zone_ms: int = 0
    window: str = ""

    @property
    def window_ms(self) -> int:
        return WINDOWS_MS[self.window]

    @classmethod
    def parse(cls, name: str) -> "StreamName":
        """Raises ValueError for what is no stream's name."""
        found = _NAME.fullmatch(name)
        if not found:
            return cls._of_all(name)
        symbol = found["symbol"].upper()
        if found["plain"]:
            return cls(name, symbol, found["plain"])
        if found["window"]:
            return cls(name, symbol, "window", window=found["window"])
        if found["interval"]:
            if found["interval"] not in INTERVALS:
                raise ValueError(f"{name!r} names no interval")
            zone_ms = zone_offset_ms(found["zone"][1:]) if found["zone"] else 0
            return cls(name, symbol, "kline", interval=found["interval"], zone_ms=zone_ms)
        levels = int(found["levels"] or 0)
        return cls(name, symbol, "partial_depth" if levels else "depth", levels, found["speed"] == "@100ms")

    @classmethod
    def _of_all(cls, name: str) -> "StreamName":
        found = _ALL.fullmatch(name)
        if not found or (found["plain"] != "bookTicker" and not name.endswith("@arr")):
            raise ValueError(f"{name!r} is no stream")
        if found["window"]:
            return cls(name, EVERY_SYMBOL, "windows", window=found["window"])
        # Binance withdrew !ticker@arr in March 2026 and !bookTicker before: accepted, and silent.
        return cls(name, EVERY_SYMBOL, "miniTickers" if found["plain"] == "miniTicker" else "withdrawn")
