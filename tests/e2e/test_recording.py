"""A recorded market: a new account, fills as the recorded trades bring them, and an end by itself."""

import gzip
import json
from decimal import Decimal
from pathlib import Path

from tests.e2e.commands import EAGER, Commands, person

SECONDS = 14
BID, ASK = 300_000, 300_001
"""In cents."""
DIP = 2_000
"""How far the recorded sellers go, in cents: through every bid of the bot, to a price where the book shows nothing."""


def recording(path: Path) -> Path:
    """A market that stands at 3000.00/3000.01, where half-way sellers trade down to 2980.00 once a second."""
    at, update = 1_723_161_254_000_000_000, 1000
    levels = {
        "bids": [[_price(BID - step), "5.00000000"] for step in range(5)],
        "asks": [[_price(ASK + step), "5.00000000"] for step in range(5)],
    }
    said = [(at, {"lastUpdateId": update, **levels})]
    for tenth in range(1, SECONDS * 10):
        now = at + tenth * 100_000_000
        update += 1
        size = f"{5 + tenth % 7}.00000000"
        diff = {"U": update, "u": update, "b": [[_price(BID), size]], "a": [[_price(ASK), size]]}
        said.append((now, _message("depth@100ms", {"e": "depthUpdate", "E": now // 1_000_000, **diff})))
        if tenth % 10 == 0:
            price = BID - DIP if tenth > SECONDS * 4 else BID
            trade = {"e": "trade", "t": tenth, "p": _price(price), "q": "3.00000000", "m": True, "T": now // 1_000_000}
            said.append((now, _message("trade", trade)))
    with gzip.open(path, "wt") as file:
        file.writelines(f"{at} {json.dumps(message)}\n" for at, message in said)
    return path


def _price(cents: int) -> str:
    return f"{Decimal(cents) / 100:.8f}"


def _message(kind: str, data: dict[str, object]) -> dict[str, object]:
    return {"stream": f"ethusdt@{kind}", "data": {"s": "ETHUSDT", **data}}


def test_it_ends_with_the_recording_on_an_account_of_its_own(tmp_path: Path) -> None:
    # At the plan's own spread: the recorded trades come to the bot, not the bot to the market.
    environ = {name: value for name, value in EAGER.items() if "SPREAD" not in name and "FEE" not in name}
    with person(tmp_path, environ | {"MM__RISK__PRICE_COLLAR": "0.05"}) as commands:
        _earlier_position(commands)
        file = recording(tmp_path / "made_by_hand.raw.gz")
        run = commands.begin("run", "--profile", "100usdc", "--sim", "--replay", str(file)).ended()
        assert (run.code, run.err) == (0, ""), str(run)
        assert "stopped: the recording is over; no own order is left at the exchange" in run.out
        assert f"market: replay {file.name}: recorded market, played again" in run.out
        first = next(line for line in run.out.splitlines() if "position" in line)
        assert "position 0.00000000 ETH" in first, "the account is new, whatever was held before"
        fills = commands.agree()
        assert fills, "sellers traded through the bid"
        assert {row["side"] for row in fills} == {"BUY"}
        review, played = commands.together(("review", "daily"), ("replay",))
        assert any(file.name in market["name"] for market in review["markets"])
        assert played["identical"] is True
        both = commands.json("ledger", "fills", "--all")["fills"]
        assert both == commands.json("sim", "trades", "--all")["trades"]
        assert len(both) > len(fills), "what the earlier account did stays on record"


def _earlier_position(commands: Commands) -> None:
    """A short run on the generated market that leaves ETH behind."""
    tight = {"MM__VENUE__MAKER_FEE": EAGER["MM__VENUE__MAKER_FEE"], "MM__STRATEGY__BASE_SPREAD": "0.0004"}
    commands.mm("run", "--profile", "100usdc", "--sim", "--scenario", "lively", "--for", "8s", environ=tight)
    assert commands.agree()
