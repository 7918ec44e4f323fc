"""100 USDC of capital: daily loss 5, drawdown 5 %, stage loss 5 % and 10 %. Greater than the limit crosses it."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mm.domain.risk import Acceptance, RiskBaseline
from mm.risk.limits import RED, Loss, LossLimits, accepted_losses, loss_distances, losses
from mm.risk.loss_watch import LossWatch
from tests.fakes.snapshots import BASELINE, CAPITAL, risk_settings, usdc

LIMITS = LossLimits.of(risk_settings())


def crossed(equity: str, baseline: RiskBaseline = BASELINE) -> set[str]:
    return {loss.code for loss in losses(LIMITS, baseline, usdc(equity)) if loss.is_crossed}


def base(day: str = "100", stage: str = "100", peak: str = "100") -> RiskBaseline:
    return RiskBaseline("2026-11-22", usdc(day), usdc(stage), usdc(peak), CAPITAL)


def test_exactly_at_a_limit_nothing_is_crossed_one_unit_beyond_it_is() -> None:
    assert crossed("95") == set()
    assert crossed("94.99999999") == {"daily_loss", "drawdown", "stage_loss_5pct"}
    assert crossed("90") == {"daily_loss", "drawdown", "stage_loss_5pct"}
    assert crossed("89.99999999") == {
        "daily_loss",
        "drawdown",
        "stage_loss_5pct",
        "day_loss_10pct",
        "stage_loss_10pct",
    }


def test_each_loss_counts_from_its_own_mark() -> None:
    assert crossed("100", base(day="105.00000001")) == {"daily_loss"}
    assert crossed("100", base(peak="105.00000001")) == {"drawdown"}
    assert crossed("100", base(stage="105.00000001")) == {"stage_loss_5pct"}
    assert crossed("100", base(day="110.00000001")) == {"daily_loss", "day_loss_10pct"}
    assert crossed("100", base(stage="110.00000001")) == {"stage_loss_5pct", "stage_loss_10pct"}
    assert crossed("100", base("105", "105", "105")) == set()


def test_percentages_are_of_the_capital_the_stage_began_with() -> None:
    rich = replace(base(), capital_units=usdc("200"))
    assert crossed("94", rich) == {"daily_loss"}  # 5 USDC stays 5 USDC; 5 % are 10
    assert crossed("89.99999999", rich) == {"daily_loss", "drawdown", "stage_loss_5pct"}


def test_a_limit_that_is_no_whole_unit_is_as_strict_as_the_exact_one() -> None:
    odd = replace(base(), capital_units=10**10 + 1)  # 5 % are 500000000.05 units
    assert "drawdown" not in crossed("95", odd)
    assert "drawdown" in crossed("94.99999999", odd)


def test_levels() -> None:
    assert {loss.code: loss.level for loss in losses(LIMITS, BASELINE, CAPITAL)} == {
        "daily_loss": 2,
        "drawdown": 2,
        "stage_loss_5pct": 2,
        "day_loss_10pct": 3,
        "stage_loss_10pct": 3,
    }
    assert (
        Loss("daily_loss", usdc("5.5"), usdc("5"), 2).describe("USDC") == "lost 5.50000000 USDC, limit 5.00000000 USDC"
    )


def test_distances_for_screens() -> None:
    shown = {row.name: row for row in loss_distances(LIMITS, BASELINE, usdc("97.5"), "USDC")}
    assert shown["daily_loss"].value == Decimal("2.5")
    assert (shown["daily_loss"].share, shown["stage_loss_10pct"].share) == (Decimal("0.5"), Decimal("0.25"))
    gain = {row.name: row for row in loss_distances(LIMITS, BASELINE, usdc("103"), "USDC")}
    assert (gain["daily_loss"].value, gain["daily_loss"].share, gain["drawdown"].value) == (
        Decimal(-3),
        Decimal(0),
        Decimal(0),
    )


# --- over time -----------------------------------------------------------------------------------


def codes(watch: LossWatch, equity: str, *, raises_peak: bool = True) -> set[str]:
    return {loss.code for loss in watch.mark(usdc(equity), raises_peak=raises_peak)}


def test_drawdown_is_from_the_peak_not_from_the_start() -> None:
    watch = LossWatch(LIMITS, base())
    assert codes(watch, "104") == set()
    assert watch.baseline.peak_units == usdc("104")
    assert codes(watch, "99") == set()
    assert codes(watch, "98.99999999") == {"drawdown"}


def test_an_untrustworthy_mark_raises_no_peak() -> None:
    watch = LossWatch(LIMITS, base())
    watch.mark(usdc("150"), raises_peak=False)
    assert watch.baseline.peak_units == usdc("100")
    assert codes(watch, "99") == set()


def test_a_new_day_moves_only_the_days_start() -> None:
    watch = LossWatch(LIMITS, base(peak="101"))
    watch.new_day("2026-11-23", usdc("97"))
    assert watch.baseline == RiskBaseline("2026-11-23", usdc("97"), usdc("100"), usdc("101"), CAPITAL)
    assert codes(watch, "96") == set()
    assert codes(watch, "95.99999999") == {"drawdown"}


def test_an_accepted_loss_halts_again_only_after_another_limit() -> None:
    watch = LossWatch(LIMITS, base(day="106", stage="100", peak="100"))
    assert codes(watch, "100.5") == {"daily_loss"}  # 5.5
    assert watch.accept() == {"daily_loss": usdc("5.5")}
    assert codes(watch, "100") == set()
    assert codes(watch, "95.5") == {"day_loss_10pct"}  # 10.5 is accepted + limit, not more; level 3 does not wait
    assert codes(watch, "95.49999999", raises_peak=False) >= {"daily_loss", "day_loss_10pct"}


def test_acceptance_ends_at_half_the_limit_and_with_the_day() -> None:
    watch = LossWatch(LIMITS, base(day="106"))
    codes(watch, "100.5")
    watch.accept()
    codes(watch, "103.49999999")
    assert "daily_loss" in watch.accepted
    codes(watch, "103.5")
    assert "daily_loss" not in watch.accepted
    assert codes(watch, "100.5") == {"daily_loss"}
    watch.accept()
    watch.new_day("2026-11-23", usdc("100.5"))
    assert watch.accepted == {}


def test_an_accepted_loss_survives_a_restart() -> None:
    watch = LossWatch(LIMITS, base(day="106"), {"daily_loss": usdc("5.5")})
    assert codes(watch, "100.5") == set()


@pytest.mark.parametrize("flow", ["50", "-20"])
def test_capital_flows_are_no_profit_and_no_loss(flow: str) -> None:
    watch = LossWatch(LIMITS, base())
    codes(watch, "98")
    watch.capital_flow(usdc(flow))
    after = Decimal(98) + Decimal(flow)
    assert codes(watch, str(after)) == set()
    assert codes(watch, str(after - 3)) == set()
    assert codes(watch, str(after - 3 - Decimal("0.00000001"))) == {"daily_loss", "drawdown", "stage_loss_5pct"}


def test_level_3_is_never_accepted_and_unknown_without_a_mark() -> None:
    watch = LossWatch(LIMITS, base())
    assert set(watch.still_red()) == {"day_loss_10pct", "stage_loss_10pct"}
    codes(watch, "89")
    assert set(watch.still_red()) == {"day_loss_10pct", "stage_loss_10pct"}
    assert set(watch.accept()) == {"daily_loss", "drawdown", "stage_loss_5pct"}
    codes(watch, "90")
    assert watch.still_red() == ()


def test_a_deposit_does_not_lift_a_level_3_loss() -> None:
    watch = LossWatch(LIMITS, base())
    codes(watch, "89")
    watch.capital_flow(usdc("50"))
    assert set(watch.still_red()) == {"day_loss_10pct", "stage_loss_10pct"}
    watch.capital_flow(usdc("-100"))
    assert set(watch.still_red()) == {"day_loss_10pct", "stage_loss_10pct"}
    codes(watch, "40")
    watch.capital_flow(usdc("-20"))
    assert watch.still_red() == ()


AMOUNTS = st.integers(0, 300 * 10**8)


@given(AMOUNTS, AMOUNTS, AMOUNTS, st.lists(st.tuples(AMOUNTS, st.booleans(), st.booleans()), max_size=8))
def test_a_watch_tells_what_looking_at_every_loss_tells(
    day: int, stage: int, peak: int, marks: list[tuple[int, bool, bool]]
) -> None:
    """Each mark: equity, whether it may raise the peak, whether a person resumes after it."""
    watch = LossWatch(LIMITS, RiskBaseline("2026-11-22", day, stage, peak, CAPITAL))
    accepted: dict[str, int] = {}
    for equity, raises_peak, resumes in marks:
        peak = max(peak, equity) if raises_peak else peak
        found = (
            Loss("daily_loss", day - equity, usdc("5"), 2),
            Loss("drawdown", max(peak, equity) - equity, usdc("5"), 2),
            Loss("stage_loss_5pct", stage - equity, usdc("5"), 2),
            Loss("stage_loss_10pct", stage - equity, usdc("10"), 3),
            Loss("day_loss_10pct", day - equity, usdc("10"), 3),
        )
        for loss in found:
            if 2 * loss.loss_units <= loss.limit_units:
                accepted.pop(loss.code, None)
        expected = [loss for loss in found if loss.loss_units > loss.limit_units + accepted.get(loss.code, 0)]
        assert watch.mark(equity, raises_peak=raises_peak) == expected
        assert watch.baseline.peak_units == peak
        if resumes:
            accepted |= {loss.code: loss.loss_units for loss in found if loss.is_crossed and loss.code not in RED}
            assert watch.accept() == accepted


# --- what a person accepted before a restart ----------------------------------------------


def accepted(equity: str, best: str, *, today: bool = True) -> dict[str, int]:
    marks = RiskBaseline("2026-11-22", usdc("100"), usdc("100"), usdc("102"), CAPITAL)
    return accepted_losses(LIMITS, marks, Acceptance(usdc(equity), usdc(best), is_today=today))


def test_the_level_2_losses_that_stood_at_the_resume_are_accepted_after_a_restart() -> None:
    assert accepted("94", "94") == {"daily_loss": usdc("6"), "drawdown": usdc("8"), "stage_loss_5pct": usdc("6")}
    assert accepted_losses(LIMITS, RiskBaseline("2026-11-22", CAPITAL, CAPITAL, CAPITAL, CAPITAL), None) == {}


def test_one_that_did_not_stand_or_shrank_to_half_its_limit_since_is_not() -> None:
    assert accepted("96", "96") == {"drawdown": usdc("6")}
    assert accepted("94", "97.5") == {"drawdown": usdc("8")}
    assert accepted("94", "99.5") == {}


def test_the_daily_loss_is_accepted_for_its_day_and_level_3_never() -> None:
    assert accepted("94", "94", today=False) == {"drawdown": usdc("8"), "stage_loss_5pct": usdc("6")}
    assert set(accepted("85", "85")) == {"daily_loss", "drawdown", "stage_loss_5pct"}
