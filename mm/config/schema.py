"""What can be set: every key with its type and allowed range, read from the settings classes themselves."""

import types
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import time, timedelta
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from mm.config.settings import Allowed, MmSettings
from mm.config.yaml_loader import KeyPath
from mm.domain.duration import format_duration


@dataclass(frozen=True, slots=True)
class Key:
    """`kind` is the Python type, `choices` the words of a closed set, `required` a key without default."""

    path: KeyPath
    kind: type
    choices: tuple[str, ...]
    optional: bool
    required: bool
    default: Any
    meaning: str
    allowed: str
    field: TypeAdapter[Any] = dataclass_field(compare=False, repr=False)

    @property
    def name(self) -> str:
        return ".".join(self.path)

    def is_allowed(self, value: object) -> bool:
        """Whether the settings class would take `value` (of the right type) for this key alone."""
        try:
            self.field.validate_python(value)
        except ValidationError:
            return False
        return True


@cache
def keys() -> dict[KeyPath, Key]:
    return {key.path: key for key in _walk(MmSettings, ())}


@cache
def sections() -> frozenset[KeyPath]:
    return frozenset(path[:length] for path in keys() for length in range(1, len(path)))


def _walk(model: type[BaseModel], prefix: KeyPath) -> Iterator[Key]:
    for name, field in model.model_fields.items():
        path = (*prefix, name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _walk(field.annotation, path)
        else:
            yield _key(path, field)


def _key(path: KeyPath, field: FieldInfo) -> Key:
    annotation, optional, metadata = _inner(field.annotation, list(field.metadata))
    choices = tuple(map(str, get_args(annotation))) if get_origin(annotation) is Literal else ()
    kind = str if choices else annotation
    form: Any = Annotated[field.annotation, field]
    return Key(
        path=path,
        kind=kind,
        choices=choices,
        optional=optional,
        required=field.default is PydanticUndefined,
        default=None if field.default is PydanticUndefined else field.default,
        meaning=field.description or "",
        allowed=_allowed(kind, choices, metadata) + (", or nothing" if optional else ""),
        field=TypeAdapter(form, config=ConfigDict(allow_inf_nan=False)),
    )


def _inner(annotation: Any, metadata: list[Any]) -> tuple[Any, bool, list[Any]]:
    """The type below `| None` and `Annotated`, and every constraint on the way."""
    optional = False
    while True:
        if get_origin(annotation) in {Union, types.UnionType}:
            optional = True
            annotation = next(part for part in get_args(annotation) if part is not type(None))
        elif hasattr(annotation, "__metadata__"):
            for item in annotation.__metadata__:
                metadata += item.metadata if isinstance(item, FieldInfo) else [item]
            annotation = annotation.__origin__
        else:
            return annotation, optional, metadata


def _allowed(kind: type, choices: tuple[str, ...], metadata: list[Any]) -> str:
    said = next((item.text for item in metadata if isinstance(item, Allowed)), None)
    if said:
        return said
    if choices:
        return "one of " + ", ".join(choices)
    if kind is bool:
        return "true or false"
    if kind is time:
        return "a time of day, 00:00 to 23:59"
    if kind is str:
        return _text_rule(metadata)
    noun = {int: "a whole number", Decimal: "a number", timedelta: "a duration like 250ms, 10s, 10m, 2h, 3d"}[kind]
    limits = [
        f"{sign} {_number(value)}"
        for sign, name, choose in ((">", "gt", max), ("≥", "ge", max), ("<", "lt", min), ("≤", "le", min))
        if (value := _strictest(metadata, name, choose)) is not None
    ]
    if limits[:1] and limits[0].startswith("> ") and len(limits) > 1 and limits[1] == "≥" + limits[0][1:]:
        del limits[1]  # > 0 says it already
    places = _strictest(metadata, "decimal_places", min)
    return noun + (" " + " and ".join(limits) if limits else "") + (f", {places} decimals at most" if places else "")


def _strictest(metadata: list[Any], name: str, choose: Any) -> Any:
    found = [value for item in metadata if (value := getattr(item, name, None)) is not None]
    return choose(found) if found else None


def _number(value: Any) -> str:
    return format_duration(value) if isinstance(value, timedelta) else format(Decimal(value), "f")


def _text_rule(metadata: list[Any]) -> str:
    pattern = _strictest(metadata, "pattern", min)
    longest = _strictest(metadata, "max_length", min)
    if pattern and not longest:
        return f"text like {pattern.strip('^$')}"
    return f"text of {longest} characters at most, without control characters" if longest else "text"
