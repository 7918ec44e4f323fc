"""Writes requirements.lock: what is installed here, as far as pyproject.toml needs it (with dev and review).

    .venv/bin/python -m scripts.lock

Exact versions without hashes: a hash belongs to one wheel, and one file serves every Python and machine.
"""

import tomllib
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
HEAD = """\
# Exact versions of everything, tests and checks included; written by `python -m scripts.lock` from a set that was
# tried together. No hashes: a hash belongs to one wheel, and this file serves every Python and machine.
"""


def locked() -> dict[str, str]:
    """Name to version of everything that pyproject.toml reaches, read from the installed packages."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    waiting = [Requirement(line) for line in project["dependencies"]]
    waiting += [Requirement(line) for extra in project["optional-dependencies"].values() for line in extra]
    found: dict[str, str] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        requirement = waiting.pop()
        name, extras = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        installed = distribution(name)
        if not requirement.specifier.contains(installed.version, prereleases=True):
            raise SystemExit(f"{name} {installed.version} is installed, but {requirement} is asked for")
        found[name] = installed.version
        for line in installed.requires or []:
            inner = Requirement(line)
            if inner.marker is None or any(inner.marker.evaluate({"extra": extra}) for extra in extras | {""}):
                waiting.append(inner)
    return found


def main() -> None:
    text = HEAD + "".join(f"{name}=={version}\n" for name, version in sorted(locked().items()))
    (ROOT / "requirements.lock").write_text(text)


if __name__ == "__main__":
    main()
