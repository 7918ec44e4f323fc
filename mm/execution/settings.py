"""How orders are carried out (configuration section `execution`)."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from mm.fields import Duration, Settings


class ExecutionSettings(Settings):
    query_after: Duration = timedelta(milliseconds=500)
    """First query of an order whose fate is unknown; then at doubling intervals until the fence has passed."""
    query_interval_max: Duration = timedelta(seconds=4)
    """Longest pause between two such queries."""
    cancel_retry: Duration = timedelta(seconds=1)
    """Pause before a cancel that was not confirmed is sent again (cancels may be repeated; orders never)."""
    stop_timeout: Duration = timedelta(seconds=30)
    """How long a graceful stop tries to prove that no own order is left."""
    reconcile_every: Duration = timedelta(seconds=60)
    """Orders, fills and balances are compared with the exchange this often."""
    book_depth: Annotated[int, Field(ge=1, le=100)] = 10
    """Levels of the book a side that the engine sees and the journal keeps."""
