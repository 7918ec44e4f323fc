"""What follows a level 3 outside the run: STOP, and the rollout's stage."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mm.bootstrap import after_level_3
from mm.control.store import ControlStore
from mm.home import Home

BEGAN = datetime(2026, 11, 28, tzinfo=UTC)


def clock() -> Callable[[], datetime]:
    moments = iter(range(1000))
    return lambda: BEGAN + timedelta(seconds=next(moments))


@pytest.mark.parametrize(
    ("environment", "stage", "after", "demoted"),
    [
        ("mainnet", "500", "testnet", True),
        ("testnet", "testnet", "testnet", True),
        ("testnet", "500", "500", False),
        ("sim", "500", "500", False),
        ("sim", "testnet", "testnet", False),
    ],
)
def test_mainnet_falls_back_testnet_begins_anew_and_sim_changes_nothing(
    tmp_path: Path,
    environment: str,
    stage: str,
    after: str,
    demoted: bool,
) -> None:
    files = Home(tmp_path).environment(environment)
    with ControlStore(tmp_path / "control.db", now=clock()) as control:
        if stage != "testnet":
            control.add_stage_event(stage, "promote", "Li", "qualified", {})
        since = control.stage_since()
        after_level_3(control, files, stage, "run-1")
        assert files.stop.exists()
        assert control.stage() == after
        assert (control.stage_since() != since) is demoted
        assert [event.approver for event in control.stage_events() if event.kind == "demote"] == ["mm"] * demoted


def test_each_demotion_begins_the_stage_anew(tmp_path: Path) -> None:
    files = Home(tmp_path).environment("testnet")
    with ControlStore(tmp_path / "control.db", now=clock()) as control:
        after_level_3(control, files, "testnet", "run-1")
        first = control.stage_since()
        after_level_3(control, files, "testnet", "run-2")
        second = control.stage_since()
    assert first is not None
    assert second is not None
    assert second > first


def test_when_each_cause_was_last_lifted(tmp_path: Path) -> None:
    with ControlStore(tmp_path / "control.db", now=clock()) as control:
        control.open_halt("sim", "crashes", "4")
        assert control.last_resumes("sim") == {}
        (first,) = control.lift_halts("sim", "Li", "looked")
        control.open_halt("sim", "crashes", "4 again")
        (second,) = control.lift_halts("sim", "Li", "looked again")
        assert first.lifted_at is not None
        assert second.lifted_at is not None
        assert control.last_resumes("sim") == {"crashes": int(second.lifted_at.timestamp()) * 10**9}
        assert control.last_resumes("mainnet") == {}
