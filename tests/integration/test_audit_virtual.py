"""The audit of a whole run against the venue: clean as it is, and every tampering is found."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from mm.clock.simulated import SimulatedClock, run_virtual
from mm.domain.errors import LedgerError
from mm.domain.order import OrderIntent
from mm.exchange.venue.views import NewOrder
from mm.execution.client_order_id import prefix
from mm.ledger.queries import LedgerQueries
from mm.review.audit import Audit, audit
from mm.review.audit_reader import read_exchange, read_ledger
from mm.review.clock_gap import ClockGap
from tests.fakes.world import START_NS, SYMBOL, World

Tampering = Callable[[World, str], None]


@dataclass
class Played:
    audit: Audit
    world: World


def play(folder: Path, tamper: Tampering = lambda world, own: None) -> Played:
    """Five minutes with some lost and some unanswered orders, then `tamper(world, own prefix)`, then the audit."""
    clock = SimulatedClock(START_NS)
    made: list[Played] = []

    def fault(intent: OrderIntent) -> str:
        return {3: "lost", 5: "unanswered"}.get(int(intent.client_id.rsplit("-", 1)[1], 36) % 16, "")

    async def main() -> None:
        world = World(folder, clock)
        world.exchange.fault = fault
        async with world.run(timedelta(minutes=5)) as run:
            await run.go()
        with LedgerQueries(world.home.ledger) as ledger:
            own = prefix(ledger.tag())
            tamper(world, own)
            theirs = await read_exchange(
                world.exchange,
                ledger,
                own,
                account_epoch=1,
                clocks=ClockGap(0, 1),
                now=datetime.fromtimestamp(clock.now() / 1e9, UTC),
            )
            mine = read_ledger(ledger, own, 10**6, account_epoch=1)
        made.append(Played(audit(mine, theirs), world))

    run_virtual(main(), clock=clock)
    return made[0]


def place(world: World, client_id: str) -> None:
    order = NewOrder(
        symbol=SYMBOL,
        side="BUY",
        type="LIMIT_MAKER",
        quantity=Decimal("0.002"),
        price=Decimal(2700),
        client_id=client_id,
    )
    world.venue.place(world.account.uid, order)


def place_and_cancel(world: World, client_id: str) -> None:
    place(world, client_id)
    world.venue.cancel(world.account.uid, SYMBOL, orig_client_id=client_id)


def test_a_run_with_faults_is_clean_and_every_order_was_looked_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mm.review.audit_reader.PAGE", 7)
    played = play(tmp_path)
    found = played.audit
    assert found.differences == ()
    orders = played.world.venue.all_orders(played.world.account.uid, SYMBOL, limit=1000)
    assert found.exchange_orders == len(orders) > 2 * 7  # three pages
    assert found.intents - found.never_placed == found.exchange_orders
    assert found.never_placed > 0
    assert found.fills == found.exchange_fills > 2


def test_an_order_closed_without_a_fill_and_never_intended_is_found(tmp_path: Path) -> None:
    def tamper(world: World, own: str) -> None:
        place_and_cancel(world, own + "zzzz")
        place_and_cancel(world, "by-hand")

    found = play(tmp_path, tamper).audit
    assert [(each.invariant, each.subject[-4:]) for each in found.differences] == [("I1", "zzzz")]
    assert found.foreign_orders == 1


def test_a_second_order_of_an_ended_id_is_found(tmp_path: Path) -> None:
    def tamper(world: World, own: str) -> None:
        place_and_cancel(world, own + "1")

    found = play(tmp_path, tamper).audit
    assert [each.invariant for each in found.differences if "several orders" in each.text] == ["I2"]


def test_an_account_opened_anew_is_said_and_not_compared(tmp_path: Path) -> None:
    def tamper(world: World, own: str) -> None:
        fee = Decimal("0.001")
        world.exchange.uid = world.venue.open_account({"USDC": Decimal(100)}, fee, fee, "another").uid

    with pytest.raises(LedgerError, match="there is nothing to compare on sim"):
        play(tmp_path, tamper)
