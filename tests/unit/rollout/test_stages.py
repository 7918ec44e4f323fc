from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mm.domain.errors import StageRefused, UsageError
from mm.risk.settings import RiskSettings
from mm.rollout.stages import (
    CAPS,
    Stage,
    allowed_profiles,
    cap_risk,
    check_profile,
    check_step,
    check_symbol,
    parse_stage,
)

STAGES = st.sampled_from(list(Stage))
LIMITS = st.builds(
    RiskSettings,
    daily_loss_limit=st.decimals("0.01", "1000", places=2),
    max_position=st.decimals("0.0001", "10", places=4),
    max_drawdown_limit=st.decimals("0.01", "1", places=2),
)


def test_the_caps_are_the_plans() -> None:
    rows = {stage.value: (caps.capital, caps.max_position, caps.daily_loss) for stage, caps in CAPS.items()}
    assert rows["100"] == (Decimal(100), Decimal("0.01"), Decimal(5))
    assert rows["200"] == (Decimal(200), Decimal("0.02"), Decimal(10))
    assert rows["500"] == (Decimal(500), Decimal("0.05"), Decimal(25))
    assert rows["1000"] == (Decimal(1000), Decimal("0.1"), Decimal(50))
    assert rows["2000"] == rows["stable"] == (Decimal(2000), Decimal("0.2"), Decimal(100))


def test_dwell_times_are_the_plans() -> None:
    hours = [caps.dwell.total_seconds() / 3600 for caps in CAPS.values() if caps.dwell]
    assert hours == [48, 72, 48, 48, 72, 96]
    assert CAPS[Stage.STABLE].dwell is None


def test_a_stage_allows_profiles_up_to_its_own_tier() -> None:
    assert allowed_profiles(Stage.TESTNET) == ()
    assert allowed_profiles(Stage.USDC_500) == ("100usdc", "200usdc", "500usdc")
    assert allowed_profiles(Stage.STABLE) == ("100usdc", "200usdc", "500usdc", "1000usdc", "2000usdc")


@pytest.mark.parametrize("environment", ["sim", "testnet"])
@given(stage=STAGES, limits=LIMITS)
def test_off_mainnet_nothing_is_refused_or_tightened(environment: str, stage: Stage, limits: RiskSettings) -> None:
    check_profile(stage, environment, "testnet", Decimal(10_000))
    assert cap_risk(limits, stage, environment) is limits


@given(stage=STAGES.filter(lambda stage: stage is not Stage.TESTNET), limits=LIMITS)
def test_on_mainnet_each_limit_is_the_lesser_one(stage: Stage, limits: RiskSettings) -> None:
    capped, caps = cap_risk(limits, stage, "mainnet"), CAPS[stage]
    assert capped.daily_loss_limit == min(limits.daily_loss_limit, caps.daily_loss)
    assert capped.max_position == min(limits.max_position, caps.max_position)
    assert capped.max_drawdown_limit == min(limits.max_drawdown_limit, Decimal("0.05"))
    assert capped.circuit_breaker == limits.circuit_breaker
    assert cap_risk(capped, stage, "mainnet") == capped


@given(stage=STAGES, limits=LIMITS)
def test_a_higher_stage_never_tightens_what_a_lower_one_allowed(stage: Stage, limits: RiskSettings) -> None:
    if stage is Stage.TESTNET or stage.next is None:
        return
    low, high = cap_risk(limits, stage, "mainnet"), cap_risk(limits, stage.next, "mainnet")
    assert low.daily_loss_limit <= high.daily_loss_limit
    assert low.max_position <= high.max_position


def test_stage_testnet_allows_nothing_on_mainnet() -> None:
    limits = RiskSettings(daily_loss_limit=Decimal(5), max_position=Decimal("0.01"))
    with pytest.raises(StageRefused, match="no trading on mainnet"):
        cap_risk(limits, Stage.TESTNET, "mainnet")
    with pytest.raises(StageRefused, match="allows no profile on mainnet"):
        check_profile(Stage.TESTNET, "mainnet", "100usdc", Decimal(100))


@pytest.mark.parametrize(
    ("profile", "capital"), [("200usdc", "200"), ("testnet", "500"), ("mine", "50"), ("100usdc", "100.01")]
)
def test_mainnet_refuses_a_profile_above_or_outside_the_tiers(profile: str, capital: str) -> None:
    with pytest.raises(StageRefused):
        check_profile(Stage.USDC_100, "mainnet", profile, Decimal(capital))


@pytest.mark.parametrize("symbol", ["WBTCBTC", "ETHBTC", "ETHUSDT", "USDCTRY"])
def test_mainnet_refuses_a_symbol_whose_money_is_not_that_of_the_caps(symbol: str) -> None:
    """A capital of 100 would be 100 BTC."""
    with pytest.raises(StageRefused, match="not traded in USDC"):
        check_symbol("mainnet", symbol)
    check_symbol("testnet", symbol)


def test_mainnet_allows_the_tier_and_those_below() -> None:
    check_profile(Stage.USDC_200, "mainnet", "100usdc", Decimal(100))
    check_profile(Stage.USDC_200, "mainnet", "200usdc", Decimal(200))
    check_symbol("mainnet", "ETHUSDC")


@given(current=STAGES, target=STAGES)
def test_only_the_very_next_stage_can_be_stepped_to(current: Stage, target: Stage) -> None:
    if target is current.next:
        check_step(current, target)
    else:
        with pytest.raises(StageRefused):
            check_step(current, target)


def test_stages_have_names_people_use() -> None:
    assert parse_stage("100usdc") is parse_stage(" 100 ") is Stage.USDC_100
    with pytest.raises(UsageError, match="no stage '300'") as refused:
        parse_stage("300")
    assert "testnet, 100, 200, 500, 1000, 2000, stable" in str(refused.value)
