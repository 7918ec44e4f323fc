from mm.domain.risk import TradingState
from mm.risk.state import StateChange, TradingStateMachine

HALTED, REDUCING, ACTIVE = TradingState.HALTED, TradingState.REDUCING, TradingState.ACTIVE


def active() -> TradingStateMachine:
    machine = TradingStateMachine()
    machine.clear("starting")
    return machine


def test_it_starts_halted_and_says_why() -> None:
    machine = TradingStateMachine()
    assert (machine.state, machine.causes) == (HALTED, ("starting",))
    assert machine.clear("starting") == StateChange(HALTED, ACTIVE, ("starting_cleared",))
    assert (machine.state, machine.causes) == (ACTIVE, ())


def test_conditions_come_and_go_and_each_keeps_its_own_count() -> None:
    machine = active()
    assert machine.raise_cause("unreconciled") == StateChange(ACTIVE, HALTED, ("unreconciled",))
    assert machine.raise_cause("unreconciled") is None
    assert machine.raise_cause("market_stream") == StateChange(HALTED, HALTED, ("unreconciled", "market_stream"))
    assert machine.clear("unreconciled") == StateChange(HALTED, HALTED, ("market_stream",))
    assert machine.clear("unreconciled") is None
    assert machine.state is HALTED
    assert machine.clear("market_stream") == StateChange(HALTED, ACTIVE, ("market_stream_cleared",))


def test_a_position_over_its_cap_leaves_reductions() -> None:
    machine = active()
    assert machine.raise_cause("position_over_cap") == StateChange(ACTIVE, REDUCING, ("position_over_cap",))
    machine.raise_cause("clock_drift")
    assert machine.state is HALTED
    machine.clear("clock_drift")
    assert machine.state is REDUCING


def test_a_halt_outlives_conditions_until_it_is_lifted() -> None:
    machine = active()
    assert machine.halt("daily_loss", "lost 5.01") == StateChange(ACTIVE, HALTED, ("daily_loss",))
    assert machine.halt("daily_loss", "again") is None
    assert machine.clear("daily_loss") is None
    machine.raise_cause("stale_book")
    machine.clear("stale_book")
    assert machine.state is HALTED
    assert machine.halts == {"daily_loss": "lost 5.01"}
    assert machine.lift_halts() == StateChange(HALTED, ACTIVE, ("resumed",))
    assert machine.lift_halts() is None


def test_lifting_halts_leaves_conditions() -> None:
    machine = active()
    machine.halt("drawdown", "")
    machine.raise_cause("unreconciled")
    assert machine.lift_halts() == StateChange(HALTED, HALTED, ("unreconciled",))


def test_a_stop_is_final_and_keeps_its_first_reason() -> None:
    machine = active()
    assert machine.stop("SIGINT") == StateChange(ACTIVE, HALTED, ("stop",))
    assert machine.stop("SIGTERM") is None
    assert machine.stop_why == "SIGINT"
    machine.lift_halts()
    machine.clear("stop")
    assert machine.state is HALTED
    nameless = active()
    nameless.stop("")
    assert nameless.stop_why
    assert nameless.state is HALTED


def test_halts_shown_are_a_copy() -> None:
    machine = active()
    machine.halt("drawdown", "")
    machine.halts.clear()
    assert machine.state is HALTED
