"""A folder whose disk can be filled: a small tmpfs where this user may mount one, else a limit on the bot's files."""

import errno
import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SIZE = 24 * 1024 * 1024
_MOUNT, _UMOUNT = "/bin/mount", "/bin/umount"


class FullDisk:
    """`fill` leaves no byte. `name` says what it is, since the stand-in proves less."""

    def __init__(self, folder: Path, *, mounted: bool) -> None:
        self._folder = folder
        self._mounted = mounted
        self.name = "tmpfs" if mounted else "limit on file size (no mount allowed: a stand-in)"

    @classmethod
    @contextmanager
    def under(cls, folder: Path) -> Iterator["FullDisk"]:
        """`folder` becomes the small disk; what a venue keeps stays outside of it (a link), for it is not the bot's."""
        folder.mkdir(mode=0o700, parents=True)
        mounted = _run(_MOUNT, "-t", "tmpfs", "-o", f"size={_SIZE},mode=0700", "tmpfs", str(folder))
        try:
            if mounted:
                kept = folder.parent / "venue-outside"
                kept.mkdir(mode=0o700)
                (folder / "venue").symlink_to(kept)
            yield cls(folder, mounted=mounted)
        finally:
            if mounted:
                _run(_UMOUNT, "--lazy", str(folder))

    def fill(self, pid: int) -> None:
        """From now on nothing can be written; without a mount: not by process `pid`."""
        if not self._mounted:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            return
        with (self._folder / "filler").open("wb", buffering=0) as filler:
            for block in (64 * 1024, 4096, 1):
                self._fill(filler.fileno(), bytes(block))

    def free(self, pid: int) -> None:
        """There is room again."""
        if not self._mounted:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            return
        (self._folder / "filler").unlink()

    @staticmethod
    def _fill(descriptor: int, block: bytes) -> None:
        try:
            while True:
                os.write(descriptor, block)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise


def _run(*words: str) -> bool:
    try:
        return subprocess.run(words, check=False, capture_output=True).returncode == 0  # noqa: S603 - fixed commands
    except OSError:
        return False
