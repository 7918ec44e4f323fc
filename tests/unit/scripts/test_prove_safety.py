"""The table of goals says missed where something was missed, and repeats what was asked."""

import pytest

from scripts import prove_safety
from scripts.prove_safety import Outcome, Proof, Verdict, play, proofs, table


@pytest.mark.parametrize("name", [proof.name for proof in proofs(1.0, 1)])
def test_a_command_that_fails_misses_its_goal(name: str) -> None:
    (proof,) = (each for each in proofs(1.0, 1) if each.name == name)
    assert not proof.judge({}, 1).is_reached


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("kills", {"kills": 5000, "slowest_start": 0.2, "orders": 9}, {"kills": 4999, "slowest_start": 0.2}),
        ("kills", {"kills": 5000, "slowest_start": 5.0, "orders": 9}, {"kills": 5000, "slowest_start": 5.1}),
        ("storms", {"hours": 56.0, "orders": 1}, {"hours": 50.0, "orders": 1}),
        ("wire", {"schedules": 300}, {}),
        ("days", {"hours": 48.0, "memory_mb_per_day": 0.99}, {"hours": 48.0, "memory_mb_per_day": 1.0}),
        ("processes", {"kills": 100}, {"kills": 90}),
        ("trace", {"soaks": 100, "traces": 1}, {"soaks": 100, "traces": 2}),
    ],
)
def test_figures_are_held_to_what_was_asked(name: str, good: dict[str, object], bad: dict[str, object]) -> None:
    (proof,) = (each for each in proofs(1.0, 1) if each.name == name)
    assert proof.judge(good, 0).is_reached
    assert not proof.judge(bad, 0).is_reached


def test_what_a_command_says_is_read_from_its_last_object() -> None:
    text = "print('first'); print('{\"kills\": 6}'); print('{\"kills\": 7}'); raise SystemExit(3)"
    outcome = play(Proof("x", "1", "y", ("-c", text), lambda told, code: Verdict(code == 3, str(told))))
    assert outcome.verdict == Verdict(True, "{'kills': 7}")
    assert "first" in outcome.said


def test_the_table_names_the_command_of_what_was_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    proof = Proof("x", "7", "nothing breaks", ("-c", "import sys; print('seed 5'); sys.exit(1)"), _never)
    lines = table([play(proof)])
    assert lines[0].startswith("MISSED")
    assert any("seed 5" in line for line in lines)
    assert proof.told in lines[1]
    monkeypatch.setattr(prove_safety, "proofs", lambda _share, _seed: [proof])
    assert prove_safety.main(["--jobs", "1"]) == 1
    assert prove_safety.main(["--only", "none"]) == 2


def test_one_that_is_reached_ends_with_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    proof = Proof("x", "7", "nothing breaks", ("-c", "pass"), lambda _told, code: Verdict(code == 0, "well"))
    assert table([Outcome(proof, Verdict(True, "well"), 1.0, "")])[0].startswith("reached")
    monkeypatch.setattr(prove_safety, "proofs", lambda _share, _seed: [proof])
    assert prove_safety.main(["--jobs", "1"]) == 0


def _never(_told: object, code: int) -> Verdict:
    return Verdict(code == 0, "broken")
