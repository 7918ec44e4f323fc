"""Cancel every order that is the bot's, and prove that none is left."""

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from mm.domain.errors import ExitCode, MmError
from mm.runner.emergency.fence import Fence
from mm.runner.emergency.rest_client import OpenOrder, Refused, RestClient, TryAgain

WORKERS = 8
FIRST_TIMEOUT, LONGEST_TIMEOUT = 2.0, 10.0
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
READ_EVERY = 0.5
CLEAN_READS = 2

# Ids of any bot of this program: what is left to go by when no bot was ever armed here.
ANY_OWN = re.compile(r"mm-[a-z0-9]{6}-[0-9a-z]+")


@dataclass(slots=True)
class Tally:
    """What happened. Moments are monotonic seconds."""

    cancelled: list[OpenOrder] = field(default_factory=list)
    gone: list[OpenOrder] = field(default_factory=list)
    """Listed, but filled or cancelled before the cancel came."""
    remaining: list[OpenOrder] = field(default_factory=list)
    foreign: list[OpenOrder] = field(default_factory=list)
    """Open orders of others, as of the last read; left alone."""
    first_cancel: float | None = None
    proven: bool = False
    as_of_ms: int = 0
    """Exchange time at which the last clean read was sent."""
    problem: str = ""
    """Why the last attempt failed."""
    exit_code: ExitCode = ExitCode.NOT_PROVEN
    """Unless proven."""


class CancelAll:
    """One exchange, one bot. `run` blocks until proven or until the deadline (monotonic seconds).

    `known` names orders that may be open before the exchange has listed any; it may be slow, empty, wrong or fail.
    """

    def __init__(
        self,
        client: RestClient,
        *,
        symbol: str | None,
        prefix: str | None,
        foreign_too: bool,
        say: Callable[[str], None],
        known: Callable[[], Sequence[OpenOrder]] = tuple,
    ) -> None:
        self._client = client
        self._symbol = symbol
        self._prefix = prefix
        self._foreign_too = foreign_too
        self._say = say
        self._known = known
        self._lock = threading.Lock()
        self._pending: dict[int, OpenOrder] = {}
        self._ended: dict[str, bool] = {}
        """True for one that was gone already."""
        self._failures = 0
        self._wait = 0.0
        self.tally = Tally()

    def run(self, fence: Fence, deadline: float) -> Tally:
        """Raises nothing for what the exchange does; the tally tells."""
        clean = 0
        threading.Thread(target=self._cancel_known, daemon=True).start()
        while not self.tally.proven:
            began = time.monotonic()
            self._wait = 0.0
            try:
                listed = self._list()
                empty = not self._pending
                failed = self._cancel_pending(min(deadline, began + 2 * self._timeout()))
            except MmError as error:  # the key or the place is refused: nothing that follows can work
                self.tally.problem, self.tally.exit_code = str(error), error.exit_code
                break
            clean = clean + 1 if listed and empty else 0
            self._failures = 0 if listed and not failed else self._failures + 1
            if clean >= CLEAN_READS and began >= fence.passes_at():
                self.tally.proven, self.tally.problem = True, ""
                break
            pause = self._pause(fence)
            if time.monotonic() + pause > deadline:
                self._note_deadline(fence, clean)
                break
            time.sleep(pause)
        self.tally.remaining = list(self._pending.values())
        return self.tally

    def _cancel_known(self) -> None:
        try:
            orders = [order for order in self._known() if self._is_own(order)]
        except Exception as error:  # noqa: BLE001  whatever is wrong with the ledger, the exchange's list decides
            self._say(f"the ledger names no orders ({type(error).__name__}); the exchange is asked for them")
            return
        if orders:
            self._say(f"cancelling {len(orders)} orders that the ledger names")
            self._side_by_side(orders, [], hinted=True)

    def _list(self) -> bool:
        as_of = self._client.exchange_time_ms()
        try:
            orders = self._client.open_orders(self._symbol, self._timeout())
        except (TryAgain, Refused) as error:
            self._failed("reading the open orders", error)
            return False
        self._pending = {order.order_id: order for order in orders if self._foreign_too or self._is_own(order)}
        self.tally.foreign = [order for order in orders if order.order_id not in self._pending]
        self.tally.as_of_ms = as_of
        return True

    def _is_own(self, order: OpenOrder) -> bool:
        if self._prefix is None:
            return ANY_OWN.fullmatch(order.client_id) is not None
        return order.client_id.startswith(self._prefix)

    def _cancel_pending(self, until: float) -> bool:
        """Sends all cancels side by side; True when one failed. Orders stay pending until an answer says otherwise."""
        orders = list(self._pending.values())
        if not orders:
            return False
        if self.tally.first_cancel is None:
            self._say(f"cancelling {len(orders)} orders")
        failures: list[Exception] = []
        workers = self._side_by_side(orders, failures)
        for worker in workers:
            worker.join(max(0.0, until - time.monotonic()))
        for failure in failures:
            if isinstance(failure, MmError):
                raise failure
        return bool(failures) or any(worker.is_alive() for worker in workers)

    def _side_by_side(
        self, orders: Sequence[OpenOrder], failures: list[Exception], *, hinted: bool = False
    ) -> list[threading.Thread]:
        queue = iter(orders)
        workers = [
            threading.Thread(target=self._work, args=(queue, failures, hinted), daemon=True)
            for _ in range(min(WORKERS, len(orders)))
        ]
        for worker in workers:
            worker.start()
        return workers

    def _work(self, queue: Iterator[OpenOrder], failures: list[Exception], hinted: bool) -> None:  # noqa: FBT001  a thread's argument
        while True:
            with self._lock:
                order = next(queue, None)
                if order is None:
                    return
                if self.tally.first_cancel is None:
                    self.tally.first_cancel = time.monotonic()
            try:
                cancelled = self._client.cancel(order, self._timeout())
            except (TryAgain, Refused, MmError) as error:
                self._failed(f"cancelling {order.client_id or order.order_id}", error)
                failures.append(error)
                continue
            if hinted and not cancelled:
                continue  # the ledger was not up to date, or the exchange's list was faster
            with self._lock:
                self._pending.pop(order.order_id, None)
                self._count(order, cancelled=cancelled)

    def _count(self, order: OpenOrder, *, cancelled: bool) -> None:
        """Once each: the ledger and the list both name it, and a list from a cache may show it again. Where two cancels
        crossed, the one that did it counts."""
        name = order.client_id if self._is_own(order) else str(order.order_id)
        was_gone = self._ended.get(name)
        if was_gone is None or (was_gone and cancelled):
            self._ended[name] = not cancelled
            (self.tally.cancelled if cancelled else self.tally.gone).append(order)
        if was_gone and cancelled:
            self.tally.gone = [other for other in self.tally.gone if other.client_id != order.client_id]

    def _failed(self, doing: str, error: Exception) -> None:
        why = f"{doing}: {error}"
        if why != self.tally.problem:
            self._say(why)
        self.tally.problem = why
        self._wait = max(self._wait, error.wait if isinstance(error, TryAgain) else 0.0)

    def _timeout(self) -> float:
        return float(min(FIRST_TIMEOUT * 2**self._failures, LONGEST_TIMEOUT))

    def _pause(self, fence: Fence) -> float:
        if self._failures:
            return float(max(self._wait, min(FIRST_PAUSE * 2 ** (self._failures - 1), LONGEST_PAUSE)))
        left = fence.passes_at() - time.monotonic()
        return min(READ_EVERY, left) if left > 0 else 0.05

    def _note_deadline(self, fence: Fence, clean: int) -> None:
        if fence.passes_at() == float("inf"):
            self.tally.problem = "the bot's process does not die"
        elif clean:
            self.tally.problem = "the time allowed ended before the fence had passed"
