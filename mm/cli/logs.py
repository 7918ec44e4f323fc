"""`mm logs`."""

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from mm.cli.options import Mainnet, Sim, Testnet, reading_environment
from mm.home import Home

POLL_SECONDS = 0.25


def logs(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new lines until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, max=1_000_000, help="Last lines to begin with.")] = 50,
    as_json: Annotated[
        bool, typer.Option("--json", help="Each line as a JSON object (other lines as {line}).")
    ] = False,
    sim: Sim = False,
    testnet: Testnet = False,
    mainnet: Mainnet = False,
) -> None:
    """Show the log of the bot, rotations included.

    Exit codes: 0 shown, 1 there is no log yet, 3 nothing has run.

    \b
    Example:
      mm logs -n 100
      mm logs -f --mainnet
    """
    from mm.domain.errors import MmError

    home = Home.of()
    files = home.environment(reading_environment(home, sim=sim, testnet=testnet, mainnet=mainnet))
    if not files.log.exists() and not follow:
        raise MmError(f"there is no log {files.log}", f"start with `mm run --profile 100usdc --{files.environment}`")
    for line in last_lines(files.log, lines):
        typer.echo(as_object(line) if as_json else line)
    if follow:
        for line in new_lines(files.log):
            typer.echo(as_object(line) if as_json else line)


def last_lines(log: Path, count: int) -> list[str]:
    """The newest `count` lines of the log and, when it is short, of the rotated one before it."""
    kept: deque[str] = deque(maxlen=count)
    for path in (log.with_name(f"{log.name}.1"), log):
        if path.exists():
            with path.open(encoding="utf-8", errors="replace") as file:
                kept.extend(line.rstrip("\n") for line in file)
    return list(kept)


def new_lines(log: Path) -> Iterator[str]:
    """Whole lines as they are written, from now on; goes over to the new file when the log is rotated."""
    import time

    file, inode, rest = None, 0, ""
    if log.exists():
        file = log.open(encoding="utf-8", errors="replace")
        file.seek(0, 2)
        inode = log.stat().st_ino
    while True:
        piece = file.readline() if file else ""
        if piece:
            rest += piece
            if rest.endswith("\n"):
                yield rest.rstrip("\n")
                rest = ""
            continue
        if log.exists() and log.stat().st_ino != inode:
            if file:
                file.close()
            file, inode, rest = log.open(encoding="utf-8", errors="replace"), log.stat().st_ino, ""
            continue
        time.sleep(POLL_SECONDS)


def as_object(line: str) -> str:
    """The line itself when it is a JSON object already."""
    import orjson

    try:
        if isinstance(orjson.loads(line), dict):
            return line
    except orjson.JSONDecodeError:
        pass
    return orjson.dumps({"line": line}).decode()
