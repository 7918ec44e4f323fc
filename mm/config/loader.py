"""Reads the configuration: every layer, every value with its source, every problem at once.

Precedence, weakest first: shipped configs/config.yaml, MM_HOME/config.yaml, the profile, MM_HOME/.env
(MM__SECTION__KEY), environment variables (MM__SECTION__KEY).
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource

from mm.config.layers import read_layers
from mm.config.schema import keys, sections
from mm.config.settings import MmSettings
from mm.config.suggestion import suggestion
from mm.config.values import WrongValue, typed_value
from mm.config.yaml_loader import Document, EmptySection, KeyPath, Leaf
from mm.domain.errors import ConfigurationError
from mm.home import Home
from mm.redaction import redact

SHOWN = 20
NOT_MATERIAL: Mapping[str, Any] = {
    "operator": True,
    "contacts": True,
    "logging": True,
    "alerts": {"email": True, "dingtalk": True, "apprise": True},
}


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """`sources` says for each dotted key where its value came from: file:line, variable, or "default"."""

    settings: MmSettings
    sources: Mapping[str, str]
    config_hash: str


def load_settings(home: Home, profile: str | None, environ: Mapping[str, str]) -> LoadedSettings:
    """Raises ConfigurationError naming every problem with its place, key, value and allowed range (exit 3),
    CredentialsMissing when .env can be read by others (exit 10)."""
    documents = read_layers(home, profile, environ)
    problems = [problem for document in documents for problem in document.problems]
    written: dict[KeyPath, Leaf] = {}
    layers = []
    for document in documents:
        values = _checked(document, problems)
        written |= {path: document.leaves[path] for path in values}
        layers.append(_nested(values))
    settings = _assemble(layers, written, problems)
    if problems or settings is None:
        raise _refusal(problems)
    sources = {key.name: written[path].place if path in written else "default" for path, key in keys().items()}
    return LoadedSettings(settings, sources, config_hash(settings))


def config_hash(settings: MmSettings) -> str:
    """SHA-256 of all settings that can change what the bot does: equal values give equal hashes however they are
    written. Who is on duty, contacts, channels of alerts and logging are left out; keys are no settings."""
    values = settings.model_dump(exclude=dict(NOT_MATERIAL))
    text = json.dumps(_canonical(values), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _canonical(item) for key, item in value.items()}
    if isinstance(value, str):
        try:
            return format(Decimal(value).normalize(), "f")
        except ArithmeticError:
            return value
    return value


def _checked(document: Document, problems: list[str]) -> dict[KeyPath, object]:
    """The values of known keys in their right form; everything else becomes a problem."""
    values: dict[KeyPath, object] = {}
    for path, leaf in document.leaves.items():
        key = keys().get(path)
        if key is not None:
            try:
                value = typed_value(key, leaf)
            except WrongValue as wrong:
                problems.append(f"{leaf.place}: {key.name}: {_shown(leaf)} {wrong}; allowed: {key.allowed}")
                continue
            # Each layer by itself: a value that another layer overrides today is in force tomorrow.
            if key.is_allowed(value):
                values[path] = value
            else:
                problems.append(f"{leaf.place}: {key.name}: {_shown(leaf)} is not allowed; allowed: {key.allowed}")
        elif path in sections():
            if leaf.value is not None and not isinstance(leaf.value, EmptySection):
                problems.append(f"{leaf.place}: {_dotted(path)} is a section, not a value; write its keys below it")
        else:
            problems.append(_unknown(path, leaf, first=len(problems) < SHOWN))
    return values


def _unknown(path: KeyPath, leaf: Leaf, *, first: bool) -> str:
    """Says nothing of the value: a secret in the wrong place must not be printed."""
    holder = next((path[:length] for length in range(1, len(path)) if path[:length] in keys()), None)
    if holder:
        return f"{leaf.place}: {_dotted(holder)} takes one value, not a section"
    name = _dotted(path)
    lowered = name.lower()
    if any(word in lowered for word in ("secret", "api_key", "apikey", "password", "token")):
        return f"{leaf.place}: unknown key {name}; API keys belong in MM_HOME/.env (see mm init)"
    near = suggestion(name, [key.name for key in keys().values()]) if first else ""
    return f"{leaf.place}: unknown key {name}{near}"


class _Layered(BaseSettings):
    """pydantic-settings merges the layers, the strongest first, and validates what comes out."""

    mm: MmSettings

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # Its own readers of variables are not used: they know no YAML 1.2 scalars, no lines and no unknown keys.
        layers = init_settings()["layers"]
        return tuple(InitSettingsSource(settings_cls, {"mm": layer}) for layer in reversed(layers))


def _assemble(layers: list[dict[str, Any]], written: Mapping[KeyPath, Leaf], problems: list[str]) -> MmSettings | None:
    """Refusals become lines with their places."""
    given: dict[str, Any] = {"layers": layers}
    try:
        return _Layered(**given).mm
    except ValidationError as refused:
        for error in refused.errors(include_url=False, include_context=False):
            path = tuple(map(str, error["loc"][1:]))
            key = keys().get(path)
            if key is None:
                problems += [
                    _contradiction(said, written) for said in error["msg"].removeprefix("Value error, ").split("; ")
                ]
            elif error["type"] != "missing":
                problems.append(f"{written[path].place}: {key.name}: {error['msg']}")
            elif not problems:
                problems.append(f"{key.name} is not set; allowed: {key.allowed}; a profile sets it")
        return None


def _contradiction(said: str, written: Mapping[KeyPath, Leaf]) -> str:
    """Adds the values and their places to `strategy.max_inventory must not exceed risk.max_position`."""
    named = [(path, leaf) for path, leaf in written.items() if re.search(rf"\b{re.escape(_dotted(path))}\b", said)]
    places = "; ".join(f"{_dotted(path)} is {_shown(leaf)} in {leaf.place}" for path, leaf in named)
    return f"{said} ({places})"


def _nested(values: Mapping[KeyPath, object]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, value in values.items():
        node = tree
        for part in path[:-1]:
            node = node.setdefault(part, {})
        node[path[-1]] = value
    return tree


def _refusal(problems: list[str]) -> ConfigurationError:
    lines = [redact(line) for line in problems[:SHOWN]]
    if len(problems) > SHOWN:
        lines.append(f"and {len(problems) - SHOWN} more")
    head = "" if len(problems) == 1 else f"{len(problems)} problems in the configuration\n"
    return ConfigurationError(head + "\n".join(lines), "mend this, then run mm config check")


def _dotted(path: KeyPath) -> str:
    name = ".".join(path)[:120]
    return name if name.isprintable() else "".join(c if c.isprintable() else "?" for c in name)


def _shown(leaf: Leaf) -> str:
    text = leaf.text if len(leaf.text) <= 60 else leaf.text[:57] + "…"
    return repr(text) if text != text.strip() or not text.isprintable() or not text else text
