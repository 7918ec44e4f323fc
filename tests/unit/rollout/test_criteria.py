from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mm.rollout.criteria import NOT_RECORDED, Judgement, Verdict, all_pass, criteria, judge
from mm.rollout.evidence import Evidence
from mm.rollout.stages import Stage

HOURS_72 = timedelta(hours=72)
PERFECT = Evidence(
    stage=Stage.USDC_100,
    source="mainnet ledger",
    capital=Decimal(100),
    runs=1,
    ran=HOURS_72,
    elapsed=HOURS_72,
    longest_clean=HOURS_72,
    crashes=0,
    orders=1000,
    order_accuracy=Decimal(1),
    cumulative_pnl=Decimal("0.3001"),
    max_drawdown=Decimal("0.0499"),
    stability=Decimal("0.9991"),
    cpu_share=Decimal("0.49"),
    memory_share=Decimal("0.69"),
    open_halts=0,
    level3=0,
    next_risk_fits=True,
    next_risk_text="fits",
    functions_exercised=(40, 40),
    drills_passed=(12, 12),
    alerts_proved=(2, 2),
)


def judged(evidence: Evidence, demand: str) -> Verdict:
    return next(verdict for verdict in judge(evidence) if verdict.demand.startswith(demand))


def test_perfect_evidence_passes_every_stage_but_the_last() -> None:
    for stage in Stage:
        evidence = replace(PERFECT, stage=stage, ran=timedelta(hours=96), longest_clean=timedelta(hours=96))
        assert all_pass(judge(evidence)) is (stage is not Stage.STABLE), stage


@pytest.mark.parametrize(
    ("demand", "worse"),
    [
        ("72 h without", {"longest_clean": HOURS_72 - timedelta(seconds=1), "crashes": 1}),
        ("72 h without", {"open_halts": 1}),
        ("72 h without", {"level3": 1}),
        ("cumulative PnL", {"cumulative_pnl": Decimal(0)}),
        ("daily mean", {"cumulative_pnl": Decimal("0.3")}),
        ("max drawdown", {"max_drawdown": Decimal("0.05")}),
        ("order accuracy", {"order_accuracy": Decimal("0.995")}),
        ("stability", {"stability": Decimal("0.999")}),
        ("no major fault", {"crashes": 4}),
        ("no major fault", {"level3": 1}),
        ("CPU", {"cpu_share": Decimal("0.5")}),
        ("memory", {"memory_share": Decimal("0.7")}),
        ("risk parameters", {"next_risk_fits": False}),
        ("alerts", {"alerts_proved": (1, 2)}),
        ("Sharpe", {"daily_returns": (Decimal("0.001"), Decimal("-0.001")) * 15}),
    ],
)
def test_each_criterion_fails_at_its_bound(demand: str, worse: dict[str, Any]) -> None:
    assert judged(PERFECT, demand).judgement is Judgement.PASS
    verdicts = judge(replace(PERFECT, **worse))
    assert next(v for v in verdicts if v.demand.startswith(demand)).judgement is Judgement.FAIL
    assert not all_pass(verdicts)


@pytest.mark.parametrize(
    ("demand", "missing"),
    [
        ("72 h without", {"crashes": None}),
        ("72 h without", {"longest_clean": timedelta(hours=71, minutes=59)}),
        ("72 h in the stage", {"ran": timedelta(hours=71, minutes=59)}),
        ("cumulative PnL", {"cumulative_pnl": None}),
        ("daily mean", {"elapsed": timedelta(hours=23)}),
        ("order accuracy", {"order_accuracy": None}),
        ("order accuracy", {"orders": 99}),
        ("stability", {"stability": None}),
        ("CPU", {"cpu_share": None}),
        ("risk parameters", {"next_risk_fits": None}),
        ("alerts", {"alerts_proved": None}),
        ("alerts", {"alerts_proved": (0, 0)}),
    ],
)
def test_too_little_is_insufficient_and_no_pass(demand: str, missing: dict[str, Any]) -> None:
    verdicts = judge(replace(PERFECT, **missing))
    assert next(v for v in verdicts if v.demand.startswith(demand)).judgement is Judgement.INSUFFICIENT
    assert not all_pass(verdicts)


def test_what_this_version_does_not_record_says_so() -> None:
    evidence = replace(PERFECT, stage=Stage.TESTNET, functions_exercised=None, drills_passed=None, alerts_proved=None)
    texts = [verdict.evidence for verdict in judge(evidence) if verdict.judgement is Judgement.INSUFFICIENT]
    assert texts == [NOT_RECORDED] * 3


def test_without_any_run_nothing_passes() -> None:
    for stage in Stage:
        verdicts = judge(Evidence(stage=stage, source="none", capital=Decimal(100)))
        passed = [verdict.demand for verdict in verdicts if verdict.judgement is Judgement.PASS]
        assert all(demand.startswith("Sharpe") for demand in passed)
        assert not all_pass(verdicts)


def test_daily_goal_scales_with_the_capital_of_the_stage() -> None:
    # 0.6002 USDC in three days are 0.2000667 a day: above 0.1 % of 200, not of 201.
    pnl = Decimal("0.6002")
    assert judged(replace(PERFECT, capital=Decimal(200), cumulative_pnl=pnl), "daily mean").judgement is Judgement.PASS
    worse = replace(PERFECT, capital=Decimal(201), cumulative_pnl=pnl)
    assert judged(worse, "daily mean").judgement is Judgement.FAIL


def test_sharpe_by_hand() -> None:
    # Mean 0.001, standard deviation of fifteen 0.003 and fifteen -0.001: 0.002 × √(30/29) = 0.00203419;
    # 0.001 / 0.00203419 × √365 = 9.39.
    returns = (Decimal("0.003"), Decimal("-0.001")) * 15
    verdict = judged(replace(PERFECT, daily_returns=returns), "Sharpe")
    assert verdict.judgement is Judgement.PASS
    assert verdict.evidence == "9.39 over 30 days"


def test_almost_is_not_shown_as_reached() -> None:
    evidence = replace(PERFECT, order_accuracy=Decimal("0.99999"), ran=timedelta(hours=71, minutes=59))
    assert "99.99 %" in judged(evidence, "order accuracy").evidence
    assert judged(evidence, "72 h in the stage").evidence == "71.9 h run of 72 h"


def test_every_criterion_names_its_place_in_the_plan() -> None:
    for stage in Stage:
        assert all(criterion.plan.startswith("P-") for criterion in criteria(stage))
    assert criteria(Stage.STABLE) == ()


@given(
    pnl=st.none() | st.decimals("-100", "100", places=4),
    accuracy=st.none() | st.decimals(0, 1, places=5),
    orders=st.integers(0, 10_000),
    crashes=st.none() | st.integers(0, 9),
    hours=st.integers(0, 200),
    alerts=st.none() | st.tuples(st.integers(0, 3), st.integers(0, 3)),
)
def test_a_step_needs_every_single_pass(
    *,
    pnl: Decimal | None,
    accuracy: Decimal | None,
    orders: int,
    crashes: int | None,
    hours: int,
    alerts: tuple[int, int] | None,
) -> None:
    span = timedelta(hours=hours)
    evidence = replace(
        PERFECT,
        cumulative_pnl=pnl,
        order_accuracy=accuracy,
        orders=orders,
        crashes=crashes,
        ran=span,
        elapsed=span,
        longest_clean=span,
        alerts_proved=alerts,
    )
    may = all_pass(judge(evidence))
    must = (
        pnl is not None
        and pnl > 0
        and hours >= 72
        and pnl * 24 / hours > Decimal("0.1")
        and accuracy is not None
        and accuracy > Decimal("0.995")
        and orders >= 100
        and crashes is not None
        and crashes <= 3
        and alerts is not None
        and alerts[0] >= alerts[1] > 0
    )
    assert may is must
