"""Several soaks, each in a process of its own: what one leaves in memory is not counted to the next."""

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import NoReturn

from mm.domain.errors import MmError
from mm.soak.result import SoakResult
from mm.soak.spec import SoakSpec

Played = Callable[[SoakSpec], SoakResult]
_PATIENCE = 20.0
"""Real seconds that a process has to clear up after itself before it is ended."""


def in_processes(specs: Sequence[SoakSpec], play: Played, jobs: int, *, mixed: bool = False) -> Iterator[SoakResult]:
    """Each result as its soak ends, `jobs` at once. `play` is a function that a fresh interpreter finds by its name.

    `mixed`: each process gets a PYTHONHASHSEED of its own. Raises what a soak raised, MmError for a process that
    ended without a word. Whoever leaves early ends the processes; each takes its folder with it.
    """
    context = multiprocessing.get_context("spawn")
    waiting = deque(enumerate(specs, start=1))
    running: dict[Connection, BaseProcess] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                number, spec = waiting.popleft()
                ours, theirs = context.Pipe(duplex=False)
                process = context.Process(target=_one, args=(play, spec, theirs))
                running[ours] = process
                _start(process, number if mixed else None)
                theirs.close()
            ready = wait(list(running))
            for ours in [each for each in running if each in ready]:
                told = _told(ours, running[ours])
                running.pop(ours).join()
                ours.close()
                if isinstance(told, BaseException):
                    raise told
                yield told
    finally:
        for left in running.values():
            left.terminate()
        for left in running.values():
            left.join(_PATIENCE)
            if left.is_alive():
                left.kill()


def _start(process: BaseProcess, hash_seed: int | None) -> None:
    """A fresh interpreter reads its hash seed from the environment."""
    before = os.environ.get("PYTHONHASHSEED")
    if hash_seed is not None:
        os.environ["PYTHONHASHSEED"] = str(hash_seed)
    try:
        process.start()
    finally:
        if before is None:
            os.environ.pop("PYTHONHASHSEED", None)
        else:
            os.environ["PYTHONHASHSEED"] = before


def _told(ours: Connection, process: BaseProcess) -> SoakResult | BaseException:
    try:
        told: SoakResult | BaseException = ours.recv()
    except EOFError:
        process.join()
        return MmError(f"a soak's process ended with code {process.exitcode} and said nothing")
    return told


def _one(play: Played, spec: SoakSpec, answer: Connection) -> None:
    """In the new process. The terminal's Ctrl-C is the parent's matter, which then sends SIGTERM."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        told: SoakResult | MmError = play(spec)
    except MmError as error:
        told = error
    answer.send(told)


@contextmanager
def ends_in_order() -> Iterator[None]:
    """Within it SIGTERM ends the soak as Ctrl-C does: its folder is removed, its processes end."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(_number: int, _frame: object) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt
