"""One fault of a plan: what, when, how often, at whom."""

import re
from dataclasses import dataclass, field

from mm.exchange.venue.faults.kind import Kind, Scope
from mm.exchange.venue.faults.kinds import KINDS
from mm.exchange.venue.faults.requests import (
    ACCOUNT_STREAM,
    GROUPS,
    REQUESTS,
    STREAM_GROUPS,
    STREAM_KINDS,
    stream_kind,
)

_FOR_EVER_MS = 400 * 86_400_000
_STREAM = re.compile(r"^[a-z0-9]{2,20}@[a-zA-Z0-9@_]{2,40}$")


@dataclass(frozen=True, slots=True)
class Fault:
    """Active from `starts_ms` until just before `ends_ms` (UTC ms; a fault of one moment has no end of its own).

    `share` of the requests or events aimed at are hit. `target`: a request's name or the beginning of one
    (`order.place`, `order`), a group of requests (orders, cancels, queries, public, signed, private), or for streams
    `market`, `account`, a kind (`depth`) or a name (`ethusdc@trade`); empty: all that the kind can hit, or what it
    is usually aimed at. `value` as written, empty for the kind's default. Raises ValueError when any of it is wrong.
    """

    kind: str
    starts_ms: int
    ends_ms: int
    share: float = 1.0
    target: str = ""
    value: str = ""
    meaning: object = field(init=False, compare=False, repr=False)
    """The value, read."""

    def __post_init__(self) -> None:
        kind = KINDS.get(self.kind)
        if kind is None:
            raise ValueError(f"kind: there is no fault {self.kind[:40]!r}")
        if not self.starts_ms < self.ends_ms <= self.starts_ms + _FOR_EVER_MS:
            raise ValueError("for: a fault lasts more than nothing, and at most 400 days")
        if not 0 < self.share <= 1:
            raise ValueError(f"share: {self.share} is not above 0 and at most 1")
        if self.share != 1 and kind.scope not in (Scope.REQUESTS, Scope.EVENTS):
            raise ValueError(f"share: {self.kind} strikes whole or not at all")
        check_target(kind, self.target)
        value = self.value or kind.values[0]
        try:
            object.__setattr__(self, "meaning", kind.read(value))
        except ValueError as error:
            raise ValueError(f"value: {error}") from None

    @property
    def of(self) -> Kind:
        return KINDS[self.kind]

    def is_active(self, now_ms: int) -> bool:
        return self.starts_ms <= now_ms < self.ends_ms

    def hits_request(self, name: str) -> bool:
        kind = self.of
        if kind.applies and name not in kind.applies:
            return False
        target = self.target
        if not target or target == name or name.startswith(f"{target}."):
            return True
        return name in GROUPS.get(target, ())

    def hits_stream(self, stream: str) -> bool:
        """`stream` is a full name, or `market` for a connection to the market streams, or `userData`."""
        target = self.target or self.of.aimed
        is_account = stream == ACCOUNT_STREAM
        if not target or target == stream:
            return True
        if target in {"account", ACCOUNT_STREAM}:
            return is_account
        if target == "market":
            return not is_account
        return not is_account and target == stream_kind(stream)

    def overlaps(self, other: "Fault") -> bool:
        """The same kind at the same target at the same time: nobody could say which of both holds."""
        return (
            self.kind == other.kind
            and (not self.target or not other.target or self.target == other.target)
            and self.starts_ms < other.ends_ms
            and other.starts_ms < self.ends_ms
        )


def check_target(kind: Kind, target: str) -> None:
    """Raises ValueError when `target` names nothing that a fault of this kind can hit."""
    if not target:
        return
    if kind.scope is Scope.REQUESTS or (kind.scope is Scope.EVERYTHING and kind.applies):
        among = kind.applies or REQUESTS
        if any(name == target or name.startswith(f"{target}.") for name in among) or GROUPS.get(target, set()) & among:
            return
        raise ValueError(
            f"target: {kind.name} hits no request {target[:40]!r}; write a method of the WebSocket API "
            f"(order.place) or a group ({', '.join(GROUPS)})"
        )
    if kind.scope in (Scope.EVENTS, Scope.CONNECTIONS):
        if target in STREAM_GROUPS | STREAM_KINDS | {ACCOUNT_STREAM} or _STREAM.match(target):
            if kind.scope is Scope.EVENTS or target in STREAM_GROUPS | {ACCOUNT_STREAM}:
                return
            raise ValueError("target: a connection is aimed at as market or account")
        raise ValueError(f"target: there is no stream {target[:40]!r}; write market, account, depth or ethusdc@trade")
    raise ValueError(f"target: {kind.name} takes none")
