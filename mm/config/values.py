"""One written value against one key: the right type and form, or a sentence that says what would be."""

from datetime import time, timedelta
from decimal import Decimal

from mm.config.schema import Key
from mm.config.yaml_loader import EmptySection, Leaf, ListValue, plain_scalar
from mm.domain.duration import parse_duration


class WrongValue(Exception):
    """The value has not the form that the key takes; its range is checked next."""


def typed_value(key: Key, leaf: Leaf) -> object:
    """The value to validate. Raises WrongValue.

    Text keeps its spelling (`phone: +8613…` is no number), numbers in quotes count as numbers, and neither true
    nor a number with a fraction passes for a whole one.
    """
    value = leaf.value
    if isinstance(value, ListValue):
        raise WrongValue("is a list")
    if isinstance(value, EmptySection):
        raise WrongValue("is a section")
    if value is None and key.kind is not str:
        if key.optional:
            return None
        raise WrongValue("is empty")
    if key.kind is str:
        if value is None and leaf.text:
            raise WrongValue("is empty")
        return leaf.text
    if key.kind is bool:
        return _boolean(leaf)
    if key.kind is int or key.kind is Decimal:
        return _number(key, leaf)
    if key.kind is timedelta:
        return _duration(leaf)
    if key.kind is time:
        return leaf.text
    raise AssertionError(f"{key.name}: no rule for {key.kind}")


def _boolean(leaf: Leaf) -> bool:
    value = plain_scalar(leaf.text)
    if not isinstance(value, bool):
        raise WrongValue("is neither true nor false")
    return value


def _number(key: Key, leaf: Leaf) -> int | Decimal:
    value = plain_scalar(leaf.text.strip())
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise WrongValue("is no number")
    if key.kind is int:
        if isinstance(value, Decimal) and (abs(value) > 10**18 or value != int(value)):
            raise WrongValue("is no whole number in reach")
        return int(value)
    return value


def _duration(leaf: Leaf) -> timedelta:
    if isinstance(plain_scalar(leaf.text), int | Decimal):
        raise WrongValue("has no unit")
    try:
        return parse_duration(leaf.text)
    except ValueError:
        raise WrongValue("is no duration") from None
