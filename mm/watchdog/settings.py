"""How the bot is minded (configuration section `watchdog`)."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from mm.fields import Duration, Settings


class WatchdogSettings(Settings):
    enabled: bool = True
    """`mm run` starts a watchdog unless one minds the environment already; false is the same as --no-watchdog."""
    stale_after: Annotated[Duration, Field(ge=timedelta(seconds=3), le=timedelta(minutes=10))] = timedelta(seconds=20)
    """Without a sign of life (one a second) for this long the bot is stopped. A slow disk or a machine short of memory
    holds a healthy bot up for some seconds, and a stop in error costs a halt; quotes nobody minds cost more the longer
    they stand."""
    check_every: Annotated[Duration, Field(ge=timedelta(milliseconds=100), le=timedelta(seconds=10))] = timedelta(
        seconds=1
    )
    """How often the watchdog looks."""
