"""One-minute bars played as a market: a made-up path inside each bar, a made-up book around it.

Open, high, low, close and volume are the recording's; what is not on record is made up and said so: the way inside
the minute (`bar_path`), a touch of one tick and the sizes of the levels. An order waits behind a level's made-up size
whether or not that level is displayed, so that by default (`conservative`) a mere touch of its price fills it only
when more trades there than waited, and a path beyond its price fills it in any case.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mm.domain.instrument import from_units
from mm.exchange.venue.bar_path import BarShape, Step, path
from mm.exchange.venue.bars import MINUTE_MS, Bar, BarsBroken, read_bars
from mm.exchange.venue.order import Order
from mm.exchange.venue.recorded_book import QueueModel, RecordedBook
from mm.exchange.venue.venue import Venue

STEPS_A_MINUTE = 240
_STEP_MS = MINUTE_MS // STEPS_A_MINUTE
_LEVELS = 20
_GAP = 1.35
"""Each level is further from the touch than the one before by this factor (in ticks, at least one)."""
_LEVEL_SHARE = 20
"""A level shows the volume of three seconds: a twentieth of the bar's."""


class BarBook(RecordedBook):
    """A recorded book in which every price has a size, displayed or not.

    Levels come and go with the price, which is display and no cancel: only trades move an order forward. No cancels
    are on record, so `proportional` is the same as `conservative`; `optimistic` puts an order in front of everybody.
    """

    level_lots = 0

    def rest(self, order: Order) -> None:
        super().rest(order)
        if self.is_open:
            order.queue_ahead = 0 if self.queue == "optimistic" else self.level_lots

    def open(self) -> None:
        super().open()
        for side in self._own:
            for orders in side.values():
                for order in orders:
                    order.queue_ahead = 0 if self.queue == "optimistic" else self.level_lots

    def set_recorded(self, ticks: int, lots: int, *, buy: bool) -> None:
        ahead = [(order, order.queue_ahead) for order in self._own[buy].get(ticks, ())]
        super().set_recorded(ticks, lots, buy=buy)
        for order, waiting in ahead:
            order.queue_ahead = waiting


@dataclass
class BarReplay:
    """Plays `files` from `from_ms` (UTC ms; None: from their beginning) as `symbol`, at the pace of the clock.

    The first bar begins with the first `advance`. A hole between bars is skipped: the next bar follows at once.
    `bar` is the one being played, `played` how many are over. Raises BarsBroken on a file that holds no bars,
    ValueError when there is none from that moment on.
    """

    venue: Venue
    symbol: str
    files: Sequence[Path]
    rng: random.Random
    queue: QueueModel = "conservative"
    from_ms: int | None = None
    played: int = field(default=0, init=False)
    finished: bool = field(default=False, init=False)
    bar: Bar | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._market = self.venue.market(self.symbol)
        self._book = BarBook(self._market.book.log, self.queue)
        self.venue.serve(self.symbol, self._book)
        self._bars = read_bars(self.files, self.from_ms)
        self._steps: list[Step] = []
        self._done = 0
        self._carried = 0
        self._begun_ms: int | None = None
        self._at_ticks: int | None = None
        self._rose = True
        self._broken: BarsBroken | None = None
        self._load()
        if self.bar is None:
            raise ValueError("there is no bar to play" + ("" if self.from_ms is None else " from that moment on"))

    def advance(self, now_ms: int) -> None:
        """Every step due by `now_ms` is played. Raises BarsBroken on a bar that cannot be, then and ever after."""
        if self._broken:
            raise self._broken
        if self._begun_ms is None:
            self._begun_ms = now_ms
        due = (now_ms - self._begun_ms) // _STEP_MS + 1
        if self.finished or self._done >= due:
            return
        try:
            while not self.finished and self._done < due:
                if self._done == (self.played + 1) * STEPS_A_MINUTE:
                    self._load()
                    continue
                self._play(self._steps[self._done % STEPS_A_MINUTE])
                self._done += 1
        except BarsBroken as error:
            self._broken = error
            raise
        finally:
            self.venue.commit()

    def _load(self) -> None:
        """The next bar's path; volume finer than a lot is carried from bar to bar."""
        bar = next(self._bars, None)
        self.played += self.bar is not None
        if bar is None:
            self.finished = True
            return
        self.bar = bar
        lots, self._carried = divmod(bar.volume + self._carried, self._market.rules.lot_units)
        shape = BarShape(
            self._ticks(bar.open), self._ticks(bar.high), self._ticks(bar.low), self._ticks(bar.close), lots
        )
        self._steps = path(shape, STEPS_A_MINUTE, self.rng)
        self._book.level_lots = max(1, lots // _LEVEL_SHARE)

    def _play(self, step: Step) -> None:
        """The trade comes first, at the old book's orders; then the book moves to stand around it."""
        before = step.ticks if self._at_ticks is None else self._at_ticks
        if step.ticks != before:
            self._rose = step.ticks > before
        self._at_ticks = step.ticks
        if step.lots:
            self._trade(step, taker_sold=not self._rose)
        self._stand_around(step.ticks)

    def _trade(self, step: Step, *, taker_sold: bool) -> None:
        matching, market, left = self.venue.matching, self._market, step.lots
        for order, size in self._book.hit(step.ticks, step.lots, buy=taker_sold):
            matching.fill_resting(order, size, market)
            left -= size
        if left:
            matching.print_recorded(market, step.ticks, left, buyer_is_maker=taker_sold)

    def _stand_around(self, ticks: int) -> None:
        """The last trade's price is the touch of the side it hit, the other side one tick away."""
        bid, ask = (ticks - 1, ticks) if self._rose else (ticks, ticks + 1)
        for buy, touch in ((True, bid), (False, ask)):
            wanted = {touch + away * (-1 if buy else 1) for away in _DISTANCES}
            wanted = {price for price in wanted if price > 0}
            for price, _ in list(self._book.recorded[buy]):
                if price not in wanted:
                    self._book.set_recorded(price, 0, buy=buy)
            for price in sorted(wanted):
                self._book.set_recorded(price, self._book.level_lots, buy=buy)
        if not self._book.is_open:
            self._book.open()
        while (found := self._book.crossing()) is not None:
            order, price, lots = found
            self._book.consume(price, lots, buy=not order.buy)
            self.venue.matching.fill_resting(order, lots, self._market)

    def _ticks(self, price: int) -> int:
        ticks, rest = divmod(price, self._market.rules.tick_units)
        if rest:
            raise BarsBroken(
                f"the price {from_units(price)} is off the grid of {self.symbol}", "serve it as a symbol with its tick"
            )
        return ticks


def _distances() -> tuple[int, ...]:
    away, found = 0.0, []
    for _ in range(_LEVELS):
        found.append(round(away))
        away = max(away + 1, away * _GAP)
    return tuple(found)


_DISTANCES = _distances()
