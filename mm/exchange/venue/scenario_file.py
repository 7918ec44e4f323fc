"""Scenarios of one's own: JSON files with the fields of `Scenario`, found by name beside the shipped ones."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from mm.domain.errors import ConfigurationError
from mm.exchange.venue.scenario import Scenario
from mm.exchange.venue.scenarios import SCENARIOS

_FIELDS = TypeAdapter(Scenario)


def scenario_named(name: str, folder: Path) -> Scenario:
    """A shipped scenario, else the one of `folder`/NAME.json. Raises ConfigurationError when there is neither."""
    shipped = SCENARIOS.get(name)
    if shipped is not None:
        return shipped
    file = folder / f"{name}.json"
    if not file.is_file():
        own = sorted(path.stem for path in folder.glob("*.json")) if folder.is_dir() else []
        raise ConfigurationError(
            f"venue.scenario: no scenario {name[:40]!r}", f"there are {', '.join([*SCENARIOS, *own])}"
        )
    return read_scenario(file)


def read_scenario(file: Path) -> Scenario:
    """Raises ConfigurationError when the file is none of a scenario. Its name is the file's."""
    try:
        parsed = json.loads(file.read_text(encoding="utf-8"))
        return replace(from_parameters(parsed), name=file.stem)
    except (OSError, ValueError, TypeError) as error:
        raise ConfigurationError(
            f"{file} holds no scenario ({str(error)[:300]})", "make one with mm sim calibrate FILE --write NAME"
        ) from error


def write_scenario(scenario: Scenario, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(asdict(scenario), indent=2) + "\n", encoding="utf-8")


def from_parameters(parameters: dict[str, Any]) -> Scenario:
    """Raises ValueError, naming the field."""
    try:
        return _FIELDS.validate_python(parameters)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
