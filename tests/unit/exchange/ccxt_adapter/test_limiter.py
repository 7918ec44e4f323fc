"""Budgets in virtual time: nothing here waits for real."""

import asyncio
from decimal import Decimal

import pytest

from mm.domain.errors import RateLimited
from mm.exchange.ccxt_adapter.limiter import RateLimiter


class Hand:
    """A clock that moves only when told or slept on."""

    def __init__(self) -> None:
        self.mono = 10**12
        self.slept: list[float] = []

    def now(self) -> int:
        return self.mono

    def monotonic(self) -> int:
        return self.mono

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.pass_(seconds)

    def pass_(self, seconds: float) -> None:
        self.mono += round(seconds * 1e9)


def limiter(clock: Hand, weight: int = 100, orders: int = 5, reserve: str = "0.25") -> RateLimiter:
    return RateLimiter(clock, weight, orders, Decimal(reserve))


def test_orders_in_ten_seconds_are_counted_over_a_rolling_window() -> None:
    clock = Hand()
    limits = limiter(clock)
    for _ in range(5):
        assert limits.try_order() is None
        clock.pass_(1)
    assert "5 orders in 10 s" in (limits.try_order() or "")
    clock.pass_(4.9)  # 9.9 s after the first
    assert limits.try_order() is not None
    clock.pass_(0.1)
    assert limits.try_order() is None
    assert limits.try_order() is not None


def test_a_share_of_the_weight_is_kept_for_cancels_and_queries() -> None:
    clock = Hand()
    limits = limiter(clock, weight=100, orders=1000)
    asyncio.run(limits.wait_read(74, query=False))
    assert limits.try_order() is None
    assert "kept for cancels" in (limits.try_order() or "")
    assert limits.try_cancel() is None
    asyncio.run(limits.wait_read(20, query=True))
    assert clock.slept == []


def test_cancels_pass_even_with_the_whole_budget_used() -> None:
    clock = Hand()
    limits = limiter(clock)
    limits.saw_used_weight(5999)
    assert limits.try_order() is not None
    assert limits.try_cancel() is None


def test_what_the_exchange_counts_for_others_is_taken_and_ages() -> None:
    clock = Hand()
    limits = limiter(clock)
    limits.saw_used_weight(80)
    limits.saw_order_count(4)
    assert "weight" in (limits.try_order() or "")
    clock.pass_(60)
    assert limits.try_order() is None
    limits.saw_order_count(5)
    assert "orders" in (limits.try_order() or "")
    clock.pass_(10)
    assert limits.try_order() is None


@pytest.mark.parametrize("status", [429, 418])
def test_a_ban_holds_everything_back_until_it_is_over(status: int) -> None:
    clock = Hand()
    limits = limiter(clock)
    limits.refused(status, 30.0)
    clock.pass_(29.9)
    assert limits.try_order() is not None
    assert limits.try_cancel() is not None
    assert limits.pause_left() == pytest.approx(0.1)
    clock.pass_(0.1)
    assert limits.try_order() is None
    assert limits.try_cancel() is None
    assert limits.pause_left() == 0


def test_a_shorter_ban_does_not_end_a_longer_one() -> None:
    clock = Hand()
    limits = limiter(clock)
    limits.refused(418, 100.0)
    limits.refused(429, 1.0)
    clock.pass_(50)
    assert limits.try_cancel() is not None


def test_without_a_header_the_pause_is_as_long_as_the_window() -> None:
    clock = Hand()
    limits = limiter(clock)
    limits.refused(429, None)
    assert limits.pause_left() == 60
    limits.refused(418, None)
    assert limits.pause_left() == 120


def test_a_firewall_holds_orders_and_reads_but_no_cancel() -> None:
    clock = Hand()
    limits = limiter(clock)
    limits.refused(403, None)
    assert limits.try_order() is not None
    assert limits.try_cancel() is None
    asyncio.run(limits.wait_read(1, query=True))
    assert sum(clock.slept) == pytest.approx(10)


def test_a_read_waits_until_its_weight_is_free() -> None:
    clock = Hand()
    limits = limiter(clock)
    asyncio.run(limits.wait_read(70, query=False))
    clock.pass_(50)
    asyncio.run(limits.wait_read(50, query=False))
    assert sum(clock.slept) == pytest.approx(10)


def test_a_read_that_would_wait_long_is_told() -> None:
    clock = Hand()
    limits = limiter(clock)
    asyncio.run(limits.wait_read(75, query=False))
    with pytest.raises(RateLimited) as caught:
        asyncio.run(limits.wait_read(1, query=False))
    assert caught.value.retry_after == pytest.approx(60)
    assert clock.slept == []
    limits.refused(418, 7200.0)
    with pytest.raises(RateLimited) as banned:
        asyncio.run(limits.wait_read(1, query=True))
    assert banned.value.retry_after == pytest.approx(7200)


def test_a_refused_order_uses_no_budget() -> None:
    clock = Hand()
    limits = limiter(clock, orders=1)
    assert limits.try_order() is None
    for _ in range(100):
        assert limits.try_order() is not None
    asyncio.run(limits.wait_read(74, query=False))
    assert clock.slept == []
