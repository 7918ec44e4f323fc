"""Commission: of what is received, or in BNB at a discount while there is enough of it."""

from decimal import Decimal
from pathlib import Path

from mm.exchange.venue.store import Store
from tests.unit.exchange.venue.world import SYMBOL, World, d


def traders(bnb: str, store: Store | None = None) -> tuple[World, int, int]:
    world = World(store)
    deposits = {"USDC": d("1000"), "ETH": d("1"), "BNB": d(bnb)}
    maker = world.venue.open_account(deposits, d("0.001"), d("0.002"), "maker").uid
    taker = world.venue.open_account(deposits, d("0.001"), d("0.002"), "taker").uid
    return world, maker, taker


def fees(world: World, uid: int) -> list[tuple[str, Decimal]]:
    return [(trade.commission_asset, trade.commission) for trade in world.venue.my_trades(uid, SYMBOL)]


def test_fees_are_of_what_is_received_unless_the_account_burns_bnb() -> None:
    world, maker, taker = traders("1")
    world.sell(maker, "3000", "0.02")
    world.buy(taker, "3000", "0.02")
    assert fees(world, maker) == [("USDC", d("0.06"))]
    assert fees(world, taker) == [("ETH", d("0.00004"))]
    assert not world.venue.account(maker).burns_bnb


def test_in_bnb_the_fee_is_three_quarters_at_the_price_of_bnb() -> None:
    """60 USDC × 0.1 % × 0.75 at 600 USDC a BNB; the taker 0.2 %."""
    world, maker, taker = traders("1")
    for uid in (maker, taker):
        world.venue.burn_bnb(uid, burns=True)
    world.sell(maker, "3000", "0.02")
    world.buy(taker, "3000", "0.02")
    assert fees(world, maker) == [("BNB", d("0.000075"))]
    assert fees(world, taker) == [("BNB", d("0.00015"))]
    assert world.balance(maker, "USDC")[0] == d("1060")
    assert world.balance(taker, "ETH")[0] == d("1.02")
    assert [b.free for b in world.venue.account(taker).balances if b.asset == "BNB"] == [d("0.99985")]


def test_without_enough_bnb_the_full_fee_comes_off_what_is_received() -> None:
    world, maker, taker = traders("0.0001")
    world.venue.burn_bnb(taker, burns=True)
    world.sell(maker, "3000", "0.03")
    world.buy(taker, "3000", "0.01")
    world.buy(taker, "3000", "0.02")
    assert fees(world, taker) == [("BNB", d("0.000075")), ("ETH", d("0.00004"))]


def test_the_choice_is_durable(tmp_path: Path) -> None:
    world, maker, taker = traders("1", Store(tmp_path / "venue.db"))
    world.venue.burn_bnb(taker, burns=True)
    again = World(Store(tmp_path / "venue.db"))
    assert again.venue.account(taker).burns_bnb
    assert not again.venue.account(maker).burns_bnb
