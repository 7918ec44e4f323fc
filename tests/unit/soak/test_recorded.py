"""Soaks on recorded markets: played whole and watched; what breaks in them is told."""

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mm.cli.records import settings_of
from mm.cli.soak import played
from mm.domain.book import Book
from mm.domain.errors import ConfigurationError
from mm.exchange.venue.symbol_rules import default_symbols
from mm.exchange.venue.venue import Venue
from mm.exchange.venue.views import NewOrder
from mm.home import Home
from mm.soak.book_watch import BookWatch
from mm.soak.recorded_market import recorded_soak
from mm.soak.report import lines
from mm.soak.result import SoakResult
from mm.soak.spec import SoakSpec

NEXO = "binance_spot_nexousdt_20240723.raw.gz"
SYMBOL = "ETHUSDC"
HEAD = "open_time,open,high,low,close,volume\n"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MM_HOME", str(tmp_path / "home"))


def capture(folder: Path, minutes: int, *, gap_at: int = -1, crossed_at: int = -1) -> Path:
    """A depth diff and a trade each second; the bid's size changes each time."""
    path = folder / "capture_ethusdc.raw.gz"
    rows = [["3000.00000000", "5.00000000"]], [["3001.00000000", "5.00000000"]]
    snapshot: dict[str, Any] = {"lastUpdateId": 100, "bids": rows[0], "asks": rows[1]}
    with gzip.open(path, "wt") as file:
        at = 1_723_161_254_000_000_000
        file.write(f"{at} {json.dumps(snapshot)}\n")
        for second in range(1, minutes * 60 + 1):
            at += 1_000_000_000
            update = 100 + second + (second >= gap_at > 0)
            bid = "3001.00000000" if second == crossed_at else "3000.00000000"
            data = {"U": update, "u": update, "b": [[bid, f"{5 + second % 7}.00000000"]], "a": []}
            file.write(f"{at} {json.dumps({'stream': 'ethusdc@depth@100ms', 'data': data})}\n")
            data = {"p": "3000.00000000", "q": "0.01000000", "m": True}
            file.write(f"{at} {json.dumps({'stream': 'ethusdc@trade', 'data': data})}\n")
    return path


def soaked(*files: Path, hours: float = 0.0, queue: Any = "", begin: str = "") -> SoakResult:
    return played(
        SoakSpec(hours, "100usdc", 3, restarts=False, replay=tuple(map(str, files)), queue=queue, replay_from=begin)
    )


def test_a_capture_is_played_whole_and_the_same_way_each_time(tmp_path: Path) -> None:
    found = soaked(capture(tmp_path, 2))
    assert found.holds, found.violations
    assert "120 depth, 0 bookTicker, 120 trade lines played, to the end" in found.recording
    assert found.orders > 0
    told = "\n".join(lines(found))
    assert "mm soak" not in told
    assert "ETHUSDC from capture_ethusdc.raw.gz" in told
    assert soaked(capture(tmp_path, 2)).trace == found.trace


@pytest.mark.parametrize(("broken", "words"), [({"gap_at": 60}, "gap"), ({"crossed_at": 60}, "crossed")])
def test_a_broken_capture_is_a_violation_of_its_own(tmp_path: Path, broken: dict[str, int], words: str) -> None:
    found = soaked(capture(tmp_path, 2, **broken))
    assert {each.invariant for each in found.violations} == {"market"}
    assert words in found.violations[0].text
    (command,) = (line for line in lines(found) if "play it again" in line)
    assert command.endswith(
        f"mm soak --profile 100usdc --seed 3 --no-restarts --replay {tmp_path}/capture_ethusdc.raw.gz"
    )


def test_the_nexo_capture_in_its_own_coin(shared_data: Path) -> None:
    """Its first file, twenty minutes."""
    found = soaked(shared_data / NEXO)
    assert found.holds, found.violations
    assert "1188 depth, 437 bookTicker, 178 trade lines played, to the end" in found.recording
    assert "NEXOUSDT" in found.scenario
    assert found.orders > 20
    assert found.active_share > 0.9


def test_bars_begin_at_their_moment_and_end_with_the_last(tmp_path: Path) -> None:
    path = tmp_path / "x_ethusdc_1m.csv"
    rows = [f"2024-08-05 00:{minute:02}:00,3000,3001,2999,3000,5\n" for minute in range(30)]
    path.write_text(HEAD + "".join(rows))
    found = soaked(path, hours=48, begin="2024-08-05T00:25Z")
    assert found.holds, found.violations
    assert found.recording.startswith("5 bars played, to the end")
    assert found.speed.virtual_hours == pytest.approx(5 / 60, abs=0.01)


def test_sizes_are_worth_the_same_in_another_coin(tmp_path: Path) -> None:
    path = tmp_path / "x_nexousdt_1m.csv"
    path.write_text(HEAD + "2024-08-05 00:00:00,1.2,1.3,1.1,1.2,5\n")
    loaded = settings_of(Home(tmp_path / "home"), "100usdc")
    given: dict[str, Any] = {"hours": 1, "seed": 1, "from_ms": None, "queue": None, "serve_as": None}
    found = recorded_soak(loaded, (path,), **given)
    before, after = loaded.settings, found.loaded.settings
    assert (found.symbol, after.symbol, found.scaled) == ("NEXOUSDT", "NEXOUSDT", Decimal(2500))
    assert after.strategy.base_size == before.strategy.base_size * 2500
    assert after.strategy.max_inventory == before.strategy.max_inventory * 2500
    assert after.risk.max_position == before.risk.max_position * 2500
    assert found.loaded.config_hash != loaded.config_hash
    with pytest.raises(ConfigurationError, match="does not list XYZUSDT"):
        recorded_soak(loaded, (path,), **(given | {"serve_as": "XYZUSDT"}))


class Watched:
    def __init__(self) -> None:
        self.venue = Venue(default_symbols(), lambda: 1_700_000_000_000)
        plenty = {"USDC": Decimal(10**6), "ETH": Decimal(100)}
        self.uid = self.venue.open_account(plenty, Decimal(0), Decimal(0), "k").uid
        self.place("BUY", "2999")
        self.place("SELL", "3001")
        self.wrong: list[str] = []
        self.watch = BookWatch(self.venue, SYMBOL, self.wrong.append)

    def place(self, side: str, price: str) -> None:
        order = NewOrder(symbol=SYMBOL, side=side, type="LIMIT", price=Decimal(price), quantity=Decimal("0.1"))
        self.venue.place(self.uid, NewOrder(**{**_fields(order), "time_in_force": "GTC"}))


def _fields(order: NewOrder) -> dict[str, Any]:
    return {name: getattr(order, name) for name in ("symbol", "side", "type", "price", "quantity")}


def test_a_followed_book_is_the_venues() -> None:
    seen = Watched()
    for price in ("2998", "2999.5", "2999.5"):
        seen.place("BUY", price)
        seen.watch.look()
    seen.watch.compare()
    assert (seen.watch.updates, seen.watch.compared, seen.wrong) == (3, 1, [])


def test_an_update_that_somebody_else_took_is_a_gap() -> None:
    seen = Watched()
    seen.place("BUY", "2998")
    seen.venue.drain_depth(SYMBOL)
    seen.place("BUY", "2997")
    seen.watch.look()
    seen.watch.compare()
    assert "a gap" in seen.wrong[0]
    assert "rebuilt bids are not the venue's" in seen.wrong[1]


def test_a_change_without_an_update_is_a_difference() -> None:
    seen = Watched()
    book: Any = seen.venue.market(SYMBOL).book
    note = book.log.note
    book.log.__class__.note, kept = (lambda *_a, **_k: None), book.log.__class__.note
    try:
        seen.place("BUY", "2999.5")
    finally:
        book.log.__class__.note = kept
    note(1, buy=True)
    seen.watch.look()
    assert "not the venue's touch" in seen.wrong[0]


def test_what_the_bot_is_told_must_not_go_back_or_be_crossed() -> None:
    seen = Watched()
    low, high = ((10, 1),), ((11, 1),)
    seen.watch.told_bot(Book(low, high, 5))
    seen.watch.told_bot(Book(low, high, 5))
    assert seen.wrong == []
    seen.watch.told_bot(Book(low, high, 4))
    seen.watch.told_bot(Book(high, high, 6))
    assert "book 4 after 5" in seen.wrong[0]
    assert "crossed book 6" in seen.wrong[1]
    assert seen.watch.told == 4
