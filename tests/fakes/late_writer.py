"""A bot that sends before its intent is durable. Imports no test tools: it runs in a fork."""

from collections.abc import Sequence
from multiprocessing.connection import Connection

from mm.domain.order import OrderIntent
from mm.ledger.ledger import SqliteLedger
from scripts.kills.life import Birth, live


def late_in_writing(birth: Birth, pipe: Connection) -> None:
    """Each commit is made at the next one."""
    right = SqliteLedger.commit_intents
    waiting: list[Sequence[OrderIntent]] = []

    async def later(self: SqliteLedger, intents: Sequence[OrderIntent]) -> None:
        if waiting:
            await right(self, waiting.pop())
        waiting.append(intents)

    SqliteLedger.commit_intents = later  # type: ignore[method-assign]  # in a forked process that ends with it
    live(birth, pipe)
