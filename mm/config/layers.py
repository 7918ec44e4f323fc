"""The layers, weakest first: shipped defaults, MM_HOME/config.yaml, the profile, .env, environment."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from mm.config import defaults
from mm.config.suggestion import suggestion
from mm.config.yaml_loader import Document, KeyPath, Leaf, plain_scalar, read_yaml
from mm.domain.errors import ConfigurationError
from mm.dotenv import read_dotenv
from mm.home import Home
from mm.redaction import register_secret

PREFIX = "MM__"
MAX_VARIABLE = 1000
_PROFILE = re.compile(r"^[a-z0-9][a-z0-9_-]{0,40}$")
_SECRET_NAME = re.compile(r"(?i)key|secret|token|passw|webhook|apprise")


def read_layers(home: Home, profile: str | None, environ: Mapping[str, str]) -> list[Document]:
    """Each layer, the strongest last. Raises ConfigurationError (no such profile), CredentialsMissing (.env)."""
    files = [defaults.config_file()]
    if home.config_file.exists():
        files.append(home.config_file)
    if profile is not None:
        files.append(profile_file(home, profile))
    dotenv = read_dotenv(home.dotenv)
    for name, value in [*((name, entry.value) for name, entry in dotenv.items()), *environ.items()]:
        if _SECRET_NAME.search(name) and not name.endswith("_FILE"):
            register_secret(value)
    lines = ((name, entry.value, f"{home.dotenv}:{entry.line} {name}") for name, entry in dotenv.items())
    variables = ((name, value, f"environment variable {name}") for name, value in environ.items())
    return [*map(read_yaml, files), _variables(lines), _variables(variables)]


def profile_names(home: Home) -> list[str]:
    """Shipped profiles and the person's own, smaller tiers first."""
    folders = (defaults.profiles_folder(), home.profiles)
    names = {path.stem for folder in folders if folder.is_dir() for path in folder.glob("*.yaml")}
    return sorted(names, key=lambda name: (int("".join(c for c in name[:9] if c in "0123456789") or 0), name))


def profile_file(home: Home, profile: str) -> Path:
    """MM_HOME/profiles/NAME.yaml, else the shipped one. Raises ConfigurationError when there is neither."""
    if _PROFILE.match(profile):
        for folder in (home.profiles, defaults.profiles_folder()):
            path = folder / f"{profile}.yaml"
            if path.exists():
                return path
    names = profile_names(home)
    raise ConfigurationError(
        f"no profile {profile[:60]!r}{suggestion(profile, names)}", f"there are {', '.join(names)}"
    )


def _variables(found: Iterable[tuple[str, str, str]]) -> Document:
    document = Document()
    for name, value, place in found:
        if not name.upper().startswith(PREFIX):
            continue
        path: KeyPath = tuple(part.lower() for part in name[len(PREFIX) :].split("__"))
        if len(value) > MAX_VARIABLE:
            document.problems.append(f"{place}: is longer than {MAX_VARIABLE} characters")
        elif path in document.leaves:
            document.problems.append(f"{place}: sets {'.'.join(path)} a second time in other letters")
        else:
            document.leaves[path] = Leaf(plain_scalar(value), value, place)
    return document
