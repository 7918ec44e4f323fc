"""Hostile configurations: none accepted, none hangs, each refused with its place. (Hypothesis prints its seed.)"""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mm.config.loader import load_settings
from mm.config.schema import Key, keys
from mm.domain.errors import ConfigurationError, CredentialsMissing
from mm.home import Home

NUMBERS = ["-1", "-0.1", "1e308", "-1e308", "1e999999999", "1e-400", ".nan", ".NaN", "nan", "NaN", ".inf", "-.inf"]
NUMBERS += ["inf", "Infinity", "0x", "1e", "--1", "1,000", "1 000", "9" * 400, "true", "no", "[]", "{}", "~", "'x'"]
DURATIONS = ["10", "-10s", "0s", "1e3s", "10 s", "10y", "nan", ".inf", "1e308s", "999999d", "true", "[10s]", "{}", "''"]
WORDS = ["[]", "{a: 1}", "true", "'\\u0007'", '"\\x00"', "x" * 5000, "~", "-1", "1e308"]


def _bad_values(key: Key) -> list[str]:
    kind = key.kind.__name__
    if kind in {"int", "Decimal"}:
        # Optional keys take nothing; a seed may be 0 or large.
        return [text for text in NUMBERS if not (key.optional and text == "~")]
    if kind == "timedelta":
        return DURATIONS
    if kind == "bool":
        return ["no", "1", "0", "yes", "on", "[]", "{}", "~", "'t'"]
    if kind == "time" or key.choices or key.path in {("symbol",), ("venue", "scenario"), ("trading_day", "timezone")}:
        return [word for word in WORDS if word != "true" or key.path[0] != "venue"]  # a scenario may be called true
    return ["[]", "{a: 1}", '"\\x00"', '"\\u0007"', "x" * 5000, "~"]


CASES = st.sampled_from(sorted(keys())).flatmap(
    lambda path: st.tuples(st.just(keys()[path]), st.sampled_from(_bad_values(keys()[path])))
)


def _yaml(key: Key, text: str) -> str:
    return "\n".join(f"{'  ' * i}{part}:" for i, part in enumerate(key.path)) + f" {text}\n"


@settings(max_examples=400)
@given(case=CASES)
def test_no_bad_value_is_accepted(tmp_path_factory: pytest.TempPathFactory, case: tuple[Key, str]) -> None:
    key, text = case
    folder = tmp_path_factory.mktemp("home")
    (folder / "profiles").mkdir()
    (folder / "profiles" / "hostile.yaml").write_text(_yaml(key, text))
    began = time.process_time()
    with pytest.raises(ConfigurationError) as refused:
        load_settings(Home(folder), "hostile", {})
    assert time.process_time() - began < 0.5
    assert f"{folder}/profiles/hostile.yaml:{len(key.path)}" in str(refused.value)
    assert key.name in str(refused.value)


@settings(max_examples=200)
@given(case=CASES)
def test_no_bad_value_is_accepted_from_the_environment(case: tuple[Key, str]) -> None:
    key, text = case
    if key.kind is str and not key.choices and text in {"[]", "{a: 1}", "~", '"\\x00"', '"\\u0007"', "true", "-1"}:
        text = "x" * 2000  # a variable is no YAML: these are text there
    variable = "MM__" + "__".join(key.path).upper()
    with pytest.raises(ConfigurationError) as refused:
        load_settings(Home(Path("/nowhere")), "100usdc", {variable: text})
    assert variable in str(refused.value)


def _read_or_refused(folder: Path, named: str) -> None:
    """What the file says is either harmless or refused with the file's name; nothing else may happen."""
    said = ""
    capital = None
    try:
        capital = load_settings(Home(folder), "100usdc", {}).settings.capital
    except (ConfigurationError, CredentialsMissing) as refused:
        said = str(refused)
    assert capital == 100 or str(folder / named) in said


@settings(max_examples=300)
@given(text=st.text(max_size=300))
def test_any_text_is_read_or_refused_never_more(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("home")
    (folder / "config.yaml").write_text(text, encoding="utf-8", errors="replace")
    _read_or_refused(folder, "config.yaml")


ATOMS = ["risk", "capital", "{", "}", "[", "]", ":", ": ", "- ", "? ", "\n", "  ", "&a ", "*a", "!!str "]
ATOMS += ["'", '"', "|", ">", "%", "<<", "---\n", "1e308", "#"]


@settings(max_examples=300)
@given(parts=st.lists(st.sampled_from(ATOMS)))
def test_broken_structures_never_escape(tmp_path_factory: pytest.TempPathFactory, parts: list[str]) -> None:
    folder = tmp_path_factory.mktemp("home")
    (folder / "config.yaml").write_text("".join(parts))
    _read_or_refused(folder, "config.yaml")


@settings(max_examples=200)
@given(text=st.text(max_size=200))
def test_any_dotenv_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("home")
    (folder / ".env").touch(0o600)
    (folder / ".env").write_text(text, encoding="utf-8", errors="replace")
    _read_or_refused(folder, ".env")


def test_thousands_of_unknown_keys_are_refused_within_a_moment(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("".join(f"unknown_key_{i}: 1\n" for i in range(3000)))
    began = time.process_time()
    with pytest.raises(ConfigurationError) as refused:
        load_settings(Home(tmp_path), None, {})
    assert time.process_time() - began < 1
    assert "and 2980 more" in str(refused.value)
