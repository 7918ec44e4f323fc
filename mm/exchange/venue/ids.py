"""Rising numbers that never repeat, also after a SIGKILL: reserved in blocks before they are used."""

from collections.abc import Mapping


class Ids:
    """Counters by name. `reserved` holds what must be stored; a restart goes on from there, leaving a gap."""

    BLOCK = 1000

    def __init__(self, reserved: Mapping[str, int]) -> None:
        self.reserved = dict(reserved)
        self._used = dict(reserved)
        self.unsaved: dict[str, int] = {}

    def next(self, name: str) -> int:
        """From 1."""
        value = self._used[name] = self._used.get(name, 0) + 1
        if value > self.reserved.get(name, 0):
            self.reach(name, value)
        return value

    def reach(self, name: str, value: int) -> None:
        """Counter `name` has used `value`."""
        self._used[name] = value
        if value > self.reserved.get(name, 0):
            self.reserved[name] = self.unsaved[name] = value + self.BLOCK

    def used(self, name: str) -> int:
        return self._used.get(name, 0)
