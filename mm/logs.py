"""The log: one JSON object a line in MM_HOME/<environment>/logs/mm.log (0600, rotated to mm.log.1, mm.log.2 …).

Every line has `time` (ISO 8601 UTC with Z, milliseconds), `level` (debug, info, warning, error) and `event` (what
happened, in words); all else is what the event is about (`order`, `symbol`, `reason` …). `exception` holds a
traceback without values of variables. Secrets are taken out of every text before it is written (mm.redaction);
money and prices are exact decimals as strings.

    configure_logging(home.environment("sim").log, level="INFO", max_file_mb=20, keep_files=5)
    log = structlog.get_logger().bind(run="…")
    log.info("order placed", order="mm-abc123-1")
"""

import logging
import os
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import orjson
import structlog

from mm.domain.errors import ConfigurationError
from mm.redaction import HIDDEN, redact

LEVELS = {"DEBUG": logging.DEBUG, "INFO": logging.INFO, "WARNING": logging.WARNING, "ERROR": logging.ERROR}
_NAMES_OF_SECRETS = ("secret", "api_key", "apikey", "password", "token", "signature", "listen_key")


class _PrivateFile(RotatingFileHandler):
    """Rotates by size; every file is 0600 from its first byte."""

    def _open(self) -> Any:
        path = Path(self.baseFilename)
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise ConfigurationError(f"{path} is no regular file", "move it away; the log makes its own")
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        os.fchmod(descriptor, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8")

    def close(self) -> None:
        """What a full disk did not take is lost; the bot stops all the same."""
        with suppress(OSError):
            super().close()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  the name is logging's
        """A full disk must not stop the bot, and there is nowhere left to say it."""


class _Writer:
    """Takes finished lines from structlog; `logging` only rotates the file."""

    def __init__(self, handler: logging.Handler) -> None:
        self._handler = handler

    def msg(self, line: str) -> None:
        self._handler.handle(logging.LogRecord("mm", logging.INFO, "", 0, line, None, None))

    log = debug = info = warning = warn = error = exception = critical = fatal = failure = msg


class _ForeignLines(logging.Handler):
    """Lines of libraries (aiohttp, ccxt, asyncio): warnings and worse join the log, redacted like the rest."""

    def emit(self, record: logging.LogRecord) -> None:
        level = logging.getLevelName(record.levelno).lower()
        extra: dict[str, Any] = {"logger": record.name}
        if record.exc_info:
            extra["exc_info"] = record.exc_info
        structlog.get_logger().log(LEVELS.get(level.upper(), logging.ERROR), record.getMessage(), **extra)


_open_handlers: list[logging.Handler] = []


def configure_logging(path: Path, *, level: str, max_file_mb: int, keep_files: int) -> None:
    """From now on structlog writes to `path`, and warnings of libraries with it. May be called again."""
    close_logging()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handler = _PrivateFile(path, maxBytes=max_file_mb * 1_000_000, backupCount=keep_files, encoding="utf-8")
    _open_handlers.append(handler)
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, _stamp, _exception, _redacted, _line],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=lambda *_: _Writer(handler),
        cache_logger_on_first_use=False,
    )
    foreign = _ForeignLines(logging.WARNING)
    _open_handlers.append(foreign)
    logging.getLogger().addHandler(foreign)


def close_logging() -> None:
    """Flushes and closes the file; lines after this go nowhere."""
    for handler in _open_handlers:
        logging.getLogger().removeHandler(handler)
        handler.close()
    _open_handlers.clear()
    structlog.configure(
        processors=[_drop], wrapper_class=None, logger_factory=structlog.ReturnLoggerFactory(), context_class=None
    )


def _drop(_logger: Any, _method: str, _event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    raise structlog.DropEvent


def _stamp(_logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    head = {"time": now, "level": {"exception": "error", "warn": "warning"}.get(method, method)}
    return {**head, "event": event.pop("event", ""), **event}


def _exception(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    found = event.pop("exc_info", None)
    if found:
        error = (
            found if isinstance(found, BaseException) else found[1] if isinstance(found, tuple) else sys.exc_info()[1]
        )
        if error is not None:
            event["exception"] = "".join(traceback.format_exception(error))
    return event


def _redacted(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {redact(str(name)): _clean(name, value) for name, value in event.items()}


def _clean(name: object, value: object) -> object:
    """`value` without secrets, and in forms that JSON has."""
    if any(word in str(name).lower() for word in _NAMES_OF_SECRETS):
        return HIDDEN
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {redact(str(key)): _clean(key, item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean("", item) for item in value]
    return redact(format(value, "f") if isinstance(value, Decimal) else str(value))


def _line(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    return orjson.dumps(event, option=orjson.OPT_NON_STR_KEYS, default=str).decode()
