"""A small round of `make fuzz-secrets`, and its judge shown what it must see."""

import base64
import os
import random
from pathlib import Path

import pytest

from scripts.fuzz_secrets import SELDOM, Sinks, gives_away, hidden_forms, play

SECRET = "aB3/+x&9 %\"'\\tail-of-it"
SEED = int(os.environ.get("MM_FUZZ_SEED", "7"))


@pytest.mark.parametrize("number", range(len(hidden_forms(SECRET, random.Random(0)))))
def test_the_judge_sees_every_form(number: int) -> None:
    form = hidden_forms(SECRET, random.Random(1))[number]
    assert gives_away(f"before {form} after", SECRET)


def test_the_judge_sees_what_is_inside_something_longer_and_nothing_else() -> None:
    assert gives_away("x" + base64.b64encode(b"user:" + SECRET.encode() + b":rest").decode(), SECRET)
    assert not gives_away("ordinary words, mm-abc123-1z, and " + "ab" * 40, SECRET)


def test_no_canary_comes_through(tmp_path: Path) -> None:
    sinks = Sinks(tmp_path)
    try:
        met = set()
        for run in range(1500):
            name, text, written = play(sinks, SEED, run)
            met.add(name)
            assert not written, f"{name}: {text!r} came out as {written!r} (run {run} of seed {SEED})"
        assert met >= set(sinks.all) - set(SELDOM)
    finally:
        sinks.close()
