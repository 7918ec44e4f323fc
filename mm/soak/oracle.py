"""I1 to I5, judged from the venue's own events and the ledger's committed rows, never from what the bot believes.

I1  each order that the venue takes has an earlier committed intent that says the same
I2  the venue takes at most one order per intent
I3  the ledger's fills are among the venue's trades, exactly, and all of them whenever the bot has reconciled
I4  position, open buys and buys on their way stay within the cap, at each event of the account
I5  no order leaves while stopped, halted, stale, unreconciled, or fenced by a newer instance (`sending`)

Constant time an event: only rows and trades that are new are looked at.
"""

from collections.abc import Callable

from mm.domain.instrument import Instrument, to_units
from mm.domain.order import OrderIntent, Side
from mm.engine.reducing import PURPOSE
from mm.exchange.venue.events import ExecutionReport, VenueEvent
from mm.execution.client_order_id import sequence
from mm.risk.limits import ORANGE
from mm.soak.account_truth import AccountTruth
from mm.soak.instance import Instance
from mm.soak.ledger_rows import Committed, LedgerRows
from mm.soak.violation import Violation

_KEPT = 20


class Oracle:
    """`mono` virtual nanoseconds now. Tell it of each account the bot may use with `follow`."""

    def __init__(
        self, instrument: Instrument, prefix: str, cap_units: int, stale_ms: int, mono: Callable[[], int]
    ) -> None:
        self.violations: list[Violation] = []
        self.instrument = instrument
        self._prefix = prefix
        self._cap = cap_units
        self._stale_ms = stale_ms
        self._mono = mono
        self._accounts: dict[int, AccountTruth] = {}
        self._taken = bytearray()
        self.rows: LedgerRows | None = None
        self.uid = 0
        self.orders = 0
        self.fills = 0
        self.maker_fills = 0
        self.checked = 0
        self.on_report: Callable[[ExecutionReport], None] = lambda _event: None

    # --- accounts ---------------------------------------------------------------------

    @property
    def account(self) -> AccountTruth:
        return self._accounts[self.uid]

    @property
    def accounts(self) -> tuple[AccountTruth, ...]:
        return tuple(self._accounts.values())

    def follow(self, uid: int) -> None:
        """The bot's key belongs to this account from now on; the one before was wiped, its last trades unreadable."""
        if self._accounts:
            gone = self.account
            gone.is_wiped = True
            gone.lost = len(gone.unseen)
        self.uid = uid
        self._accounts[uid] = AccountTruth(uid, self.instrument.base)

    # --- the venue's side ---------------------------------------------------------------

    def on_venue(self, event: VenueEvent) -> None:
        if not isinstance(event, ExecutionReport):
            return
        account = self._accounts.get(event.uid)
        if account is None:
            return
        account.report(event)
        self.on_report(event)
        self.checked += 1
        if event.execution == "NEW":
            self._new_order(event, account)
        elif event.execution == "TRADE":
            self.fills += 1
            self.maker_fills += event.is_maker
            self._cap_of(account, 0)

    def _new_order(self, event: ExecutionReport, account: AccountTruth) -> None:
        self.orders += 1
        client_id = event.orig_client_id or event.client_id
        rows = self.rows
        if rows is None or not client_id.startswith(self._prefix):
            self.violate("I1", f"order {event.order_id} ({client_id}) was taken and no ledger speaks for it")
            return
        intent = rows.intent(client_id)
        if intent is None:
            self.violate("I1", f"order {client_id} was taken without a committed intent")
        elif (intent.side, intent.lots, intent.ticks) != (
            event.side,
            self.instrument.lots(event.quantity),
            self.instrument.ticks(event.price),
        ):
            self.violate("I1", f"order {client_id} is not what its intent says: {event.side} {event.quantity}")
        number = sequence(client_id)
        if len(self._taken) <= number:
            self._taken.extend(bytes(max(1024, number + 1 - len(self._taken))))
        if self._taken[number]:
            self.violate("I2", f"a second order was taken for intent {client_id}")
        self._taken[number] = 1
        waiting = 0
        for other, lots in rows.undecided_buys():
            other_number = sequence(other)
            if other_number >= len(self._taken) or not self._taken[other_number]:
                waiting += self.instrument.base_units(lots)
        self._cap_of(account, waiting)

    def _cap_of(self, account: AccountTruth, waiting: int) -> None:
        exposure = account.exposure_units + waiting
        if exposure > self._cap:
            self.violate(
                "I4", f"position, open and waiting buys make {exposure} units (1e-8 base), the cap is {self._cap}"
            )

    # --- the bot's sending ----------------------------------------------------------------

    def sending(self, intent: OrderIntent, instance: Instance) -> None:
        """A request with a new order leaves the bot."""
        self.checked += 1
        reduces = intent.purpose == PURPOSE and intent.side is Side.SELL
        why = instance.may_not_send(self._stale_ms, despite=ORANGE if reduces else frozenset())
        if not why and self.rows is not None and self.rows.epoch() != instance.epoch:
            why = f"fenced: instance {self.rows.epoch()} has begun after instance {instance.epoch}"
        if why:
            self.violate("I5", f"order {intent.client_id} leaves: {why}")

    # --- the ledger's side ------------------------------------------------------------------

    def ledger_moved(self) -> None:
        """Rows may have been committed."""
        if self.rows is None:
            return
        for fill in self.rows.new_fills():
            self.checked += 1
            self._committed(fill)

    def _committed(self, fill: Committed) -> None:
        for account in reversed(self._accounts.values()):
            trade = account.unseen.pop(fill.trade_id, None)
            if trade is not None:
                self._same(fill, trade)
                return
        self.violate("I3", f"the ledger holds trade {fill.trade_id}, which the venue never made, or holds it twice")

    def _same(self, fill: Committed, trade: ExecutionReport) -> None:
        told = (
            str(trade.order_id),
            trade.orig_client_id or trade.client_id,
            int(trade.side == "BUY"),
            trade.last_price,
            trade.last_quantity,
            to_units(trade.last_quote),
            to_units(trade.commission),
            trade.commission_asset,
            int(trade.is_maker),
            trade.time_ms,
        )
        kept = (
            fill.exchange_id,
            fill.client_id,
            fill.buy,
            self.instrument.price(fill.ticks),
            self.instrument.size(fill.lots),
            fill.quote_units,
            fill.fee_units,
            fill.fee_asset,
            fill.maker,
            fill.time_ms,
        )
        if told != kept:
            self.violate("I3", f"trade {fill.trade_id} is {kept} in the ledger and {told} at the venue")

    def reconciled(self, until_trade_id: int) -> None:
        """The bot said that it agrees with the exchange, having begun to read when this was the last trade; all that
        it recorded is committed. To be called after `ledger_moved`."""
        self.checked += 1
        missing = [trade_id for trade_id in self.account.unseen if trade_id <= until_trade_id]
        if missing:
            self.violate("I3", f"the bot has reconciled, and trades {missing[:5]} are not in its ledger")

    def violate(self, invariant: str, text: str) -> None:
        if len(self.violations) < _KEPT:
            self.violations.append(Violation(invariant, self._mono(), text))
