"""What is shipped and what is pinned fit what pyproject.toml says."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from mm.config import defaults

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_the_lock_file_pins_everything_asked_for() -> None:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pinned = dict(line.split("==") for line in lines if not line.startswith("#"))
    asked = list(PROJECT["project"]["dependencies"])
    for extra in PROJECT["project"]["optional-dependencies"].values():
        asked += extra
    for line in asked:
        requirement = Requirement(line)
        version = pinned.get(canonicalize_name(requirement.name))
        assert version is not None, f"{line}: run python -m scripts.lock"
        assert requirement.specifier.contains(version), f"{line}: {version} is pinned"


def test_the_wheel_carries_configuration_and_profiles_where_they_are_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert (defaults.config_file(), defaults.profiles_folder()) == (ROOT / "configs/config.yaml", ROOT / "profiles")
    package = tmp_path / "mm"
    for source, target in carried.items():
        (tmp_path / target).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / target).symlink_to(ROOT / source)
    monkeypatch.setattr(defaults, "_PACKAGE", package)
    assert defaults.config_file() == package / "defaults/configs/config.yaml"
    assert defaults.config_file().is_file()
    assert len(list(defaults.profiles_folder().glob("*.yaml"))) == 6


def test_ci_runs_what_the_readme_says() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    assert "\nmake check\nmake test\n" in script
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
