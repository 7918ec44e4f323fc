"""A recording played for a soak: what it is, the bot's sizes for its coin, and the market, watched as it plays."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import Any

from mm.config.loader import LoadedSettings, config_hash
from mm.config.settings import MmSettings
from mm.domain.errors import ConfigurationError
from mm.domain.events import BookSeen, Event
from mm.domain.instrument import from_units
from mm.exchange.venue.bar_replay import BarReplay
from mm.exchange.venue.bars import BarsBroken
from mm.exchange.venue.in_process import InProcessExchange
from mm.exchange.venue.recorded_book import QueueModel
from mm.exchange.venue.recording import ReplayBroken
from mm.exchange.venue.recordings import Recordings, replay_symbol
from mm.exchange.venue.symbol_rules import default_symbols
from mm.exchange.venue.venue import Venue
from mm.ports import EventSink
from mm.soak.book_watch import BookWatch

CAPTURE_STEP_MS = 100
BAR_STEP_MS = 250
_HOUR_MS = 3_600_000
_SIZES = (("strategy", "base_size"), ("strategy", "max_inventory"), ("risk", "max_position"))


@dataclass(frozen=True, slots=True)
class RecordedSoak:
    """`begins_ms` UTC, `hours` of it to play, `price` its first; `scaled` by what sizes in base were multiplied."""

    recordings: Recordings
    symbol: str
    begins_ms: int
    price: Decimal
    hours: float
    is_whole: bool
    loaded: LoadedSettings
    scaled: Decimal

    @property
    def step_ms(self) -> int:
        return BAR_STEP_MS if self.recordings.are_bars else CAPTURE_STEP_MS

    @property
    def name(self) -> str:
        return "recording"

    @property
    def description(self) -> str:
        """The market in a line."""
        names = ", ".join(file.name for file in self.recordings.files)
        sizes = "" if self.scaled == 1 else f"; the profile's sizes × {self.scaled:.4g}, worth the same in quote"
        return f"{self.symbol} from {names}{sizes}"

    @property
    def coarseness(self) -> str:
        """What is made up."""
        queue = f"{self.recordings.queue} queue"
        if self.recordings.are_bars:
            return f"open, high, low, close and volume of each minute are on record, all between is made up; {queue}"
        return f"every line at its receive time, seen by the bot in steps of a tenth of a second; {queue}"


def recorded_soak(
    loaded: LoadedSettings,
    files: tuple[Path, ...],
    *,
    hours: float | None,
    seed: int,
    from_ms: int | None,
    queue: QueueModel | None,
    serve_as: str | None,
) -> RecordedSoak:
    """`hours` None: a capture whole. The settings get the recording's symbol, and sizes of the same worth where that
    is another coin. Raises ConfigurationError.
    """
    symbol = replay_symbol(files[0], serve_as)
    recordings = Recordings(files, queue or loaded.settings.venue.queue, from_ms, seed)
    begins_ms, price_units = recordings.begins()
    price = from_units(price_units)
    whole = recordings.length_ms(None if hours is None else round(hours * _HOUR_MS)) / _HOUR_MS
    settings, scaled = _settings(loaded.settings, symbol, price)
    return RecordedSoak(
        recordings=recordings,
        symbol=symbol,
        begins_ms=begins_ms,
        price=price,
        hours=whole if hours is None else min(hours, whole),
        is_whole=hours is None or hours >= whole,
        loaded=replace(loaded, settings=settings, config_hash=config_hash(settings)),
        scaled=scaled,
    )


def _settings(settings: MmSettings, symbol: str, price: Decimal) -> tuple[MmSettings, Decimal]:
    listed = default_symbols()
    before, rules = listed.get(settings.symbol), listed[symbol]
    if before is None:
        raise ConfigurationError(f"the venue does not list {settings.symbol}", f"it lists {', '.join(listed)}")
    if before.base == rules.base:
        return settings.model_copy(update={"symbol": symbol}), Decimal(1)
    scaled = before.start_price / price
    values: dict[str, Any] = settings.model_dump() | {"symbol": symbol}
    for section, key in _SIZES:
        size = Decimal(values[section][key]) * scaled
        values[section][key] = max(rules.lot_size, size.quantize(rules.lot_size, ROUND_DOWN))
    return type(settings).model_validate(values), scaled


class RecordedMarket:
    """Plays the recording as the symbol's market and watches every step. A broken recording stands still and is told
    to `wrong`, once."""

    def __init__(self, venue: Venue, soak: RecordedSoak, wrong: Callable[[str], None]) -> None:
        self.playing = soak.recordings.market(venue, soak.symbol)
        self._venue = venue
        self._symbol = soak.symbol
        self._wrong = wrong
        self._is_broken = False
        self.watch: BookWatch | None = None

    def advance(self, now_ms: int) -> None:
        """Everything due by `now_ms` is played."""
        if self._is_broken:
            return
        try:
            self.playing.advance(now_ms)
        except (ReplayBroken, BarsBroken) as error:
            self._is_broken = True
            self._wrong(str(error))
            return
        if self.watch is not None:
            self.watch.look()
            return
        book = self._venue.market(self._symbol).book
        if book.best(buy=True) is not None and book.best(buy=False) is not None:
            self.watch = BookWatch(self._venue, self._symbol, self._wrong)

    @property
    def finished(self) -> bool:
        return self.playing.finished and not self._is_broken

    def said(self) -> str:
        """What was played and seen of it."""
        watch, played = self.watch, self.playing
        if watch is None:
            return "never had a book"
        if not self._is_broken:
            watch.look()
            watch.compare()
        what = (
            f"{played.played} bars"
            if isinstance(played, BarReplay)
            else f"{played.diffs} depth, {played.tickers} bookTicker, {played.trades} trade lines"
        )
        return (
            f"{what} played{', to the end' if self.finished else ''}; {watch.updates} depth updates followed, "
            f"{watch.compared} whole books equal, {watch.told} books told to the bot"
        )


class WatchedBooks(InProcessExchange):
    """What the bot is told passes the watch; a book that did not change is not told again, as on a depth stream."""

    recorded: RecordedMarket | None = None

    async def run(self, sink: EventSink) -> None:
        recorded = self.recorded
        if recorded is None:
            await super().run(sink)
            return

        def passing(event: Event) -> None:
            watch = recorded.watch
            if watch is not None and isinstance(event, BookSeen):
                watch.told_bot(event.book)
            sink(event)

        await super().run(passing)
