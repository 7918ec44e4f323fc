"""Events, actions and the nouns in them as compact JSON arrays, and exactly back.

A record of class X with fields a, b is `["X", a, b]`; a noun inside a field is `[a, b]`, its class known from the
type. Which fields a class had is kept in the journal's header, so a field added later does not break old journals.
"""

import math
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from operator import attrgetter
from typing import Any

from mm.domain import actions, events
from mm.domain.actions import Action
from mm.domain.events import Event
from mm.domain.fill import FeeRates, Fill
from mm.domain.instrument import Instrument
from mm.domain.position import Position
from mm.domain.records import Recovery, RunStart
from mm.domain.risk import RiskBaseline

FieldNames = Mapping[str, Sequence[str]]
_Convert = Callable[[Any], Any]


def _classes_in(module: types.ModuleType, base: type) -> list[type]:
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, base) and value is not base
    ]


EVENTS = tuple(_classes_in(events, Event))
ACTIONS = tuple(_classes_in(actions, Action))
NOUNS = (Instrument, FeeRates, Fill, Position, RiskBaseline, Recovery, RunStart)
"""What a header may hold beside plain JSON."""


class Encoder:
    """From an object to its array."""

    def __init__(self) -> None:
        self._known: dict[type, tuple[Callable[[Any], Any], tuple[tuple[int, _Convert], ...]]] = {}
        self.field_names: dict[str, list[str]] = {}
        for kind in (*EVENTS, *ACTIONS, *NOUNS):
            self._learn(kind)

    def encode(self, value: Any) -> list[Any]:
        """`[class name, field, …]`. Raises TypeError for a class the journal does not know."""
        try:
            get, converts = self._known[type(value)]
        except KeyError:
            raise TypeError(f"the journal has no form for {type(value).__name__}") from None
        row = [type(value).__name__, *get(value)]
        for index, convert in converts:
            row[index + 1] = convert(row[index + 1])
        return row

    def _learn(self, kind: type) -> None:
        if kind in self._known:
            return
        names = [field.name for field in fields(kind)]
        hints = typing.get_type_hints(kind)
        self.field_names[kind.__name__] = names
        found = ((index, self._convert(hints[name])) for index, name in enumerate(names))
        converts = tuple((index, convert) for index, convert in found if convert is not None)
        self._known[kind] = (_getter(names), converts)

    def _convert(self, hint: Any) -> _Convert | None:
        """None: JSON carries the value as it is."""
        inner = _inner_of_optional(hint)
        if inner is not None:
            convert = self._convert(inner)
            return None if convert is None else lambda value: None if value is None else convert(value)
        if typing.get_origin(hint) is tuple:
            return self._convert_tuple(typing.get_args(hint))
        if is_dataclass(hint) and isinstance(hint, type):
            self._learn(hint)
            return lambda value: self.encode(value)[1:]
        return _scalar_out(hint)

    def _convert_tuple(self, args: tuple[Any, ...]) -> _Convert | None:
        converts = {self._convert(arg) for arg in args if arg is not Ellipsis}
        if converts == {None}:
            return None
        if len(args) == 2 and args[1] is Ellipsis:
            convert = self._convert(args[0])
            assert convert is not None  # noqa: S101 -- narrowed by the set above
            return lambda values: [convert(value) for value in values]
        raise TypeError(f"the journal cannot carry a tuple of {args}")


class Decoder:
    """From an array back to its object, by the field names of the journal's header."""

    def __init__(self, field_names: FieldNames) -> None:
        self._names = field_names
        self._builders: dict[str, _Convert] = {}
        self._classes = {kind.__name__: kind for kind in (*EVENTS, *ACTIONS, *NOUNS)}

    def decode(self, row: Sequence[Any]) -> Any:
        """Raises ValueError for a class or field this version does not know."""
        builder = self._builders.get(row[0])
        if builder is None:
            kind = self._classes.get(row[0])
            if kind is None:
                raise ValueError(f"the journal holds a {row[0]}, which this mm does not know")
            builder = self._builders[row[0]] = self._builder(kind)
        return builder(row[1:])

    def _builder(self, kind: type) -> _Convert:
        names = list(self._names[kind.__name__])
        hints = typing.get_type_hints(kind)
        unknown = [name for name in names if name not in hints]
        if unknown:
            raise ValueError(f"the journal's {kind.__name__} has {unknown[0]}, which this mm does not know")
        converts = [self._convert(hints[name]) for name in names]

        def build(values: Sequence[Any]) -> Any:
            return kind(**{name: convert(value) for name, convert, value in zip(names, converts, values, strict=True)})

        return build

    def _convert(self, hint: Any) -> _Convert:
        inner = _inner_of_optional(hint)
        if inner is not None:
            convert = self._convert(inner)
            return lambda value: None if value is None else convert(value)
        if typing.get_origin(hint) is tuple:
            return self._convert_tuple(typing.get_args(hint))
        if is_dataclass(hint) and isinstance(hint, type):
            return self._builder(hint)
        return _scalar_in(hint)

    def _convert_tuple(self, args: tuple[Any, ...]) -> _Convert:
        if len(args) == 2 and args[1] is Ellipsis:
            item = self._convert(args[0])
            return lambda values: tuple([item(value) for value in values])
        items = [self._convert(arg) for arg in args]
        return lambda values: tuple([item(value) for item, value in zip(items, values, strict=True)])


def _getter(names: list[str]) -> Callable[[Any], Any]:
    """Of the values of all fields, as an iterable."""
    if not names:
        return lambda _: ()
    if len(names) == 1:
        get = attrgetter(names[0])
        return lambda value: (get(value),)
    return attrgetter(*names)


def _inner_of_optional(hint: Any) -> Any | None:
    """X of `X | None`; None for anything else."""
    if typing.get_origin(hint) not in (types.UnionType, typing.Union):
        return None
    inner = [arg for arg in typing.get_args(hint) if arg is not types.NoneType]
    if len(inner) != 1:
        raise TypeError(f"the journal cannot carry {hint}")
    return inner[0]


def _scalar_out(hint: Any) -> _Convert | None:
    if hint in _SCALARS:
        return _SCALARS[hint][0]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return None
    raise TypeError(f"the journal cannot carry {hint}")


def _scalar_in(hint: Any) -> _Convert:
    if hint in _SCALARS:
        return _SCALARS[hint][1]
    return typing.cast("_Convert", hint)


def _float_out(value: float) -> float | str:
    # JSON has no NaN or infinity.
    return value if math.isfinite(value) else repr(value)


def _float_in(value: float | str) -> float:
    return float(value)


def _as_it_is(value: Any) -> Any:
    return value


_SCALARS: dict[Any, tuple[_Convert | None, _Convert]] = {
    int: (None, _as_it_is),
    str: (None, _as_it_is),
    bool: (None, _as_it_is),
    float: (_float_out, _float_in),
    Decimal: (str, Decimal),
    datetime: (datetime.isoformat, datetime.fromisoformat),
}
"""Out to JSON (None: as it is) and back."""
