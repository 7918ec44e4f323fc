"""One started instance of the bot, as seen from outside: what it was told and what it has read."""

from collections.abc import Callable

from mm.home import EnvironmentHome

_READS = ("open_orders", "trades", "account")
_SLACK_MS = 500
"""How far the bot's idea of the exchange's clock may be off (risk.max_clock_drift) when it judges a book's age."""


class Instance:
    """`now_ms` the exchange's true time, `skew_ms` what a fault adds to the times that the exchange tells."""

    def __init__(
        self, home: EnvironmentHome, epoch: int, now_ms: Callable[[], int], skew_ms: Callable[[], int]
    ) -> None:
        self.home = home
        self.epoch = epoch
        self.is_killed = False
        self.halted_by: set[str] = set()
        self._armed, self._stop = home.armed, home.stop
        self._now_ms = now_ms
        self._skew_ms = skew_ms
        self._told_ms = 0
        self._arrived_ms = 0
        self._is_up = {"market": False, "account": False}
        self._turn = 0
        self._read: dict[str, int] = {}

    # --- what it is told ------------------------------------------------------------------

    def book(self, exchange_ms: int) -> None:
        """`exchange_ms` 0: a snapshot, which the exchange dates with no time; it is as new as its answer."""
        self._arrived_ms = self._now_ms()
        self._told_ms = exchange_ms - self._skew_ms() if exchange_ms else self._arrived_ms
        self._is_up["market"] = True

    def stream(self, name: str, *, is_up: bool) -> None:
        if name == "account":
            self._turn += 1
            self._is_up[name] = is_up
        elif not is_up:
            self._is_up[name] = False

    def turn(self) -> int:
        """Changes whenever what was read before counts no more."""
        return self._turn

    def has_read(self, what: str, turn: int) -> None:
        """A reading that began in `turn` was answered; a slow one may be overtaken by one that began later."""
        self._read[what] = max(turn, self._read.get(what, turn))

    # --- what it may do ---------------------------------------------------------------------

    def may_not_send(self, stale_ms: int, despite: frozenset[str] = frozenset()) -> str:
        """Why a new order must not leave; empty when it may. `despite` halts that this order may pass."""
        now = self._now_ms()
        silent, lag = now - self._arrived_ms, self._arrived_ms - self._told_ms
        reasons = (
            (self.is_killed, "the process is dead"),
            (self._stop.exists() or not self._armed.exists(), "the stop latch fell"),
            (bool(self.halted_by - despite), f"halted: {', '.join(sorted(self.halted_by))}"),
            (not self._is_up["market"], "the market stream is down"),
            (silent > stale_ms, f"no book for {silent} ms"),
            (silent + lag > stale_ms + _SLACK_MS, f"the book is {silent + lag} ms old"),
            (not self._is_up["account"], "the account stream is down"),
            (
                any(self._read.get(what) != self._turn for what in _READS),
                "orders, trades and balances were not read since the start or the last gap of the account stream",
            ),
        )
        return next((why for is_so, why in reasons if is_so), "")
