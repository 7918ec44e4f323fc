"""What a run of a soak is made of, in virtual time and over the wire alike."""

from collections.abc import Mapping

from mm.config.loader import LoadedSettings
from mm.domain.instrument import to_units
from mm.risk.settings import RiskSettings
from mm.rollout.stages import Stage
from mm.runner.startup import RunSpec


def run_spec(
    loaded: LoadedSettings,
    risk: RiskSettings,
    *,
    run_id: str,
    profile: str,
    stage_since: int | None,
    resumed: Mapping[str, int],
    scenario: str,
    virtual: bool,
) -> RunSpec:
    """`virtual`: commits are made inline and no journal is kept; the trace hash stands for it."""
    settings = loaded.settings
    return RunSpec(
        run_id=run_id,
        profile=profile,
        stage=str(Stage.TESTNET),
        stage_since=stage_since,
        resumed=resumed,
        scenario=scenario,
        symbol=settings.symbol,
        capital_units=to_units(settings.capital),
        strategy=settings.strategy,
        risk=risk,
        execution=settings.execution,
        recv_window=settings.exchange.recv_window,
        fence_margin=settings.exchange.fence_margin,
        config="{}",
        config_hash=loaded.config_hash,
        code_hash="",
        run_for=None,
        may_replace_account=True,
        keep_journal=not virtual,
        inline=virtual,
    )
