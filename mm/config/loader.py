"""Reads the configuration: every layer, every value with its source, every problem at once."""

from collections.abc import Mapping
from dataclasses import dataclass

from mm.config.settings import MmSettings
from mm.home import Home


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """`sources` says for each dotted key where its value came from (file:line or variable)."""

    settings: MmSettings
    sources: Mapping[str, str]
    config_hash: str


def load_settings(home: Home, profile: str | None, environ: Mapping[str, str]) -> LoadedSettings:
    """Raises ConfigurationError naming every problem (exit 3)."""
    raise NotImplementedError(home, profile, environ)
