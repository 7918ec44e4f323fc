"""Random orders: engine and oracle agree on every one, and the engine's reason is one of the oracle's.

MM_RISK_ORDERS says how many (5,000), MM_RISK_SEED which.
"""

import os
import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from mm.domain.book import Book
from mm.domain.order import OrderStatus, OwnOrder, Side
from mm.domain.position import Position
from mm.domain.quote import QuoteLevel
from mm.domain.snapshot import Snapshot
from mm.risk.checks import CHECKS
from mm.risk.engine import RiskEngine
from tests.fakes.snapshots import BASELINE, CAPITAL, ETHUSDC, NOW, SECOND, risk_settings, snapshot
from tests.unit.risk.oracle import Oracle

SEED = int(os.environ.get("MM_RISK_SEED", "20261122"))
ORDERS = int(os.environ.get("MM_RISK_ORDERS", "5000"))


def random_settings(rng: random.Random) -> dict[str, Any]:
    return {
        "max_position": Decimal(rng.choice(["0.01", "0.008", "0.02"])),
        "price_collar": Decimal(rng.choice(["0.02", "0.001", "0.005"])),
        "max_orders_per_minute": rng.choice([2, 5, 60]),
        "max_open_orders": rng.choice([2, 4, 20]),
        "max_messages_per_minute": rng.choice([3, 6, 300]),
        "max_orders_without_fill": rng.choice([2, 5, 20_000]),
        "max_order_notional": rng.choice([None, Decimal(6), Decimal("8.991")]),
        "stale_after": rng.choice([1, 2]),
    }


def random_snapshot(rng: random.Random, mono: int) -> Snapshot:
    """Mostly sound, values often exactly at or one beyond a limit."""

    def rare(usual: Any, *odd: Any) -> Any:
        return rng.choice(odd) if rng.random() < 0.03 else usual

    bid = rng.choice([299_990, 299_700, 294_000])
    ask = rare(bid + 20, bid, bid - 5)
    book = Book(
        tuple((bid - step, rng.choice([19, 20, 500])) for step in range(rare(2, 0, 1))),
        tuple((ask + step, rng.choice([19, 20, 500])) for step in range(rare(2, 0, 1))),
    )
    own = tuple(
        OwnOrder(
            f"mm-abcdef-{n}",
            rng.choice(list(Side)),
            rng.choice([bid, bid + 20, bid - 300, bid + 300]),
            rng.choice([10, 19, 20]),
            rng.choice([OrderStatus.OPEN, OrderStatus.UNKNOWN, OrderStatus.PENDING]),
        )
        for n in range(rng.choice([0, 0, 0, 1, 2, 3]))
    )
    base = rng.choice([0, 190_000, 400_000, 600_000, 799_999, 800_000, 800_001, 1_000_000])
    rules = replace(
        ETHUSDC,
        min_lots=rare(1, 19, 20),
        max_lots=rare(90_000_000, 19, 20),
        max_notional=rare(Decimal(9_000_000), Decimal(0), Decimal(6)),
        max_open_orders=rare(200, 1, 3),
        price_up=rare(Decimal(0), Decimal("1.001")),
        price_down=Decimal("0.999"),
    )
    position = Position(base_units=base, cash_units=CAPITAL, cost_units=rng.choice([0, base * 3000, 9_400_000_000]))
    made = snapshot(
        mono=mono,
        book_mono=mono - rare(0, SECOND, SECOND + 1, 2 * SECOND, 2 * SECOND + 1, -1),
        book=book,
        own_orders=own,
        position=position,
        instrument=rules,
        market_ok=rare(True, False),
        reference_ticks=rare(float(bid + rng.randint(-400, 400)), 0.0, 300_000.5),
    )
    short = rare(0, 5 * 10**8, 6 * 10**8, 599_400_000)
    return made._replace(free_quote_units=short) if short else made


def random_order(rng: random.Random, now: Snapshot) -> QuoteLevel:
    near = now.book.best_bid or 300_000
    ticks = near + rng.choice([0, 1, 20, 300, -300, rng.randint(-700, 700), rng.randint(-8_000, 8_000)])
    if rng.random() < 0.02:
        ticks = rng.choice([0, -1, 1])
    lots = rng.choice([0, 1, 16, 17, 18, 19, 20, 20, 20, 21, 30, 40, 100, 101, 120])
    return QuoteLevel(rng.choice(list(Side)), ticks, lots)


def test_engine_and_oracle_agree_on_random_orders() -> None:
    print(f"seed {SEED}")  # noqa: T201 - shown when it fails
    rng = random.Random(SEED)
    judged: Counter[str] = Counter()
    while judged.total() < ORDERS:
        settings = random_settings(rng)
        edge = Decimal(rng.choice(["0", "0.0011", "0.001"]))
        risk = RiskEngine(
            risk_settings(**{**settings, "stale_after": timedelta(seconds=settings["stale_after"])}),
            ETHUSDC,
            CAPITAL,
            BASELINE,
            least_edge=Fraction(edge),
        )
        state = rng.choice(["ACTIVE"] * 8 + ["REDUCING", "HALTED"])
        if state != "HALTED":
            risk.clear("starting")
        if state == "REDUCING":
            risk.raise_cause("position_over_cap")
        oracle = Oracle(settings, Decimal(100), state, least_edge=edge)
        mono = NOW
        for _ in range(4):
            mono += rng.choice([0, SECOND, 29 * SECOND, 30 * SECOND, 60 * SECOND - 1, 60 * SECOND])
            now = random_snapshot(rng, mono)
            orders = [random_order(rng, now) for _ in range(rng.randint(1, 5))]
            for _ in range(rng.choice([0, 0, 1, 2])):
                risk.cancelled(mono)
                oracle.cancelled.append(Decimal(mono) / 10**9)
            if rng.random() < 0.1:
                risk.filled(Side.BUY, f"mm-{mono}", mono)
                oracle.unfilled = 0
            fair = rng.choice([0.0, float((now.book.best_bid or 300_000) + rng.choice([10, 10.5, 300]))])
            oracle.fair = Decimal(fair) * now.instrument.tick_size
            result = risk.approve(orders, now, fair)
            refused = {id(entry.order): entry.refusal.code for entry in result.refused}
            for order, broken in zip(orders, oracle.judge(orders, now), strict=True):
                code = refused.get(id(order), "")
                judged[code or "approved"] += 1
                assert (code in broken) if broken else not code, f"{order} {now}: engine {code!r}, oracle {broken}"
    # The comparison is worth something only if every verdict came up.
    assert judged["approved"] > ORDERS // 50
    expected = {check.__name__ for check in CHECKS} - {"order_grid", "exchange_notional"}
    expected |= {"grid", "min_lots", "max_lots", "min_notional", "max_notional", "no_reference", "halted", "reducing"}
    assert expected <= set(judged)
