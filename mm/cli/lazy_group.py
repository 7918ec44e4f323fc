"""A group of commands that knows its table and imports a command only when it is used."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup


@dataclass(frozen=True, slots=True)
class LazyCommand:
    """`target` is "module:attribute", a command function or a Typer app; `summary` is its line in the help."""

    name: str
    target: str
    summary: str

    def is_built(self) -> bool:
        module = self.target.partition(":")[0]
        return (Path(__file__).parent / f"{module.rpartition('.')[2]}.py").exists()

    def load(self) -> Any:
        module, _, attribute = self.target.partition(":")
        found = getattr(importlib.import_module(module), attribute)
        if isinstance(found, typer.Typer):
            found.rich_markup_mode = None
            group = typer.main.get_group(found)
            group.name = self.name
            return group
        single = group_of(self.summary)
        single.command(self.name)(found)
        return typer.main.get_command_from_info(
            single.registered_commands[0], pretty_exceptions_short=True, rich_markup_mode=None
        )


class QuickGroup(TyperGroup):
    """Typer builds a pydantic validator (80 ms) for a flag whose default is None, as its own help option has."""

    def get_help_option(self, ctx: Any) -> Any:
        option = super().get_help_option(ctx)
        if option is not None:
            option.default = False
        return option


class LazyGroup(QuickGroup):
    """Subclasses set `table`. Typer's context and commands belong to its private click, hence `Any`."""

    table: ClassVar[Mapping[str, LazyCommand]]

    def list_commands(self, ctx: Any) -> list[str]:
        return [name for name, command in self.table.items() if command.is_built()]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        command = self.table.get(cmd_name)
        return command.load() if command and command.is_built() else None

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        rows = [(name, self.table[name].summary) for name in self.list_commands(ctx)]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)


def group_of(summary: str) -> typer.Typer:
    """A Typer app for subcommands: plain help, help when called bare. `app = group_of("What it is for.")`."""
    return typer.Typer(
        cls=QuickGroup,
        help=summary,
        rich_markup_mode=None,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
