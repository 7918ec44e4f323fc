"""Typed, checked fields that settings classes in every room share (pydantic)."""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from mm.domain.duration import format_duration, parse_duration


class Settings(BaseModel):
    """Frozen, no unknown keys, no NaN or infinity; the docstring of a field is its comment in config.yaml."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True, use_attribute_docstrings=True
    )


def _duration(value: object) -> object:
    return parse_duration(value) if isinstance(value, str) else value


def _decimal(value: object) -> object:
    # A float from YAML is read by its shortest text, so 0.1 means 0.1.
    return Decimal(str(value)) if isinstance(value, float) else value


Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    Field(strict=True, gt=timedelta(0), le=timedelta(days=400)),
    PlainSerializer(format_duration, return_type=str),
]
_Number = Annotated[Decimal, BeforeValidator(_decimal), PlainSerializer(str, return_type=str)]
Amount = Annotated[_Number, Field(gt=0, le=Decimal("1e9"), decimal_places=8)]
"""A positive amount of an asset, no finer than Binance's 1e-8."""
AmountOrZero = Annotated[_Number, Field(ge=0, le=Decimal("1e9"), decimal_places=8)]
Fraction = Annotated[_Number, Field(ge=0, le=1, decimal_places=12)]
"""A share: 0.05 is five per cent."""
Factor = Annotated[_Number, Field(gt=0, decimal_places=6)]
"""How many times: 1.5 is half as much again."""


def seconds(value: timedelta) -> float:
    return value.total_seconds()


def nanoseconds(value: timedelta) -> int:
    return value // timedelta(microseconds=1) * 1000
