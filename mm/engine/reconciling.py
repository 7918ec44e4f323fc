"""When the exchange is read, and what a reading settles. Pure: it asks with actions and is told with events."""

from dataclasses import dataclass

from mm.domain.actions import Action, Reconcile


@dataclass(frozen=True, slots=True)
class Reading:
    """What a finished reading was: `proving` it was begun to prove a stop, after the last order had ended;
    `again` why another must follow at once (empty: it stands)."""

    proving: bool
    again: str


class Reconciling:
    """One reading at a time. A reason that comes up while one is under way is read for afterwards: what is being
    read may be older than the reason."""

    def __init__(self, every_ns: int, retry_ns: int) -> None:
        self._every = every_ns
        self._retry = retry_ns
        self._under_way = False
        self._again = ""
        self._proving = False
        self._next = 0
        self._next_proof = 0

    @property
    def is_under_way(self) -> bool:
        return self._under_way

    def ask(self, why: str, *, anew: bool = False) -> list[Action]:
        """`anew`: what a reading under way has read already is not good enough."""
        if self._under_way:
            self._again = self._again or (why if anew else "")
            return []
        self._under_way = True
        return [Reconcile(why)]

    def due(self, mono: int) -> list[Action]:
        """The periodic reading, once the first was made."""
        return self.ask("periodic") if self._next and mono >= self._next else []

    def prove(self, mono: int) -> list[Action]:
        """No order is live any more: have it proved, not more often than the retry pause."""
        if mono < self._next_proof:
            return []
        asked = self.ask("stop")
        self._proving = self._proving or bool(asked)
        return asked

    def done(self, mono: int, *, agrees: bool) -> Reading:
        """A reading ended; with problems the next one comes soon."""
        reading = Reading(self._proving, self._again)
        self._under_way = self._proving = False
        self._again = ""
        self._next = mono + (self._every if agrees else self._retry)
        if not agrees:
            self._next_proof = self._next
        return reading
