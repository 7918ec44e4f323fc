"""`mm stop --flatten`: what the bot holds is sold after the proof, on record, and the next start knows it."""

import signal
import sqlite3
import time
from contextlib import closing
from decimal import Decimal
from functools import partial
from pathlib import Path

from mm.ledger.queries import LedgerQueries
from tests.e2e.commands import EAGER, LIVELY, Background, Commands, person, until

FAST = {**EAGER, "MM__EXCHANGE__RECV_WINDOW": "500ms", "MM__EXCHANGE__FENCE_MARGIN": "100ms"}
ENOUGH = Decimal("0.0018")
"""Base worth 5.40 USDC: the exchange takes orders from 5 on."""


def held(commands: Commands) -> Decimal:
    ledger = commands.home / "sim" / "ledger.db"
    if not ledger.exists():
        return Decimal(0)
    with LedgerQueries(ledger) as queries:
        positions = queries.positions(last=1)
    return positions[0].base if positions else Decimal(0)


def freeze_holding(commands: Commands, bot: Background) -> bool:
    """True once the bot stands still and has base worth selling."""
    if held(commands) < ENOUGH:
        return False
    bot.send(signal.SIGSTOP)
    time.sleep(0.1)
    if held(commands) >= ENOUGH:
        return True
    bot.send(signal.SIGCONT)  # it was about to sell it
    return False


def test_emergency_sells_what_the_bot_holds_or_nothing_without_the_ledger(tmp_path: Path) -> None:
    """Both at a time: the fence is waited for once."""
    with person(tmp_path / "sells", FAST) as sells, person(tmp_path / "locked", FAST) as locked:
        bots = [each.begin(*LIVELY) for each in (sells, locked)]
        for each, bot in ((sells, bots[0]), (locked, bots[1])):
            until(partial(freeze_holding, each, bot), "base worth selling")
        with closing(sqlite3.connect(locked.home / "sim" / "ledger.db", timeout=10, isolation_level=None)) as other:
            bots[1].process.kill()
            bots[1].process.wait(10)
            other.execute("BEGIN EXCLUSIVE")
            stops = [each.begin("stop", "--emergency", "--flatten", "--json", "--sim") for each in (sells, locked)]
            ended = [stop.ended() for stop in stops]

        assert ended[0].code == 0, str(ended[0])
        report = ended[0].content
        assert report["proven"] is True
        sale = report["flatten"]
        assert Decimal(sale["sold"]) >= ENOUGH, str(ended[0])
        assert Decimal(sale["left"]) < ENOUGH
        assert Decimal(sale["quote"]) > 5
        assert len(sale["orders"]) == 1
        assert held(sells) == Decimal(sale["left"])
        assert min(Decimal(trade["price"]) for trade in sells.venue.trades()[-1:]) >= Decimal(sale["floor"])
        sells.agree()  # books and exchange tell the same without another start

        assert ended[1].code == 9, str(ended[1])
        refused = ended[1].content
        assert (refused["proven"], refused["flatten"]["sold"]) == (True, "0")
        assert "NOTHING SOLD" in ended[1].err
        assert locked.venue.open_orders() == []
        assert not any(order["timeInForce"] == "IOC" for order in locked.venue.all_orders())

        sells.mm("risk", "resume", "--note", "sold on purpose", "--by", "Li Wei", "--sim")
        sells.mm(*LIVELY, "--for", "3s")
        sells.agree()


def test_a_gentle_stop_tells_its_last_snapshot_and_sells_with_a_collar_of_ones_own(tmp_path: Path) -> None:
    with person(tmp_path, FAST) as commands:
        bot = commands.begin(*LIVELY)
        until(partial(freeze_holding, commands, bot), "base worth selling")
        bot.send(signal.SIGCONT)
        first = commands.json("stop")
        assert bot.ended().code == 0
        assert first["flatten"] is None
        assert first["final"]["position"] == f"{held(commands):f} ETH"
        assert set(first["final"]) == {"time", "position", "cash", "equity", "PnL of the day"}
        if held(commands) < ENOUGH:
            return  # it sold in the last moment: there is nothing to see
        lost = ("sim", "faults", "add", "error-code", "--value", "-1007 executed", "--target", "order.place")
        commands.mm(*lost)  # the sale is carried out and its answer says nothing: it is asked for, not sent again
        sold = commands.json("stop", "--flatten", "--collar", "0.5%", "--sim")
        assert len(sold["flatten"]["orders"]) == 1
        assert Decimal(sold["flatten"]["left"]) < ENOUGH
        assert sold["final"]["position"] == f"{held(commands):f} ETH"
        assert " at " in sold["final"]["equity"], "marked before the sale"
        assert commands.json("status")["stop_latch"] is False
        commands.agree()
        again = commands.json("stop", "--flatten", "--sim")
        assert again["flatten"]["orders"] == []
        commands.mm("stop", "--collar", "1%", code=2)
        commands.mm("stop", "--flatten", "--collar", "50%", code=2)
        commands.mm("stop", "--emergency", "--flatten", "--collar", "nan", "--sim", code=2)
