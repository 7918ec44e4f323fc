"""Recorded markets: queues, fills and consumption, on captures small enough to check by hand, and on real ones."""

import gzip
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mm.exchange.venue.errors import VenueError
from mm.exchange.venue.recorded_book import QueueModel
from mm.exchange.venue.replay import Replay, ReplayBroken
from tests.unit.exchange.venue.world import SYMBOL, World, d

T0 = 1_723_161_254_000_000_000
SNAPSHOT = {
    "lastUpdateId": 100,
    "bids": [["2999.00", "5"], ["2998.00", "7"], ["2990.00", "50"]],
    "asks": [["3001.00", "4"], ["3002.00", "6"], ["3010.00", "50"]],
}
Rows = list[list[str]]


def eight(rows: Rows) -> Rows:
    return [[f"{Decimal(price):.8f}", f"{Decimal(size):.8f}"] for price, size in rows]


def depth(first: int, last: int, bids: Rows = [], asks: Rows = []) -> dict[str, Any]:  # noqa: B006 - only read
    data = {"e": "depthUpdate", "E": 1, "s": "ETHUSDT", "U": first, "u": last, "b": eight(bids), "a": eight(asks)}
    return {"stream": "ethusdt@depth@100ms", "data": data}


def trade(price: str, size: str, *, sold: bool) -> dict[str, Any]:
    data = {"e": "trade", "p": f"{Decimal(price):.8f}", "q": f"{Decimal(size):.8f}", "m": sold}
    return {"stream": "ethusdt@trade", "data": data}


def ticker(update: int, bid: tuple[str, str], ask: tuple[str, str]) -> dict[str, Any]:
    data = {"u": update, "b": bid[0], "B": bid[1], "a": ask[0], "A": ask[1]}
    return {"stream": "ethusdt@bookTicker", "data": data}


class Tape:
    """One message a second, the snapshot first; the file ends with a line far away so that the book stays open."""

    def __init__(self, folder: Path, *messages: dict[str, Any], queue: QueueModel = "conservative") -> None:
        self.world = World()
        self.file = folder / "capture.raw.gz"
        write(self.file, [SNAPSHOT, *messages])
        self.uid = self.world.account("maker", fee=Decimal(0))
        self.replay = Replay(self.world.venue, SYMBOL, [self.file], queue=queue)
        self.replay.advance(self.world.now)

    def next(self) -> None:
        self.world.now += 1000
        self.replay.advance(self.world.now)

    def executed(self) -> Decimal:
        return sum((t.quantity for t in self.world.venue.account_trades(self.uid)), Decimal(0))


def write(path: Path, messages: list[dict[str, Any]], unit: int = 1) -> None:
    with gzip.open(path, "wt") as lines:
        for number, message in enumerate(messages):
            lines.write(f"{(T0 + number * 1_000_000_000) // unit} {json.dumps(message)}\n")


def test_the_book_is_the_recorded_one_plus_own_orders(tmp_path: Path) -> None:
    tape = Tape(tmp_path, depth(101, 103, [["2999.00", "2"], ["2998.00", "0"]], [["3000.50", "1"]]))
    tape.world.buy(tape.uid, "2999.00", "0.5")
    tape.next()
    book = tape.world.venue.depth(SYMBOL)
    assert book.bids == ((d("2999"), d("2.5")), (d("2990"), d("50")))
    assert book.asks[0] == (d("3000.50"), d("1"))
    assert tape.replay.finished


def test_an_order_waits_for_the_whole_recorded_size_in_front(tmp_path: Path) -> None:
    trades = [trade("2999.00", "3", sold=True), trade("2999.00", "2", sold=True), trade("2999.00", "0.3", sold=True)]
    tape = Tape(tmp_path, *trades)
    order = tape.world.buy(tape.uid, "2999.00", "0.5", kind="LIMIT_MAKER")
    for executed in ("0", "0", "0.3"):
        tape.next()
        assert tape.executed() == d(executed)
    (fill,) = tape.world.venue.account_trades(tape.uid)
    assert (fill.price, fill.is_maker) == (d("2999"), True)
    assert tape.world.status(tape.uid, order) == "PARTIALLY_FILLED"


def test_trades_on_the_other_side_or_at_worse_prices_move_nothing(tmp_path: Path) -> None:
    tape = Tape(tmp_path, trade("2999.00", "50", sold=False), trade("3000.00", "50", sold=True))
    tape.world.buy(tape.uid, "2999.00", "0.5")
    tape.next()
    tape.next()
    assert tape.executed() == 0


@pytest.mark.parametrize(
    ("queue", "size_left", "hit", "executed"),
    [
        ("conservative", "4", "4", "0"),  # one canceled of five: all five stay ahead but no more than four are shown
        ("conservative", "4", "4.2", "0.2"),
        ("conservative", "1", "1.2", "0.2"),  # the level shrank below what was ahead
        ("proportional", "4", "4.2", "0.2"),
        ("optimistic", "4", "4.2", "0.2"),
    ],
)
def test_cancels_shorten_the_queue_only_as_far_as_they_must(
    tmp_path: Path, queue: QueueModel, size_left: str, hit: str, executed: str
) -> None:
    tape = Tape(tmp_path, depth(101, 101, [["2999.00", size_left]]), trade("2999.00", hit, sold=True), queue=queue)
    tape.world.buy(tape.uid, "2999.00", "0.5")
    tape.next()
    tape.next()
    assert tape.executed() == d(executed)


@pytest.mark.parametrize(("queue", "executed"), [("conservative", "0"), ("proportional", "0.4"), ("optimistic", "0.5")])
def test_the_default_queue_is_the_later_one(tmp_path: Path, queue: QueueModel, executed: str) -> None:
    """Size that joined behind and a cancel somewhere: behind the order, shared, or in front of it."""
    tape = Tape(
        tmp_path,
        depth(101, 101, [["2999.00", "10"]]),
        depth(102, 102, [["2999.00", "6"]]),  # four of ten gone: 5 × 4/10 = 2 of them ahead
        trade("2999.00", "3.4", sold=True),
        queue=queue,
    )
    tape.world.buy(tape.uid, "2999.00", "0.5")
    for _ in range(3):
        tape.next()
    assert tape.executed() == d(executed)


def test_a_trade_is_counted_once_for_the_queue_not_again_when_the_level_shrinks(tmp_path: Path) -> None:
    tape = Tape(
        tmp_path,
        depth(101, 101, [["2999.00", "9"]]),
        trade("2999.00", "3", sold=True),
        depth(102, 102, [["2999.00", "6"]]),
        trade("2999.00", "2.1", sold=True),
        queue="proportional",
    )
    tape.world.buy(tape.uid, "2999.00", "0.5")
    for _ in range(4):
        tape.next()
    assert tape.executed() == d("0.1")


def test_a_trade_through_the_price_fills_at_the_orders_own_price(tmp_path: Path) -> None:
    tape = Tape(tmp_path, trade("2998.00", "0.2", sold=True), trade("2997.00", "9", sold=True))
    tape.world.buy(tape.uid, "2999.00", "0.5")
    tape.next()
    tape.next()
    fills = tape.world.venue.account_trades(tape.uid)
    assert [(fill.price, fill.quantity) for fill in fills] == [(d("2999"), d("0.2")), (d("2999"), d("0.3"))]
    public = tape.world.venue.trades(SYMBOL)
    assert [(t.price, t.quantity) for t in public] == [
        (d("2999"), d("0.2")),
        (d("2999"), d("0.3")),
        (d("2997"), d("8.7")),
    ]


@pytest.mark.parametrize("message", ["depth", "ticker"])
def test_a_recorded_book_that_reaches_the_price_fills(tmp_path: Path, message: str) -> None:
    gone: Rows = [["2999.00", "0"], ["2998.00", "0"]]
    if message == "depth":
        crossing = depth(101, 104, gone, [["2998.50", "0.2"]])
    else:
        crossing = ticker(101, ("2990.00000000", "50.00000000"), ("2998.50000000", "0.20000000"))
    tape = Tape(tmp_path, crossing)
    tape.world.buy(tape.uid, "2999.00", "0.5")
    tape.next()
    (fill,) = tape.world.venue.account_trades(tape.uid)
    assert (fill.price, fill.quantity, fill.is_maker) == (d("2999"), d("0.2"), True)
    assert tape.world.venue.depth(SYMBOL).asks[0][0] == d("3001")


def test_two_own_orders_never_take_the_same_recorded_size(tmp_path: Path) -> None:
    tape = Tape(tmp_path, trade("2999.00", "5.4", sold=True), trade("2998.50", "0.3", sold=True))
    first = tape.world.buy(tape.uid, "2999.00", "0.3")
    second = tape.world.buy(tape.uid, "2999.00", "0.3")
    tape.next()
    assert tape.executed() == d("0.4")
    assert tape.world.status(tape.uid, first) == "FILLED"
    tape.next()
    assert tape.executed() == d("0.6")
    assert tape.world.status(tape.uid, second) == "FILLED"


def test_a_trade_through_several_own_prices_gives_its_size_away_once_the_best_price_first(tmp_path: Path) -> None:
    tape = Tape(tmp_path, trade("2997.00", "0.3", sold=True))
    lower = tape.world.buy(tape.uid, "2998.50", "0.2")
    upper = tape.world.buy(tape.uid, "2999.00", "0.2")
    tape.next()
    assert tape.executed() == d("0.3")
    assert tape.world.status(tape.uid, upper) == "FILLED"
    assert tape.world.status(tape.uid, lower) == "PARTIALLY_FILLED"
    assert [t.quantity for t in tape.world.venue.trades(SYMBOL)] == [d("0.2"), d("0.1")]


def test_a_taker_eats_displayed_size_that_stays_eaten(tmp_path: Path) -> None:
    tape = Tape(tmp_path, depth(101, 101, [], [["3001.00", "3.9"]]), depth(102, 102, [], [["3001.00", "1"]]))
    taken = tape.world.market(tape.uid, "BUY", "5")
    assert taken.quote_executed == d("4") * 3001 + d("1") * 3002
    assert tape.world.venue.depth(SYMBOL).asks[0] == (d("3002"), d("5"))
    tape.next()
    assert tape.world.venue.depth(SYMBOL).asks[0] == (d("3002"), d("5"))
    tape.next()
    with pytest.raises(VenueError):  # 3001 is still eaten, 3002 is what a post-only bid would take
        tape.world.buy(tape.uid, "3002.00", "0.01", kind="LIMIT_MAKER")
    assert tape.world.buy(tape.uid, "3001.00", "0.01", kind="LIMIT_MAKER").status == "NEW"


def test_orders_placed_before_the_snapshot_join_behind_it(tmp_path: Path) -> None:
    world = World()
    uid = world.account("maker", fee=Decimal(0))
    order = world.buy(uid, "2999.00", "0.5")
    path = tmp_path / "capture.raw.gz"
    early = depth(95, 99, [["2999.00", "1"]])
    write(path, [early, depth(100, 101, [["2999.00", "2"]]), SNAPSHOT, trade("2999.00", "2.1", sold=True)])
    replay = Replay(world.venue, SYMBOL, [path])
    for _ in range(4):
        replay.advance(world.now)
        world.now += 1000
    assert world.venue.depth(SYMBOL).bids[0] == (d("2999"), d("2.4"))
    assert world.venue.order(uid, SYMBOL, order.order_id).executed == d("0.1")


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (depth(102, 103), "gap"),
        (depth(100, 103, [["3001.00", "1"]]), "crossed"),
        (depth(101, 103, [["3001.00", "1"]]), "crossed"),
        (depth(101, 103, [["2999.001", "1"]]), "off the grid"),
        (depth(101, 103), "line 3"),
    ],
)
def test_a_broken_recording_is_told_loudly_and_stays_broken(
    tmp_path: Path, message: dict[str, Any], words: str
) -> None:
    tape = Tape(tmp_path, message, {"stream": "ethusdt@trade", "data": {}})
    for _ in range(2):
        with pytest.raises(ReplayBroken, match=words):
            tape.next()
    assert not tape.replay.finished


def test_a_later_gap_is_seen_too(tmp_path: Path) -> None:
    tape = Tape(tmp_path, depth(90, 103), depth(103, 104))
    tape.next()
    with pytest.raises(ReplayBroken, match="gap"):
        tape.next()


def test_no_capture_no_replay(tmp_path: Path) -> None:
    for name, content in (
        ("text.raw.gz", b"hello"),
        ("empty.raw.gz", gzip.compress(b"")),
        ("x.gz", gzip.compress(b"1 2")),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match="no readable capture"):
            Replay(World().venue, SYMBOL, [tmp_path / name])
    with pytest.raises(ValueError, match="no readable capture"):
        Replay(World().venue, SYMBOL, [tmp_path / "absent.raw.gz"])


def test_a_truncated_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "capture.raw.gz"
    write(path, [SNAPSHOT, *[depth(101 + n, 101 + n, [["2990.00", str(n + 1)]]) for n in range(3000)]])
    path.write_bytes(path.read_bytes()[:-500])
    world = World()
    replay = Replay(world.venue, SYMBOL, [path])
    replay.advance(world.now)
    with pytest.raises(ReplayBroken, match=r"capture\.raw\.gz"):
        replay.advance(world.now + 4_000_000)


@pytest.mark.parametrize("unit", [1, 1000])
def test_paced_by_the_receive_time_in_nano_or_microseconds(tmp_path: Path, unit: int) -> None:
    path = tmp_path / "capture.raw.gz"
    write(path, [SNAPSHOT, trade("2999.00", "1", sold=True), trade("2999.00", "1", sold=True)], unit)
    world = World()
    replay = Replay(world.venue, SYMBOL, [path])
    seen = []
    for _ in range(5):
        replay.advance(world.now)
        seen.append((replay.trades, replay.finished))
        world.now += 500
    assert seen == [(0, False), (0, False), (1, False), (1, False), (2, True)]


SHARED = Path(os.environ.get("MM_SHARED", Path(__file__).parents[5] / "shared")) / "data"
REAL = [SHARED / f"binance_spot_ethusdt_2024080{day}.raw.gz" for day in (8, 9)]


@pytest.mark.skipif(not all(path.exists() for path in REAL), reason=f"no recorded data under {SHARED}")
def test_real_recording_has_no_gap_no_crossed_book_and_all_its_messages() -> None:
    world = World()
    replay = Replay(world.venue, SYMBOL, REAL)
    assert world.venue.drain_depth(SYMBOL) is None
    last = world.venue.depth(SYMBOL).last_update_id
    while not replay.finished:
        replay.advance(world.now)
        change = world.venue.drain_depth(SYMBOL)
        if change is not None:
            assert change.first_update_id == last + 1
            last = change.last_update_id
        world.now += 1000
    assert (replay.tickers, replay.diffs, replay.trades) == (58_758, 6_470, 14_515)  # as its manifest says
    assert world.venue.ticker_24h(SYMBOL).trades == 14_515
    top = world.venue.book_ticker(SYMBOL)
    assert d("2600") < top.bid < top.ask < d("2800")
