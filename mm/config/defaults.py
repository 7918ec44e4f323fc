"""The shipped configuration: inside the wheel as mm/defaults, in a checkout beside the package."""

from pathlib import Path

import mm

_PACKAGE = Path(mm.__file__).parent


def _folder(name: str) -> Path:
    shipped = _PACKAGE / "defaults" / name
    return shipped if shipped.is_dir() else _PACKAGE.parent / name


def config_file() -> Path:
    """configs/config.yaml: every key with its meaning, unit and default."""
    return _folder("configs") / "config.yaml"


def systemd_folder() -> Path:
    """configs/systemd: the units that `mm service install` fills in."""
    return _folder("configs") / "systemd"


def profiles_folder() -> Path:
    return _folder("profiles")
