"""Memory that holds keys stays in memory. Standard library only, a millisecond."""

import ctypes
import resource

_PR_SET_DUMPABLE = 4


def forbid_core_dumps() -> bool:
    """No core file of this process or its children, and no other process of this user may read its memory (ptrace,
    /proc/PID/mem). A core pattern that pipes to a program ignores the limit, but not the second. False when the system
    refuses either."""
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        return bool(ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
    except (OSError, ValueError, AttributeError):
        return False  # no Linux, or a sandbox: the command goes on, since an emergency stop must
