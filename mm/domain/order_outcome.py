"""Whether an order ended as it was meant to: what order accuracy and the share of abnormal orders count."""

from mm.domain.order import OrderStatus

HELD_BACK = frozenset({"stopped", "withdrawn", "limiter"})
"""NOT_SENT for one of these (`code: why`) is a control that worked; for any other it is a fault."""
POST_ONLY = "would_match"
"""The rejection (`code reason`) that LIMIT_MAKER asks for: the order would have taken."""


def ended_abnormally(status: OrderStatus, reason: str) -> bool:
    """Of a final status: refused for a fault, never sent for a fault, or proved never to have been placed."""
    if status is OrderStatus.REJECTED:
        return reason.split(maxsplit=1)[-1:] != [POST_ONLY]
    if status is OrderStatus.NOT_SENT:
        return reason.partition(":")[0] not in HELD_BACK
    return status is OrderStatus.NOT_PLACED
