"""`.env` and other files that hold secrets. Standard library only: the emergency stop reads keys with it."""

import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mm.domain.errors import ConfigurationError, CredentialsMissing

MAX_BYTES = 65_536
_ASSIGNMENT = re.compile(r"^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$")


@dataclass(frozen=True, slots=True)
class Assignment:
    """One line of `.env`; `value` stays out of the repr."""

    value: str
    line: int

    def __repr__(self) -> str:
        return f"Assignment(line={self.line})"


def read_private(path: Path) -> str:
    """The text of a file that only its owner may read.

    Raises CredentialsMissing when others can read or replace it (with the chmod to run) or when it cannot be read,
    FileNotFoundError when there is none.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise CredentialsMissing(f"{path} is no regular file", "keys are read from regular files")
        if status.st_mode & 0o077:
            raise CredentialsMissing(f"{path} can be read by others", f"run: chmod 600 {path}")
        if status.st_uid not in {0, os.geteuid()}:
            raise CredentialsMissing(f"{path} belongs to another user", f"run: chown {os.geteuid()} {path}")
        _refuse_open_folder(path)
        if status.st_size > MAX_BYTES:
            raise CredentialsMissing(f"{path} is larger than {MAX_BYTES} bytes", "that is no file of keys")
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise
    except (OSError, UnicodeDecodeError) as error:
        raise CredentialsMissing(f"{path} cannot be read ({type(error).__name__})", f"check: ls -l {path}") from None


def _refuse_open_folder(path: Path) -> None:
    """Who may write the folder may put another file in this one's place; a sticky one (like /tmp) prevents that."""
    folder = path.resolve().parent
    mode = folder.stat().st_mode
    if mode & 0o022 and not mode & stat.S_ISVTX:
        raise CredentialsMissing(f"others may put files into {folder}, which holds keys", f"run: chmod go-w {folder}")


def read_dotenv(path: Path) -> dict[str, Assignment]:
    """KEY=value lines; `#` comments, quotes and `export` allowed, nothing is expanded. None when there is no file.

    Raises CredentialsMissing as `read_private`, ConfigurationError naming the line that is no assignment
    (without its text: it may be half a secret).
    """
    try:
        text = read_private(path)
    except FileNotFoundError:
        return {}
    found: dict[str, Assignment] = {}
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        match = _ASSIGNMENT.match(line)
        value = _unquoted(match[2]) if match else None
        if match is None or value is None:
            raise ConfigurationError(f"{path}:{number}: no assignment", "write NAME=value, one a line")
        if match[1] in found:
            raise ConfigurationError(
                f"{path}:{number}: {match[1]} is set a second time (first in line {found[match[1]].line})",
                "remove one of the lines",
            )
        found[match[1]] = Assignment(value, number)
    return found


def secret_value(folder: Path, name: str, layers: Sequence[Mapping[str, str]]) -> str | None:
    """What the first layer says that knows `name`, or names with `name`_FILE a private file (relative to `folder`).

    Raises CredentialsMissing when a layer says both, or names a file that is not there or that others can read.
    """
    for layer in layers:
        direct, file = layer.get(name, "").strip(), layer.get(f"{name}_FILE", "").strip()
        if direct and file:
            raise CredentialsMissing(f"{name} and {name}_FILE are both set", "remove one of them")
        if direct:
            return direct
        if file:
            path = folder / Path(file).expanduser()
            try:
                return read_private(path).strip()
            except FileNotFoundError:
                raise CredentialsMissing(
                    f"{name}_FILE names {path}, which does not exist", "correct the path"
                ) from None
    return None


def _unquoted(text: str) -> str | None:
    """None: a quote that does not end."""
    if text[:1] in {"'", '"'}:
        end = text.find(text[0], 1)
        rest = text[end + 1 :].strip()
        return text[1:end] if end > 0 and (not rest or rest.startswith("#")) else None
    return re.sub(r"(?:^|\s+)#.*$", "", text).strip()
