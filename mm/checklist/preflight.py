"""The preflight checklist (P-5.1): everything that must hold before a run."""

from mm.checklist.context import PreflightContext
from mm.checklist.exchange_checks import exchange_items, look, unreachable
from mm.checklist.machine_checks import machine_items
from mm.checklist.model import Check, Checklist, Item
from mm.domain.errors import AuthenticationRefused, CredentialsMissing, ExchangeError, PreflightRefused


async def run_preflight(context: PreflightContext) -> Checklist:
    """Every item, whatever the others say. Reads only; the one thing it writes is a probe in the log folder."""
    items = [*machine_items(context), *await _exchange(context)]
    return Checklist("preflight", context.environment, context.profile, tuple(items))


def refuse_blocking(checklist: Checklist) -> None:
    """Raises PreflightRefused (exit 5) that names every blocking item."""
    refusals = checklist.refusals
    if refusals:
        lines = "\n".join(f"{item.id}: {item.evidence} ({item.mend})" for item in refusals)
        raise PreflightRefused(f"preflight refuses the run, {len(refusals)} blocking:\n{lines}")


async def _exchange(context: PreflightContext) -> list[Item]:
    key = Check("key", "P-5.1")
    environment = context.environment
    try:
        async with context.open_reader() as reader:
            seen = await look(context, reader)
    except CredentialsMissing as error:
        return unreachable(key, error.message, error.hint)
    except AuthenticationRefused as error:
        hint = error.hint or f"make sure that the key was made on {environment}: keys of other environments are refused"
        return unreachable(key, f"the key was refused on {environment}: {error.message}", hint)
    except ExchangeError as error:
        return unreachable(Check("exchange", "P-5.1"), error.message, error.hint)
    return exchange_items(context, seen)
