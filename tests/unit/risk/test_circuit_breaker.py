import pytest

from mm.risk.circuit_breaker import BreakerEvent, BreakerState, CircuitBreaker

CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN
TIMEOUT = 600


@pytest.fixture
def breaker() -> CircuitBreaker:
    return CircuitBreaker(threshold=3, timeout_ns=TIMEOUT)


def opened(breaker: CircuitBreaker, at: int = 0, cause: str = "unknown") -> CircuitBreaker:
    for _ in range(3):
        breaker.failure(cause, at)
    return breaker


def test_it_opens_at_the_threshold_and_not_before(breaker: CircuitBreaker) -> None:
    assert breaker.failure("unknown", 0) == []
    assert breaker.failure("unknown", 1) == []
    assert breaker.state(1) is CLOSED
    assert breaker.failure("unknown", 2) == [BreakerEvent("unknown", CLOSED, OPEN, 2, 3)]
    assert breaker.state(2) is OPEN


def test_causes_count_apart(breaker: CircuitBreaker) -> None:
    for cause in ("unknown", "rejected", "connection") * 2:
        breaker.failure(cause, 0)
    assert breaker.state(0) is CLOSED
    breaker.failure("rejected", 0)
    assert breaker.state(0) is OPEN


@pytest.mark.parametrize(("last", "state"), [(TIMEOUT - 1, OPEN), (TIMEOUT, CLOSED)])
def test_failures_older_than_the_timeout_are_forgotten(breaker: CircuitBreaker, last: int, state: BreakerState) -> None:
    breaker.failure("unknown", 0)
    breaker.failure("unknown", 1)
    breaker.failure("unknown", last)
    assert breaker.state(last) is state


def test_a_success_while_closed_wipes_no_failures(breaker: CircuitBreaker) -> None:
    breaker.failure("unknown", 0)
    breaker.failure("unknown", 1)
    assert breaker.success(2) == []
    breaker.failure("unknown", 3)
    assert breaker.state(3) is OPEN


def test_it_stays_open_for_exactly_the_timeout(breaker: CircuitBreaker) -> None:
    opened(breaker, at=10)
    assert breaker.state(10 + TIMEOUT - 1) is OPEN
    assert not breaker.may_probe(10 + TIMEOUT - 1)
    assert breaker.poll(10 + TIMEOUT - 1) == []
    assert breaker.state(10 + TIMEOUT) is HALF_OPEN
    assert breaker.poll(10 + TIMEOUT) == [BreakerEvent("unknown", OPEN, HALF_OPEN, 10 + TIMEOUT, 3)]
    assert breaker.poll(10 + TIMEOUT) == []


def test_half_open_lets_one_probe_through_and_its_success_closes(breaker: CircuitBreaker) -> None:
    opened(breaker)
    assert breaker.may_probe(TIMEOUT)
    breaker.probe(TIMEOUT)
    assert not breaker.may_probe(TIMEOUT)
    breaker.poll(TIMEOUT)
    assert breaker.success(TIMEOUT + 1) == [BreakerEvent("unknown", HALF_OPEN, CLOSED, TIMEOUT + 1, 0)]
    assert breaker.state(TIMEOUT + 1) is CLOSED
    breaker.failure("unknown", TIMEOUT + 2)
    assert breaker.state(TIMEOUT + 2) is CLOSED  # it counts from the start again


def test_a_failed_probe_opens_it_for_another_timeout(breaker: CircuitBreaker) -> None:
    opened(breaker)
    breaker.probe(TIMEOUT)
    events = breaker.failure("unknown", TIMEOUT + 5)
    assert [(event.before, event.after) for event in events] == [(OPEN, HALF_OPEN), (HALF_OPEN, OPEN)]
    assert breaker.state(2 * TIMEOUT + 4) is OPEN
    assert breaker.state(2 * TIMEOUT + 5) is HALF_OPEN
    assert breaker.may_probe(2 * TIMEOUT + 5)


def test_a_late_success_without_a_probe_closes_nothing(breaker: CircuitBreaker) -> None:
    opened(breaker)
    breaker.success(5)
    assert breaker.state(5) is OPEN
    breaker.success(TIMEOUT)
    assert breaker.state(TIMEOUT) is HALF_OPEN


def test_failures_while_open_do_not_prolong_it(breaker: CircuitBreaker) -> None:
    opened(breaker)
    breaker.failure("unknown", TIMEOUT - 1)
    assert breaker.state(TIMEOUT) is HALF_OPEN


def test_a_probe_that_nothing_was_heard_of_is_given_up(breaker: CircuitBreaker) -> None:
    opened(breaker)
    breaker.probe(TIMEOUT)
    assert not breaker.may_probe(2 * TIMEOUT - 1)
    assert breaker.may_probe(2 * TIMEOUT)


def test_the_worst_cause_decides_and_a_probe_answers_for_the_half_open_ones(breaker: CircuitBreaker) -> None:
    opened(breaker, at=0, cause="unknown")
    opened(breaker, at=100, cause="connection")
    assert breaker.state(TIMEOUT) is OPEN
    assert not breaker.may_probe(TIMEOUT)
    assert breaker.state(TIMEOUT + 100) is HALF_OPEN
    breaker.probe(TIMEOUT + 100)
    breaker.success(TIMEOUT + 101)
    assert breaker.state(TIMEOUT + 101) is CLOSED


def test_threshold_one_opens_at_the_first_failure() -> None:
    breaker = CircuitBreaker(1, TIMEOUT)
    breaker.failure("unknown", 0)
    assert breaker.state(0) is OPEN
