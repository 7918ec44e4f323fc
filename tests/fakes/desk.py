"""An engine at a desk: events go in by short names, actions come out. No asyncio, no I/O, time moves by `wait`."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from mm.domain.actions import Action, Cancel, Place, RecordRisk
from mm.domain.book import Book
from mm.domain.events import (
    BalanceSeen,
    BookSeen,
    Event,
    FillSeen,
    MarketTradeSeen,
    OrderSeen,
    OrderSent,
    Reconciled,
    StreamDown,
    StreamUp,
    TimerFired,
)
from mm.domain.fill import Fill
from mm.domain.order import OrderIntent, OrderReport, OrderStatus, OrderType, Side
from mm.domain.position import Position
from mm.domain.records import BalanceBaseline, LiveOrder, Recovery
from mm.engine.engine import Engine
from mm.engine.setup import EngineSetup
from mm.execution.client_order_id import client_id
from mm.execution.settings import ExecutionSettings
from tests.fakes.snapshots import BASELINE, CAPITAL, ETHUSDC, FEES, SECOND, risk_settings, strategy_settings

TAG = "abcdef"
FENCE = 13 * SECOND
START_AT = 1_800_000_000 * SECOND
START_MONO = 1_000 * SECOND
A = TypeVar("A", bound=Action)


def recovery(
    position: Position | None = None,
    orders: Sequence[LiveOrder] = (),
    fills: Sequence[Fill] = (),
    balances: Sequence[BalanceBaseline] = (),
    last_seq: int = 0,
    **more: Any,
) -> Recovery:
    return Recovery(
        position=position or Position(cash_units=CAPITAL),
        orders=tuple(orders),
        last_trade_id=max((fill.trade_id for fill in fills), default=0),
        last_seq=last_seq,
        baseline=BASELINE,
        balances=tuple(balances),
        known_fills=tuple(fills),
        **more,
    )


def engine_setup(
    recovered: Recovery | None = None,
    strategy: dict[str, Any] | None = None,
    risk: dict[str, Any] | None = None,
    **execution: Any,
) -> EngineSetup:
    return EngineSetup(
        instrument=ETHUSDC,
        fees=FEES,
        strategy=strategy_settings(**(strategy or {})),
        risk=risk_settings(**(risk or {})),
        execution=ExecutionSettings(**execution),
        capital_units=CAPITAL,
        tag=TAG,
        fence_ns=FENCE,
        at=START_AT,
        mono=START_MONO,
        recovery=recovered or recovery(),
    )


def book(middle: int = 300_000, half: int = 10) -> Book:
    """Mid and microprice are exactly `middle`; far deeper than anything the bot places."""
    bid, ask = middle - half, middle + half
    return Book(bids=((bid, 1_000), (bid - 10, 1_000)), asks=((ask, 1_000), (ask + 10, 1_000)))


def intent(seq: int, side: Side = Side.BUY, ticks: int = 299_700, lots: int = 18, decided_at: int = 0) -> OrderIntent:
    return OrderIntent(client_id(TAG, seq), "ETHUSDC", side, OrderType.LIMIT_MAKER, ticks, lots, decided_at)


def report(order: OrderIntent, status: OrderStatus, executed: int = 0, exchange_id: str = "") -> OrderReport:
    return OrderReport(
        client_id=order.client_id,
        exchange_id=exchange_id or f"x-{order.client_id}",
        symbol=order.symbol,
        side=order.side,
        type=str(order.type),
        status=status,
        ticks=order.ticks,
        lots=order.lots,
        executed_lots=executed,
        quote_units=ETHUSDC.notional_units(order.ticks, executed),
        updated_ms=1,
    )


def fill_of(order: OrderIntent, trade_id: int, lots: int | None = None, fee: int = 0) -> Fill:
    buy = order.side is Side.BUY
    size = order.lots if lots is None else lots
    return Fill(
        symbol=order.symbol,
        trade_id=trade_id,
        exchange_id=f"x-{order.client_id}",
        client_id=order.client_id,
        buy=buy,
        ticks=order.ticks,
        lots=size,
        quote_units=ETHUSDC.notional_units(order.ticks, size),
        fee_units=fee,
        fee_asset="ETH" if buy else "USDC",
        fee_quote_units=ETHUSDC.value_units(fee, order.ticks) if buy else fee,
        maker=True,
        time_ms=1,
    )


def only(actions: Sequence[Action], kind: type[A]) -> list[A]:
    return [action for action in actions if isinstance(action, kind)]


def places(actions: Sequence[Action]) -> list[OrderIntent]:
    return [action.intent for action in only(actions, Place)]


def cancels(actions: Sequence[Action]) -> list[tuple[str, str]]:
    return [(action.client_id, action.why) for action in only(actions, Cancel)]


def risks(actions: Sequence[Action]) -> list[str]:
    return [action.code for action in only(actions, RecordRisk)]


class Desk:
    """`log` keeps every event with its actions."""

    def __init__(self, setup: EngineSetup | None = None) -> None:
        self.setup = setup or engine_setup()
        self.engine = Engine(self.setup)
        self.at = self.setup.at
        self.mono = self.setup.mono
        self.middle = 300_000
        self.log: list[tuple[Event, list[Action]]] = []
        self._trade_id = 0

    # --- time --------------------------------------------------------------------

    def wait(self, seconds: float) -> "Desk":
        """Nothing happens; the book is not refreshed either."""
        passed = round(seconds * SECOND)
        self.at += passed
        self.mono += passed
        return self

    def live(self, seconds: float) -> list[Action]:
        """Time passes as in a quiet market: a pulse and the same book four times a second."""
        actions: list[Action] = []
        for _ in range(round(seconds * 4)):
            self.wait(0.25)
            actions += self.book()
            actions += self.pulse()
        return actions

    # --- events -------------------------------------------------------------------

    def feed(self, kind: type[Event], **fields: Any) -> list[Action]:
        event = kind(at=self.at, mono=self.mono, **fields)
        actions = self.engine.process(event)
        self.log.append((event, actions))
        return actions

    def book(self, middle: int | None = None, made: Book | None = None) -> list[Action]:
        """A book around `middle`, which stays the middle from now on; or the book `made`."""
        self.middle = middle or self.middle
        return self.feed(BookSeen, book=made or book(self.middle))

    def trade(self, ticks: int = 300_000) -> list[Action]:
        return self.feed(MarketTradeSeen, ticks=ticks, lots=1, buyer_is_maker=False, trade_id=0)

    def tick(self) -> list[Action]:
        return self.feed(TimerFired, name="tick")

    def pulse(self) -> list[Action]:
        return self.feed(TimerFired, name="pulse")

    def up(self, stream: str) -> list[Action]:
        return self.feed(StreamUp, stream=stream)

    def down(self, stream: str) -> list[Action]:
        return self.feed(StreamDown, stream=stream, why="cut")

    def reconciled(self, *problems: str) -> list[Action]:
        return self.feed(Reconciled, problems=problems)

    def balance(self, asset: str, free: int, locked: int = 0) -> list[Action]:
        return self.feed(BalanceSeen, asset=asset, free_units=free, locked_units=locked)

    def sent(self, order: OrderIntent) -> list[Action]:
        return self.feed(OrderSent, client_id=order.client_id, fence_mono=self.mono + FENCE)

    def seen(self, order: OrderIntent, status: OrderStatus, executed: int = 0, source: str = "stream") -> list[Action]:
        return self.feed(OrderSeen, report=report(order, status, executed), source=source)

    def fill(self, order: OrderIntent, lots: int | None = None, *, trade_id: int = 0, fee: int = 0) -> list[Action]:
        """A new trade, unless `trade_id` names one."""
        self._trade_id += 1
        made = fill_of(order, trade_id or self._trade_id, lots, fee)
        return self.feed(FillSeen, fill=made, source="stream")

    # --- stories --------------------------------------------------------------------

    def start(self) -> list[Action]:
        """Everything comes up and agrees; answers what the last event (Reconciled) led to."""
        self.trade()
        self.up("market")
        self.book()
        self.up("account")
        return self.reconciled()

    def rest(self, order: OrderIntent) -> OrderIntent:
        """The order goes out and rests in the market."""
        self.sent(order)
        self.seen(order, OrderStatus.OPEN, source="place")
        return order

    def quoting(self) -> OrderIntent:
        """Started, with its first bid resting."""
        (bid,) = places(self.start())
        return self.rest(bid)


def resting(seq: int, **changes: Any) -> LiveOrder:
    """An order that the ledger believes open."""
    made = intent(seq, **changes)
    return LiveOrder(made, OrderStatus.OPEN, f"x-{made.client_id}", 0)


def renamed(order: OrderIntent, name: str) -> OrderIntent:
    return replace(order, client_id=name)
