"""Reads YAML that people write, and refuses YAML that attackers and accidents write.

Scalars follow the YAML 1.2 core schema (PyYAML's 1.1 reads `22:00` as 1320 and `no` as False). Duplicate keys,
anchors, aliases, tags and further documents are refused; size and depth are capped before anything is built.
"""

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import yaml

MAX_BYTES = 65_536
MAX_DEPTH = 8

_NULL = re.compile(r"^(?:null|Null|NULL|~|)$")
_BOOL = re.compile(r"^(?:(true|True|TRUE)|false|False|FALSE)$")
_INT = re.compile(r"^(?:([-+]?[0-9]{1,30})|0o([0-7]{1,30})|0x([0-9a-fA-F]{1,30}))$")
_FLOAT = re.compile(r"^[-+]?(?:\.[0-9]{1,40}|[0-9]{1,40}(?:\.[0-9]{0,40})?)(?:[eE][-+]?[0-9]{1,4})?$")

KeyPath = tuple[str, ...]


class ListValue:
    """Stands for a sequence: no setting takes one, so its items are not kept."""


class EmptySection:
    """Stands for `{}`."""


Scalar = str | int | Decimal | bool | ListValue | EmptySection | None


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value, the text it was written as, and its place: `file:line` or the name of a variable."""

    value: Scalar
    text: str
    place: str


@dataclass(slots=True)
class Document:
    """What one file says: values by their path of keys, and what is wrong with it, each with its place."""

    leaves: dict[KeyPath, Leaf] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def plain_scalar(text: str) -> Scalar:
    """`text` by the YAML 1.2 core schema; numbers exact. NaN, infinity and endless digits stay text."""
    if _NULL.match(text):
        return None
    if match := _BOOL.match(text):
        return bool(match[1])
    if match := _INT.match(text):
        decimal, octal, hexadecimal = match.groups()
        return int(decimal) if decimal else int(octal, 8) if octal else int(hexadecimal, 16)
    return Decimal(text) if _FLOAT.match(text) else text


def read_yaml(path: Path) -> Document:
    """Never raises for what the file holds; every problem is in the answer. A missing file is a problem too."""
    document = Document()
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            document.problems.append(f"{path}: is no regular file")
            return document
        if status.st_size > MAX_BYTES:
            document.problems.append(f"{path}: is larger than {MAX_BYTES} bytes; that is no configuration")
            return document
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        document.problems.append(f"{path}: cannot be read ({error.strerror})")
        return document
    except UnicodeDecodeError:
        document.problems.append(f"{path}: is not written in UTF-8")
        return document
    try:
        _Reader(path, document).read(_events(text))
    except _Refused as refused:
        document.problems.append(f"{path}:{refused.line}: {refused.reason}")
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        document.problems.append(f"{path}:{line}: is not YAML ({error.problem})")
    except yaml.YAMLError:
        document.problems.append(f"{path}: holds characters that YAML does not allow")
    return document


class _Refused(Exception):
    """Ends the reading of one file."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


def _events(text: str) -> Iterator[yaml.Event]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where the wheel has it: ten times faster
    yield from yaml.parse(text, Loader=loader)


class _Reader:
    """Turns events into leaves one by one, so that depth is capped before it can hurt."""

    def __init__(self, path: Path, document: Document) -> None:
        self._path = path
        self._document = document
        self._events: Iterator[yaml.Event] = iter(())

    def read(self, events: Iterator[yaml.Event]) -> None:
        self._events = events
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _Refused(_line(event), "a second document begins; write one")
            elif isinstance(event, yaml.MappingStartEvent):
                self._check(event)
                self._mapping(())
            elif isinstance(event, yaml.ScalarEvent) and event.value == "" and not event.tag and not event.anchor:
                continue  # an empty document
            elif isinstance(event, yaml.NodeEvent):
                raise _Refused(_line(event), "the file must hold sections and keys")

    def _mapping(self, path: KeyPath) -> None:
        first_lines: dict[str, int] = {}
        while True:
            key = next(self._events)
            if isinstance(key, yaml.MappingEndEvent):
                return
            self._check(key)
            if not isinstance(key, yaml.ScalarEvent):
                raise _Refused(_line(key), "a key must be a word")
            name, line = str(key.value), _line(key)
            place = (*path, name)
            if name in first_lines:
                self._document.problems.append(
                    f"{self._path}:{line}: {_shown(place)} is written twice (first in line {first_lines[name]})"
                )
            first_lines[name] = line
            if len(place) > MAX_DEPTH:
                raise _Refused(line, f"is nested deeper than {MAX_DEPTH} levels")
            self._value(place)

    def _value(self, place: KeyPath) -> None:
        event = next(self._events)
        self._check(event, place)
        if isinstance(event, yaml.MappingStartEvent):
            before = len(self._document.leaves)
            self._mapping(place)
            if len(self._document.leaves) == before:
                self._document.leaves[place] = Leaf(EmptySection(), "{}", f"{self._path}:{_line(event)}")
        elif isinstance(event, yaml.SequenceStartEvent):
            self._skip_sequence(place)
            self._document.leaves[place] = Leaf(ListValue(), "[…]", f"{self._path}:{_line(event)}")
        elif isinstance(event, yaml.ScalarEvent):
            text = str(event.value)
            value = plain_scalar(text) if event.implicit[0] else text  # quoted text is text
            self._document.leaves[place] = Leaf(value, text, f"{self._path}:{_line(event)}")

    def _skip_sequence(self, place: KeyPath) -> None:
        depth = 1
        while depth:
            event = next(self._events)
            self._check(event, place)
            if isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
                depth += 1
            elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
                depth -= 1
            if depth > MAX_DEPTH:
                raise _Refused(_line(event), f"{_shown(place)} is nested deeper than {MAX_DEPTH} levels")

    def _check(self, event: yaml.Event, place: KeyPath = ()) -> None:
        """`place` the key whose value it is; none for a key, or the file's own beginning."""
        of = f"{_shown(place)}: " if place else ""
        if isinstance(event, yaml.AliasEvent):
            raise _Refused(_line(event), f"{of}an alias (*name) is not allowed; write the value out")
        if getattr(event, "anchor", None):
            raise _Refused(_line(event), f"{of}an anchor (&name) is not allowed; write values out")
        if getattr(event, "tag", None):
            raise _Refused(_line(event), f"{of}a tag (!name) is not allowed")


def _line(event: yaml.Event) -> int:
    return int(event.start_mark.line) + 1 if event.start_mark else 1


def _shown(place: KeyPath) -> str:
    name = ".".join(place)[:120]
    return name if name.isprintable() else "".join(c if c.isprintable() else "?" for c in name)
