"""The preflight item about what the API key may do (RTS 6, Art. 18: no withdrawals, bound to addresses)."""

from collections.abc import Sequence

from mm.checklist.context import PreflightContext
from mm.checklist.model import Check, Item
from mm.ports import KeyPermissions
from mm.rollout.stages import MAINNET

_CHECK = Check("key_permissions", "P-5.1")
_FLAWS = {
    "withdrawals": ("the key may withdraw money", "make a key without the right to withdraw"),
    "any_address": ("the key works from any address", "restrict it to this machine's address"),
}


def key_flaws(found: KeyPermissions) -> tuple[str, ...]:
    """What a mainnet key should not be, by name."""
    withdraws = ("withdrawals",) if found.withdrawals else ()
    return withdraws if found.ip_restricted else (*withdraws, "any_address")


def key_permissions(context: PreflightContext, found: KeyPermissions | None) -> Item:
    if found is None:
        if context.environment == MAINNET:
            return _CHECK.warned("the exchange did not tell what the key may do", "look at it on the exchange's site")
        return _CHECK.passed(f"{context.environment} tells no permissions of a key")
    if not (found.reading and found.spot_trading):
        return _CHECK.failed("the key may not read and trade on Spot", "allow both on the exchange's site")
    flaws = key_flaws(found)
    if not flaws:
        return _CHECK.passed("reads and trades Spot, cannot withdraw, bound to addresses")
    return _with_flaws(context, flaws)


def _with_flaws(context: PreflightContext, flaws: Sequence[str]) -> Item:
    text, mend = " and ".join(_FLAWS[flaw][0] for flaw in flaws), " and ".join(_FLAWS[flaw][1] for flaw in flaws)
    if context.environment != MAINNET:
        return _CHECK.warned(text, mend)
    accepted = context.key_accepted
    if accepted is None or not accepted.covers(flaws):
        return _CHECK.failed(text, f"{mend}; or take the risk on record: mm run … --accept-key REASON")
    when = "now" if accepted.at is None else f"on {accepted.at:%Y-%m-%d}"
    return _CHECK.warned(f"AT RISK: {text}; accepted {when} by {accepted.by}: {accepted.reason}", mend)
