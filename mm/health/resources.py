"""Use of the machine by this process."""

import psutil


class ProcessResources:
    """Plays `mm.runner.loop.Resources`."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._process.cpu_percent()

    def sample(self) -> tuple[float, int]:
        """CPU in per cent of one core since the last sample, resident memory in bytes."""
        return self._process.cpu_percent(), self._process.memory_info().rss
