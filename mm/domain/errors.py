"""The error tree. Every error a person can meet has one line that says what, where and how to mend it.

MmError
├── UsageError             an argument that names nothing we know                exit 2
├── ConfigurationError     a wrong value: file, key, value, allowed range        exit 3
├── StageRefused           the rollout stage does not allow it                   exit 4
├── PreflightRefused       a blocking check failed                               exit 5
├── HaltedError            a person must look first (halt, stop latch)           exit 5
│   └── StageOver          level 3: the stage must be qualified for again
├── ExchangeError          the exchange could not be reached or read             exit 6
│   ├── RateLimited        429/418: wait `retry_after` seconds
│   ├── AuthenticationRefused   key wrong, revoked, or of the other environment  exit 10
│   └── GeoBlocked         HTTP 451: the exchange refuses this place
├── InstanceRunning        another bot, venue or backup holds the lock           exit 7
├── NotProven              orders may be left: the proof failed                  exit 8
├── LedgerError            the ledger cannot be written, read or trusted         exit 9
├── CredentialsMissing     no key, or a key file others can read                 exit 10
├── InvariantBroken        a soak saw I1 to I6 broken                            exit 11
└── NotFlat                stopped, but what was to be sold is still held        exit 12
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process answers. 2 stays click's own for wrong usage."""

    OK = 0
    FAILED = 1
    USAGE = 2
    CONFIGURATION = 3
    STAGE_REFUSED = 4
    CHECK_REFUSED = 5
    EXCHANGE = 6
    INSTANCE = 7
    NOT_PROVEN = 8
    LEDGER = 9
    CREDENTIALS = 10
    INVARIANT = 11
    NOT_FLAT = 12


class MmError(Exception):
    """`message` says what is wrong and where; `hint` says how to mend it."""

    exit_code = ExitCode.FAILED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}: {self.hint}" if self.hint else self.message


class UsageError(MmError):
    exit_code = ExitCode.USAGE


class ConfigurationError(MmError):
    exit_code = ExitCode.CONFIGURATION


class StageRefused(MmError):
    exit_code = ExitCode.STAGE_REFUSED


class PreflightRefused(MmError):
    exit_code = ExitCode.CHECK_REFUSED


class HaltedError(MmError):
    exit_code = ExitCode.CHECK_REFUSED


class StageOver(HaltedError):
    """Level 3 was reached in this stage: it must be qualified for again."""


class ExchangeError(MmError):
    exit_code = ExitCode.EXCHANGE


class RateLimited(ExchangeError):
    def __init__(self, message: str, retry_after: float, hint: str = "") -> None:
        super().__init__(message, hint)
        self.retry_after = retry_after


class AuthenticationRefused(ExchangeError):
    exit_code = ExitCode.CREDENTIALS


class GeoBlocked(ExchangeError):
    pass


class InstanceRunning(MmError):
    exit_code = ExitCode.INSTANCE


class NotProven(MmError):
    exit_code = ExitCode.NOT_PROVEN


class LedgerError(MmError):
    exit_code = ExitCode.LEDGER


class CredentialsMissing(MmError):
    exit_code = ExitCode.CREDENTIALS


class InvariantBroken(MmError):
    exit_code = ExitCode.INVARIANT


class NotFlat(MmError):
    exit_code = ExitCode.NOT_FLAT
