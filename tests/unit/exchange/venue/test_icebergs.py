"""Icebergs show a part of themselves, and each further part stands in line anew."""

from pathlib import Path

import pytest

from mm.exchange.venue.errors import VenueError
from mm.exchange.venue.store import Store
from tests.unit.exchange.venue.world import SYMBOL, World, d


def iceberg_and_another(store: Store | None = None) -> tuple[World, int, int, int]:
    world = World(store)
    maker, other, taker = (world.account(name) for name in ("maker", "other", "taker"))
    world.place(maker, "SELL", "0.05", price="3000", iceberg="0.02", client_id="ice")
    world.sell(other, "3000", "0.03", client_id="plain")
    return world, maker, other, taker


def test_only_a_part_is_shown_and_all_of_it_is_held() -> None:
    world, maker, _, _ = iceberg_and_another()
    assert world.venue.depth(SYMBOL).asks == ((d("3000"), d("0.05")),)
    assert world.balance(maker, "ETH")[1] == d("0.05")
    assert world.venue.order(maker, SYMBOL, orig_client_id="ice").iceberg == d("0.02")


def test_a_refill_goes_behind_those_who_wait() -> None:
    world, maker, other, taker = iceberg_and_another()
    taken = world.buy(taker, "3000", "0.07")
    assert [fill.quantity for fill in taken.fills] == [d("0.02"), d("0.03"), d("0.02")]
    assert world.status(other, world.venue.order(other, SYMBOL, orig_client_id="plain")) == "FILLED"
    assert world.venue.order(maker, SYMBOL, orig_client_id="ice").executed == d("0.04")
    assert world.venue.depth(SYMBOL).asks == ((d("3000"), d("0.01")),)


def test_a_part_taken_keeps_its_place_until_it_is_gone(tmp_path: Path) -> None:
    world, maker, _, taker = iceberg_and_another(Store(tmp_path / "venue.db"))
    world.buy(taker, "3000", "0.01")
    assert world.venue.depth(SYMBOL).asks == ((d("3000"), d("0.04")),)
    again = World(Store(tmp_path / "venue.db"))
    assert again.venue.depth(SYMBOL).asks == ((d("3000"), d("0.04")),)
    assert [fill.quantity for fill in again.buy(taker, "3000", "0.02").fills] == [d("0.01"), d("0.01")]
    assert again.venue.order(maker, SYMBOL, orig_client_id="ice").executed == d("0.02")
    killed_again = World(Store(tmp_path / "venue.db"))
    assert killed_again.venue.depth(SYMBOL).asks == ((d("3000"), d("0.04")),)
    killed_again.buy(taker, "3000", "0.02")  # the plain order is in front now
    assert killed_again.venue.order(maker, SYMBOL, orig_client_id="ice").executed == d("0.02")


def test_an_amend_lowers_what_is_hidden_first() -> None:
    world, maker, other, _ = iceberg_and_another()
    world.venue.cancel(other, SYMBOL, orig_client_id="plain")
    world.venue.amend(maker, SYMBOL, d("0.03"), orig_client_id="ice", new_client_id="ice")
    assert world.venue.depth(SYMBOL).asks == ((d("3000"), d("0.02")),)
    world.venue.amend(maker, SYMBOL, d("0.01"), orig_client_id="ice", new_client_id="ice")
    assert world.venue.depth(SYMBOL).asks == ((d("3000"), d("0.01")),)
    assert world.balance(maker, "ETH")[1] == d("0.01")
    world.venue.cancel(maker, SYMBOL, orig_client_id="ice")
    assert world.venue.depth(SYMBOL).asks == ()


@pytest.mark.parametrize(
    ("kind", "size", "iceberg", "force", "words"),
    [
        ("LIMIT", "1", "0.0099", None, "-1013 Filter failure: ICEBERG_PARTS"),
        ("LIMIT", "1", "0.00001", None, "-1013 Filter failure: LOT_SIZE"),
        ("LIMIT", "1", "1.0001", None, "-2010 IcebergQty exceeds QTY."),
        ("LIMIT", "1", "0.5", "IOC", "-1014 Unsupported order combination."),
        ("MARKET", "1", "0.5", None, "-1106 Parameter 'icebergQty' sent when not required."),
    ],
)
def test_a_wrong_iceberg_is_refused(kind: str, size: str, iceberg: str, force: str | None, words: str) -> None:
    world = World()
    uid = world.account("maker")
    price = "3000" if kind == "LIMIT" else None
    with pytest.raises(VenueError) as refusal:
        world.place(uid, "SELL", size, kind, price=price, iceberg=iceberg, force=force)
    assert str(refusal.value) == words


def test_too_many_icebergs_are_refused() -> None:
    world = World()
    uid = world.account("maker")
    for number in range(25):
        world.place(uid, "SELL", "0.02", price=f"30{number:02}", iceberg="0.01")
    with pytest.raises(VenueError) as refusal:
        world.place(uid, "SELL", "0.02", price="3100", iceberg="0.01")
    assert str(refusal.value) == "-1013 Filter failure: MAX_NUM_ICEBERG_ORDERS"
    assert world.sell(uid, "3100", "0.02").status == "NEW"
