"""Send canary secrets into everything that writes, in every form, and look for them in what was written.

    python -m scripts.fuzz_secrets --runs 50000 --seed 1
    python -m scripts.fuzz_secrets --runs 1 --seed 1 --first 4711     run 4711 of seed 1 alone

Each run makes one secret, hides it in a text (plain, hex, base64 alone or inside something longer, URL-encoded once or
twice, escaped, in a URL, a header, a dictionary) and hands that to one sink: the log in its several ways, a library's
log line, a crash file, an error line, the adapter's failures, stdout as JSON, text and table, the configuration's
complaints, an emergency's lines, notes and halts of control.db. The judge decodes what came out by itself and shares no
code with the redaction. Ends with 1 when one came through; the line says how to repeat it.
"""

import argparse
import base64
import contextlib
import io
import json
import logging
import os
import random
import re
import string
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote, unquote_plus

import structlog

from mm.cli import emergency
from mm.cli.app import error_line
from mm.cli.crash import report_crash
from mm.cli.output import console, emit_json, table
from mm.cli.redacted_stream import redacted_output
from mm.config.loader import load_settings
from mm.control.store import ControlStore
from mm.domain.errors import ConfigurationError, MmError
from mm.exchange.ccxt_adapter.errors import HttpAnswer, read_failure
from mm.home import Home
from mm.logs import close_logging, configure_logging
from mm.redaction import redact, register_secret, secrets_of_a_while

_WORDS = string.ascii_letters + string.digits
ALPHABETS = (_WORDS, _WORDS + "+/=&%-_.~\"'\\<>{}[]()|^`:;,?")
TOKEN = re.compile(r"[A-Za-z0-9+/_-]{12,}")

Sink = Callable[[str], str]
"""Takes a text in and answers all that was written of it."""


def hidden_forms(secret: str, rng: random.Random) -> Sequence[str]:
    raw = secret.encode()
    before, after = bytes(rng.randrange(3)), b":" + bytes(rng.randrange(5))
    return (
        secret,
        raw.hex(),
        raw.hex().upper(),
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode(),
        base64.b64encode(before + raw + after).decode(),
        quote(secret, safe=""),
        quote_plus(secret),
        quote(quote(secret, safe=""), safe=""),
        json.dumps(secret),
        repr(secret),
        f"https://api.binance.com/api/v3/order?symbol=ETHUSDC&apiKey={quote(secret, safe='')}&signature={raw.hex()}",
        f"{{'X-MBX-APIKEY': {secret!r}}}",
        f"MM_MAINNET_API_SECRET={secret}",
    )


def gives_away(text: str, secret: str) -> bool:
    """Whether `secret` can be read out of `text`, in any encoding that needs no key."""
    raw = secret.encode()
    plain, unescaped = text, text.replace("\\\\", "\\").replace('\\"', '"').replace("\\'", "'")
    once = unquote(plain)
    views = (plain, unescaped, once, unquote(once), unquote_plus(plain))
    if any(secret in view for view in views) or raw.hex() in plain.lower():
        return True
    return any(raw in decoded for token in TOKEN.findall(once) for decoded in _decoded(token))


def _decoded(token: str) -> Iterator[bytes]:
    token = token.replace("-", "+").replace("_", "/")
    for shift in range(4):
        part = token[shift:]
        part = part[:-1] if len(part) % 4 == 1 else part  # no base64 text is so long: the last one is another's
        yield base64.b64decode(part + "=" * (-len(part) % 4))


class Sinks:
    """All of them in one folder, with the log open."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = folder / "mm.log"
        os.environ["MM_HOME"] = str(folder)
        configure_logging(self._log, level="DEBUG", max_file_mb=900, keep_files=1)
        self._control = ControlStore(folder / "control.db")
        self.all: dict[str, Sink] = {
            "log event": lambda text: self._logged(lambda: structlog.get_logger().warning(text)),
            "log field": lambda text: self._logged(
                lambda: structlog.get_logger().info("x", why=text, more=[{"a": text}])
            ),
            "log key": lambda text: self._logged(lambda: structlog.get_logger().info("x", **{text: 1})),
            "log exception": lambda text: self._logged(lambda: self._raised(text)),
            "library's log": lambda text: self._logged(lambda: logging.getLogger("ccxt").warning("sent %s", text)),
            "crash": self._crash,
            "error line": lambda text: error_line(str(ConfigurationError(text, "mend it"))),
            "alert": lambda text: json.dumps({"title": redact(text), "text": redact(f"halt: {text}")}),
            "adapter": lambda text: str(read_failure(_answered(text)).text),
            "stdout": lambda text: self._printed(lambda: sys.stdout.write(text)),
            "json": lambda text: self._printed(lambda: emit_json({"a": text, "b": [text]})),
            "table": lambda text: self._printed(lambda: console().print(table(("a", "b"), [(text, "x")]))),
            "emergency": lambda text: self._printed(lambda: emergency.say(text)),
            "configuration": self._configuration,
            "note": self._note,
        }

    def close(self) -> None:
        close_logging()
        self._control.close()

    def _logged(self, write: Callable[[], object]) -> str:
        before = self._log.stat().st_size
        write()
        with self._log.open() as file:
            file.seek(before)
            return file.read()

    @staticmethod
    def _raised(text: str) -> None:
        local = text
        try:
            raise RuntimeError(f"no answer to {local}")  # noqa: TRY301 - the traceback is what is wanted
        except RuntimeError:
            structlog.get_logger().exception("it broke")

    def _crash(self, text: str) -> str:
        file = self._folder / "logs" / "crash.log"
        file.unlink(missing_ok=True)
        said = io.StringIO()
        arguments, sys.argv = sys.argv, ["mm", "run", text]
        try:
            with contextlib.redirect_stderr(said):
                report_crash(RuntimeError(text))
        finally:
            sys.argv = arguments
        return said.getvalue() + file.read_text()

    @staticmethod
    def _printed(write: Callable[[], object]) -> str:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), redacted_output():
            write()
        return out.getvalue() + err.getvalue()

    def _configuration(self, text: str) -> str:
        """A key that is there and takes no such value, one that is not there, and a name that is shown."""
        try:
            load_settings(Home(self._folder), None, {"MM__RISK__MAX_POSITION": text[:900], f"MM__{text[:60]}": "1"})
        except MmError as error:
            return error_line(str(error))
        return "a text that is no number was taken for one"

    def _note(self, text: str) -> str:
        number = self._control.add_note("sim", "2026-11-22", "Li", text)
        self._control.open_halt("sim", f"cause-{number}", text)
        (note,) = [note.text for note in self._control.notes("sim") if note.id == number]
        kept = note + self._control.open_halts("sim")[-1].detail + str(self._control.audit.rows()[-1].payload)
        if number % 50 == 0:
            self._control.close()
            (self._folder / "control.db").unlink()
            self._control = ControlStore(self._folder / "control.db")
        return kept


class _Answered(Exception):
    answer: HttpAnswer


def _answered(text: str) -> Exception:
    error = _Answered()
    error.answer = HttpAnswer(400, -1100, f"Illegal characters found in {text}", None)
    return error


SELDOM = {"configuration": 0.02, "note": 0.03, "table": 0.2}
"""Sinks that take milliseconds get this share of the weight of the others."""


def play(sinks: Sinks, seed: int, run: int) -> tuple[str, str, str]:
    """The sink, what went in, and what came out where the secret shows; empty where it does not."""
    rng = random.Random(f"{seed}:{run}")  # noqa: S311 - canaries, no secrets
    secret = "".join(rng.choices(rng.choice(ALPHABETS), k=rng.choice((12, 24, 40, 64))))
    form = rng.choice(hidden_forms(secret, rng))
    text = rng.choice(("{}", "before {} after", "key={};", "('{}',)", "\n{}\n", '{{"said": "{}"}}')).format(form)
    names = list(sinks.all)
    name = rng.choices(names, [SELDOM.get(each, 1.0) for each in names])[0]
    with secrets_of_a_while():
        register_secret(secret)
        written = sinks.all[name](text)
    return name, text, written if gives_away(written, secret) else ""


def main(arguments: Sequence[str] | None = None) -> int:
    given = _arguments(arguments)
    began, met, leaked = time.process_time(), Counter[str](), 0
    with tempfile.TemporaryDirectory(prefix="mm-secrets-") as folder:
        sinks = Sinks(Path(folder))
        try:
            for run in range(given.first, given.first + given.runs):
                name, text, written = play(sinks, given.seed, run)
                met[name] += 1
                if written:
                    leaked += 1
                    again = f"python -m scripts.fuzz_secrets --runs 1 --seed {given.seed} --first {run}"
                    print(f"LEAKED through {name}: {text[:200]!r} came out as {written[:300]!r}\n  repeat: {again}")  # noqa: T201
        finally:
            sinks.close()
    counted = ", ".join(f"{name} {count}" for name, count in sorted(met.items()))
    print(f"seed {given.seed}: {given.runs} canaries, {leaked} came through; {counted}")  # noqa: T201
    print(f"CPU {time.process_time() - began:.0f} s")  # noqa: T201
    return int(leaked > 0)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.fuzz_secrets", description="Canaries into every sink.")
    parser.add_argument("--runs", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first run of this seed")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
