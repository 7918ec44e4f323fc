"""What must not run says why in one line on stderr, with its exit code, before anything is started."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pysqlite3
import pytest

from mm.control.store import ControlStore
from tests.e2e.commands import Commands, person


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    """A home as `mm init` leaves it, without any key."""
    with person(tmp_path_factory.mktemp("refusals"), {}) as commands:
        commands.mm("init")
        yield commands


RUN = ("run", "--profile", "100usdc")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (RUN, 2, "say where: --sim, --testnet or --mainnet"),
        (("run", "--sim"), 2, "which capital tier: say it with --profile"),
        (("run", "--profile", "nope", "--sim"), 3, "no profile 'nope': there are testnet, 100usdc, "),
        ((*RUN, "--sim", "--replay", "/absent.raw.gz"), 3, "there is no recording /absent.raw.gz"),
        (("run", "--profile", "testnet", "--testnet", "--replay", "x"), 2, "they go with --sim"),
        (("run", "--profile", "testnet", "--testnet"), 10, "MM_TESTNET_API_KEY and MM_TESTNET_API_SECRET not set"),
        ((*RUN, "--sim", "--accept-key", "no reason at all"), 2, "--accept-key is about mainnet keys"),
        ((*RUN, "--mainnet", "--yes", "--accept-key", "because"), 2, "that is no reason"),
        ((*RUN, "--mainnet", "--yes"), 4, "stage testnet does not allow profile 100usdc on mainnet"),
        (("stage", "promote", "200", "--approver", "A", "--yes"), 4, "no stage is skipped: the next one is 100"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_refused_before_anything_is_started(
    untouched: Commands, arguments: tuple[str, ...], code: int, said: str
) -> None:
    answer = untouched.mm(*arguments, code=code)
    assert answer.out == ""
    assert said in answer.err
    assert answer.err.count("\n") == 1, answer.err
    assert not untouched.venue.is_running


def test_a_control_database_that_somebody_changed_is_refused(tmp_path: Path) -> None:
    with person(tmp_path, {}) as commands:
        commands.mm("init")
        with ControlStore(commands.home / "control.db") as control:
            control.audit.add("note", {"text": "as it was"}, environment="sim", by="Li")
        with closing(pysqlite3.connect(str(commands.home / "control.db"), isolation_level=None)) as other:
            other.execute("DROP TRIGGER audit_stays")
            other.execute("UPDATE audit SET written_by = 'somebody'")
        refused = commands.mm(*RUN, "--sim", code=9)
        assert "its audit chain breaks: row 1 is not what was written" in refused.err
        assert refused.err.count("\n") == 1
        assert not commands.venue.is_running


def test_a_step_up_lists_every_criterion_with_its_evidence(untouched: Commands) -> None:
    answer = untouched.mm("stage", "promote", "100", "--approver", "A", "--yes", "--json", code=4)
    criteria = answer.content["criteria"]
    assert len(criteria) >= 5
    assert {row["judgement"] for row in criteria} == {"insufficient"}
    assert all(row["evidence"] for row in criteria)
    assert answer.content["promoted"] is False
    assert untouched.json("stage", "show")["stage"] == "testnet"


def test_a_wrong_value_names_file_line_key_and_range(untouched: Commands) -> None:
    """The profile is the person's own copy in MM_HOME."""
    profile = untouched.home / "profiles" / "100usdc.yaml"
    before = profile.read_text()
    line = next(number for number, text in enumerate(before.splitlines(), 1) if "base_spread" in text)
    profile.write_text(before.replace("base_spread: 0.002 ", "base_spread: 0.9 "))
    try:
        answer = untouched.mm(*RUN, "--sim", code=3)
    finally:
        profile.write_text(before)
    assert answer.out == ""
    for part in (f"{profile}:{line}", "strategy.base_spread", "0.9", "0.2"):
        assert part in answer.err, answer.err
    assert answer.err.count("\n") == 1
