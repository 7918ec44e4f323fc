"""What a preflight needs: files, settings, a way to the exchange, what the record says."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from decimal import Decimal

from mm.config.loader import LoadedSettings
from mm.control.key_acceptance import KeyAcceptance
from mm.domain.records import BalanceBaseline
from mm.home import Home
from mm.ports import AccountReader
from mm.rollout.stages import Stage

OpenReader = Callable[[], AbstractAsyncContextManager[AccountReader]]


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """The account as the ledger last knew it: whose it was, what the bot's own part of it should be worth.

    `cash` in quote and `base` in base, both of the bot alone; `baselines` what else the account held then.
    """

    uid: str
    cash: Decimal
    base: Decimal
    baselines: tuple[BalanceBaseline, ...] = ()


@dataclass(frozen=True, slots=True)
class PreflightContext:
    """`open_reader` may raise CredentialsMissing or ExchangeError: that is a finding, no crash.

    `now_ns` wall time and `mono_ns` monotonic time in nanoseconds, the clock that drift and round trips are
    measured with. `account` None: the ledger knows none. `halts` open ones, as "cause: detail".
    `own_prefix` of client order ids, None before the first run. `samples` round trips measured.
    """

    home: Home
    loaded: LoadedSettings
    environment: str
    profile: str
    stage: Stage
    open_reader: OpenReader
    now_ns: Callable[[], int]
    mono_ns: Callable[[], int]
    account: KnownAccount | None = None
    own_prefix: str | None = None
    halts: tuple[str, ...] = ()
    record_problem: str = ""
    """Why ledger or control database could not be read (empty: they could)."""
    alert_channels: tuple[str, ...] = ()
    """Names of those that are configured."""
    alert_problem: str = ""
    """Why they could not be read (empty: they could)."""
    key_accepted: KeyAcceptance | None = None
    """What a person accepted of this key, for a reason."""
    samples: int = 5
