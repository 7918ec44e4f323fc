"""Every event and action goes to JSON and exactly back."""

import dataclasses
import inspect
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mm.domain import actions, events
from mm.domain.actions import Action
from mm.domain.events import Event
from mm.journal.codec import ACTIONS, EVENTS, NOUNS, Decoder, Encoder

# JSON carries 64-bit integers and finite Decimals as text; lone surrogates cannot be written as UTF-8.
st.register_type_strategy(int, st.integers(-(2**63), 2**63 - 1))
st.register_type_strategy(str, st.text(st.characters(codec="utf-8"), max_size=20))
st.register_type_strategy(float, st.floats(allow_nan=False))
st.register_type_strategy(Decimal, st.decimals(allow_nan=False, allow_infinity=False))
st.register_type_strategy(datetime, st.datetimes(timezones=st.just(UTC)).map(lambda at: at.replace(fold=0)))


def declared(module: Any, base: type) -> set[type]:
    """Every dataclass written in the module, found another way than the codec does."""
    return {
        getattr(module, node)
        for node in [name for name, value in inspect.getmembers(module, dataclasses.is_dataclass)]
        if getattr(module, node).__module__ == module.__name__ and getattr(module, node) is not base
    }


def test_no_event_or_action_is_forgotten() -> None:
    assert set(EVENTS) == declared(events, Event)
    assert set(ACTIONS) == declared(actions, Action)


@pytest.mark.parametrize("kind", [*EVENTS, *ACTIONS, *NOUNS], ids=lambda kind: kind.__name__)
def test_everything_comes_back_as_it_was(kind: type) -> None:
    encoder = Encoder()
    decoder = Decoder(encoder.field_names)

    # Without shrinking a failure is told at once, in its first form.
    @settings(
        max_examples=20,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(value=st.from_type(kind))
    def check(value: Any) -> None:
        line = orjson.dumps(encoder.encode(value))
        back = decoder.decode(orjson.loads(line))
        assert back == value
        assert type(back) is kind
        assert repr(back) == repr(value)

    check()


def test_what_json_lacks_is_carried_too() -> None:
    encoder = Encoder()
    event = events.ClockDrift(at=1, mono=2, drift_ms=3, round_trip_ms=float("inf"))
    line = orjson.dumps(encoder.encode(event))
    assert Decoder(encoder.field_names).decode(orjson.loads(line)) == event


def test_a_class_of_another_room_is_refused() -> None:
    with pytest.raises(TypeError, match="no form for object"):
        Encoder().encode(object())
    with pytest.raises(ValueError, match="Moonrise"):
        Decoder({}).decode(["Moonrise", 1])


def test_a_journal_from_before_a_field_was_added_can_be_read() -> None:
    encoder = Encoder()
    names = {**encoder.field_names, "BookSeen": ["at", "mono", "book"]}
    back = Decoder(names).decode(["BookSeen", 1, 2, [[[3, 4]], [], 5]])
    assert back == events.BookSeen(at=1, mono=2, book=back.book)
    assert back.book.bids == ((3, 4),)


def test_a_field_this_version_does_not_know_is_refused() -> None:
    names = {**Encoder().field_names, "StopRequested": ["at", "mono", "why", "mood"]}
    with pytest.raises(ValueError, match="mood"):
        Decoder(names).decode(["StopRequested", 1, 2, "x", "y"])
