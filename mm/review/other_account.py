"""Says plainly that the exchange's account is not the one the ledger speaks of, where that is so."""

from collections.abc import Iterable, Sequence

from mm.domain.errors import LedgerError
from mm.domain.fill import Fill
from mm.domain.order import OrderReport
from mm.ledger.views import FillView, OrderView, RunView
from mm.rollout.stages import MAINNET


def refuse_other_uid(run: RunView, uid: str) -> None:
    """Raises LedgerError when the key's account has another number than that of the ledger's last account epoch."""
    if uid != run.account_uid:
        raise _refusal(run, f"the key belongs to account {uid}")


def refuse_wiped(
    run: RunView,
    orders: Sequence[OrderView],
    fills: Sequence[FillView],
    told_orders: Iterable[OrderReport],
    told_trades: Iterable[Fill],
) -> None:
    """Raises LedgerError when the exchange knows nothing at all of what the ledger says happened there.

    `orders` those that the exchange should know. A testnet keeps the account's number when it is wiped, and its ids
    begin anew: a trade counts as the same by id and time, an order by both its ids.
    """
    held = {(view.client_id, view.exchange_id) for view in orders}
    made = {(view.fill.trade_id, view.fill.time_ms) for view in fills}
    if not held and not made:
        return
    if any((order.client_id, order.exchange_id) in held for order in told_orders):
        return
    if any((trade.trade_id, trade.time_ms) in made for trade in told_trades):
        return
    raise _refusal(run, f"the exchange knows none of its {len(held)} orders and {len(made)} fills: it was wiped")


def _refusal(run: RunView, what: str) -> LedgerError:
    message = (
        f"there is nothing to compare on {run.environment}: the ledger's last account is {run.account_uid} "
        f"(account epoch {run.account_epoch}), {what}"
    )
    if run.environment == MAINNET:
        return LedgerError(message, "use the key that belongs to this ledger, or the MM_HOME of the key's account")
    return LedgerError(
        message,
        f"if the account was opened anew, the next `mm run --{run.environment}` begins account epoch "
        f"{run.account_epoch + 1}, audit that; `mm ledger fills --all` lists the earlier one; else use its key",
    )
