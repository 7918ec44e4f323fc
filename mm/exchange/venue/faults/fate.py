"""What the plan decides about one request, one stream, one book."""

from dataclasses import dataclass
from typing import Literal

from mm.exchange.venue.faults.refusal import Refusal

Answer = Literal["deliver", "lose", "truncate", "reset", "lie"]


@dataclass(frozen=True, slots=True)
class RequestFate:
    """Waits `delay_in_ms`; is carried out or not; then `refusal` or the true answer comes back, `delay_out_ms` later.

    `answer`: deliver, lose (never, the connection stays), truncate, reset (the connection is cut), lie (`lie` says
    how: unknown-order, canceled, no-such-order). `kinds`: the faults that struck.
    """

    delay_in_ms: int = 0
    refusal: Refusal | None = None
    executes: bool = True
    answer: Answer = "deliver"
    delay_out_ms: int = 0
    lie: str = ""
    kinds: tuple[str, ...] = ()


UNTOUCHED = RequestFate()
UNTOUCHED_EVENT = (0,)


@dataclass(frozen=True, slots=True)
class BookFault:
    """How market data of a book is wrong: `kind` crossed-book, locked-book, stale-book or price-gap (by `per_cent`);
    since `starts_ms`."""

    kind: str
    starts_ms: int
    per_cent: float = 0.0


Silence = Literal["no", "pings", "no-pings"]
"""no: events flow; pings: nothing but pings and pongs; no-pings: nothing at all."""
