"""`mm config show|check`."""

import os
from typing import Any

from mm.cli.lazy_group import group_of
from mm.cli.options import Json, Profile
from mm.domain.errors import MmError
from mm.home import ENVIRONMENTS, Home

app = group_of("Show or check the configuration.")


@app.command("show")
def show(profile: Profile = None, as_json: Json = False) -> None:
    """Every value in force and where it came from; of keys only whether they are there.

    \b
    Example:
      mm config show --profile 100usdc
      mm config show --profile 100usdc --json
    """
    from mm.cli.output import console, emit_json, note, table
    from mm.config.loader import load_settings
    from mm.config.schema import keys

    home = Home.of()
    loaded = load_settings(home, profile, os.environ)
    dumped = loaded.settings.model_dump(mode="json")
    values: dict[str, object] = {}
    for key in keys().values():
        value: Any = dumped
        for part in key.path:
            value = value[part]
        values[key.name] = value
    api_keys = {environment: _key_state(home, environment) for environment in ENVIRONMENTS}
    if as_json:
        emit_json(
            {
                "home": home.path,
                "profile": profile,
                "config_hash": loaded.config_hash,
                "settings": {name: {"value": values[name], "source": loaded.sources[name]} for name in values},
                "api_keys": api_keys,
            }
        )
        return
    rows = [
        (name, "" if value is None else str(value), _place(loaded.sources[name], home))
        for name, value in values.items()
    ]
    rows += [(f"API key, {name}", state, "") for name, state in api_keys.items()]
    console().print(table(("key", "value", "from"), rows, whole=("key",)))
    note(f"profile {profile or 'none'}, config hash {loaded.config_hash[:12]}, home {home.path}")


@app.command("check")
def check(profile: Profile = None, as_json: Json = False) -> None:
    """Read the configuration and every profile (or one) as a run would; exit 3 names every problem.

    \b
    Example:
      mm config check
      mm config check --profile 100usdc
    """
    import typer

    from mm.cli.output import emit_json
    from mm.config.layers import profile_names
    from mm.config.loader import load_settings

    home = Home.of()
    names = [profile] if profile else profile_names(home)
    hashes = {name: load_settings(home, name, os.environ).config_hash for name in names}
    if as_json:
        emit_json({"ok": True, "home": home.path, "profiles": hashes})
        return
    for name, value in hashes.items():
        typer.echo(f"{name}: in order (config hash {value[:12]})")


def _place(source: str, home: Home) -> str:
    """Shorter for a table: files of MM_HOME and shipped files by their name within it."""
    from mm.config import defaults

    for folder, name in ((home.path, "MM_HOME"), (defaults.config_file().parent.parent, "shipped")):
        source = source.replace(f"{folder}/", f"{name}/")
    return source


def _key_state(home: Home, environment: str) -> str:
    """Says that a key is there, never a part of it."""
    from mm.exchange.key_files import read_keys

    try:
        read_keys(home, environment, os.environ)
    except MmError as error:
        return f"none: {error.message}"
    return "set (hidden)"
