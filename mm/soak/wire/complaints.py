"""What the loggers of the bot and of asyncio say while schedules are played."""

import logging

from mm.soak.canary import told

_OF_A_FAULT = ("Traceback", "never retrieved", "never awaited", "Unclosed ", "signature=")
_KEPT = 500


class Complaints(logging.Handler):
    """`found`: lines that no run may write: work that was forgotten, unexpected errors, secrets (I6)."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.found: list[str] = []
        self.lines = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += 1
        text = self.format(record)
        if told(text):
            self._keep(f"I6: {record.name} logged a secret")
        if any(sign in text for sign in _OF_A_FAULT) or (record.name == "asyncio" and record.levelno >= logging.ERROR):
            lines = text.splitlines()
            self._keep(f"{record.name}: {lines[0][:120]} … {lines[-1][:160]}")

    def _keep(self, line: str) -> None:
        if len(self.found) < _KEPT:
            self.found.append(line)
