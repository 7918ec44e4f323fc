"""The two ways to stop a bot from outside: at once (`emergency_stop`) and with its help (`graceful_stop`)."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

from mm.domain.errors import ExitCode, MmError
from mm.home import ENVIRONMENTS, EnvironmentHome, Home
from mm.process_id import ProcessId
from mm.runner.emergency.access import find_access
from mm.runner.emergency.cancel_all import CancelAll, Tally
from mm.runner.emergency.collar import FlattenOptions
from mm.runner.emergency.fence import (
    EXCHANGE_TIMEOUT,
    LIFE_SIGN_SLACK,
    Fence,
    fence_seconds,
    seconds_since_life,
)
from mm.runner.emergency.kill import send_signal, wait_for_end
from mm.runner.emergency.known_orders import known_orders
from mm.runner.emergency.report import Flattened, StopReport
from mm.runner.emergency.rest_client import Connect, RestClient, TryAgain, connect
from mm.runner.latch import BotFacts, armed_facts, last_facts, make_durable, trip
from mm.runner.lock import is_held, running_bot

PROOF_SECONDS = 45.0
DEATH_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class StopOptions:
    """`began` is the monotonic moment, in seconds, at which the command started."""

    environ: Mapping[str, str]
    say: Callable[[str], None]
    foreign_too: bool = False
    graceful_timeout: float = 40.0
    proof_seconds: float = PROOF_SECONDS
    """Time allowed beyond the fence."""
    exchange_timeout: float = EXCHANGE_TIMEOUT
    connecting: Connect = connect
    flatten: FlattenOptions | None = None
    """None: what the bot holds is kept."""
    began: float = field(default_factory=time.monotonic)


def environments_to_stop(home: Home) -> list[str]:
    """Where a bot runs, or was armed and did not end cleanly: also one that an emergency stopped and nobody resumed,
    since the proof may still be missing."""
    return [name for name in ENVIRONMENTS if _needs_stop(home.environment(name))]


def _needs_stop(env_home: EnvironmentHome) -> bool:
    return env_home.armed.exists() or armed_facts(env_home) is not None or is_held(env_home)


def emergency_stop(home: Home, environment: str, options: StopOptions) -> StopReport:
    """Trip the latch, kill the bot, cancel its orders, prove that none is left. Needs neither bot nor ledger."""
    env_home = home.environment(environment)
    report = StopReport(environment)
    quiet_for = seconds_since_life(env_home)
    tripped = trip(env_home)
    report.latch = tripped.outcome
    _tell(options, environment, f"latch {tripped.outcome.replace('_', ' ')}{': ' + tripped.why if tripped.why else ''}")
    unclean = armed_facts(env_home)
    killed, unnamed = _kill(env_home, unclean, report, options)
    facts = unclean or last_facts(env_home)
    wanted = fence_seconds(facts, options.exchange_timeout)
    # A bot that died by itself may have left a request on its way; one that has been quiet for long has not.
    fenced = bool(killed) or (unclean is not None and quiet_for < wanted + LIFE_SIGN_SLACK)
    fence = Fence(wanted if fenced else 0.0, killed)
    fence.passes_at()
    _cancel_and_prove(home, report, facts, fence, options)
    if unnamed:
        report.proven = False
        report.problem = _unnamed(env_home)
        report.exit_code = ExitCode.NOT_PROVEN
    _settle(env_home, report, options)
    _flatten(home, report, options)
    return report


def _kill(
    env_home: EnvironmentHome, facts: BotFacts | None, report: StopReport, options: StopOptions
) -> tuple[list[ProcessId], bool]:
    """The processes that were killed, and whether one holds the lock that could not be verified."""
    bot = running_bot(env_home)
    wanted = {process for process in (bot and bot.process, facts and facts.process) if process}
    killed = []
    for process in wanted:
        if process.pid == os.getpid():
            continue
        try:
            if send_signal(process, signal.SIGKILL):
                killed.append(process)
        except PermissionError:
            _tell(options, report.environment, f"not allowed to kill process {process.pid}: it belongs to another user")
            killed.append(process)  # its fence never begins: without its death nothing is proved
    for process in killed:
        if wait_for_end(process, DEATH_SECONDS):
            report.killed.append(process.pid)
            _tell(options, report.environment, f"bot killed (process {process.pid})")
    if killed and env_home.stop.exists():
        os.utime(env_home.stop)  # a stop that is repeated counts its fence from here
    return killed, bot is None and is_held(env_home)


def graceful_stop(home: Home, environment: str, options: StopOptions) -> StopReport:
    """Ask the bot to end, wait for it, then look with own eyes. Of a bot that does not end, nothing is proved."""
    env_home = home.environment(environment)
    report = StopReport(environment)
    bot = running_bot(env_home)
    if bot is None and is_held(env_home):
        report.problem = _unnamed(env_home)
        return report
    if bot is not None and send_signal(bot.process, signal.SIGTERM):
        _tell(options, environment, f"asked the bot to end (process {bot.process.pid}, run {bot.run_id})")
        if not _wait(bot.process, environment, options):
            report.problem = (
                f"process {bot.process.pid} still runs {options.graceful_timeout:g} s after it was asked to end"
            )
            return report
        report.killed.append(bot.process.pid)
    elif bot is None:
        _tell(options, environment, "no bot runs; looking for orders it may have left")
    unclean, quiet_for = armed_facts(env_home), seconds_since_life(env_home)
    facts = unclean or last_facts(env_home)
    wanted = fence_seconds(facts, options.exchange_timeout)
    fenced = unclean is not None and quiet_for < wanted + LIFE_SIGN_SLACK
    if fenced:
        _tell(options, environment, "the bot did not end cleanly")
    _cancel_and_prove(home, report, facts, Fence(wanted if fenced else 0.0), options)
    _settle(env_home, report, options, durable=False)
    _flatten(home, report, options)
    return report


def _wait(process: ProcessId, environment: str, options: StopOptions) -> bool:
    began = time.monotonic()
    while True:
        waited = time.monotonic() - began
        if wait_for_end(process, min(5.0, max(0.0, options.graceful_timeout - waited))):
            return True
        waited = time.monotonic() - began
        if waited >= options.graceful_timeout:
            return False
        _tell(options, environment, f"waiting for the bot to cancel its orders and end ({waited:.0f} s)")


def _unnamed(env_home: EnvironmentHome) -> str:
    return f"a process that cannot be verified holds {env_home.lock}; find it with: fuser {env_home.lock}"


def _cancel_and_prove(
    home: Home, report: StopReport, facts: BotFacts | None, fence: Fence, options: StopOptions
) -> None:
    report.fence_seconds = round(fence.seconds, 3)
    report.symbol = facts.symbol if facts else ""
    try:
        access = find_access(home, report.environment, options.environ)
    except MmError as error:
        report.problem, report.exit_code = str(error), error.exit_code
        return
    report.exchange = access.base_url
    for warning in access.warnings:
        _tell(options, report.environment, f"warning: {warning}")
    client = RestClient(access, options.connecting)
    _learn_clock(client, report.environment, options)
    if fence.seconds:
        _tell(
            options, report.environment, f"proof takes {fence.seconds:g} s: requests already on their way must expire"
        )
    work = CancelAll(
        client,
        symbol=facts.symbol if facts else None,
        prefix=facts.client_id_prefix if facts else None,
        foreign_too=options.foreign_too,
        say=lambda text: _tell(options, report.environment, text),
        known=lambda: known_orders(home.environment(report.environment).ledger),
    )
    try:
        _take_over(report, work.run(fence, time.monotonic() + fence.seconds + options.proof_seconds), options)
    finally:
        client.close()
    if not report.proven and not client.answered:
        report.problem = f"{access.base_url} was not reached: {report.problem}"


def _learn_clock(client: RestClient, environment: str, options: StopOptions) -> None:
    """Beside the first read, not before it: most clocks are right, and a slow answer must not delay a cancel."""

    def learn() -> None:
        try:
            client.set_clock(5.0)
        except (TryAgain, MmError) as error:
            _tell(options, environment, f"the exchange's time is not known: {error}")

    threading.Thread(target=learn, daemon=True).start()


def _take_over(report: StopReport, tally: Tally, options: StopOptions) -> None:
    report.cancelled, report.gone = tally.cancelled, tally.gone
    report.foreign, report.remaining = tally.foreign, tally.remaining
    report.proven, report.as_of_ms, report.problem = tally.proven, tally.as_of_ms, tally.problem
    report.exit_code = ExitCode.OK if tally.proven else tally.exit_code
    if tally.first_cancel is not None:
        report.seconds_to_first_cancel = tally.first_cancel - options.began


def _settle(env_home: EnvironmentHome, report: StopReport, options: StopOptions, *, durable: bool = True) -> None:
    if durable:
        try:
            make_durable(env_home)
        except OSError as error:
            _tell(options, report.environment, f"the latch may not survive a power cut: {error}")
    report.seconds_total = time.monotonic() - options.began


def _flatten(home: Home, report: StopReport, options: StopOptions) -> None:
    """Only after the proof: an order that is still open may fill and make more, or less, to sell."""
    if options.flatten is None:
        return
    if not report.proven:
        report.flattened = Flattened(problem="own orders may still be open", exit_code=report.exit_code)
        return
    from mm.runner.emergency.flatten import flatten  # noqa: PLC0415 - the ledger's machinery is slow to import

    env_home = home.environment(report.environment)
    client = RestClient(find_access(home, report.environment, options.environ), options.connecting)
    try:
        _tell(options, report.environment, "selling what the bot holds")
        client.set_clock(5.0)
        say = partial(_tell, options, report.environment)
        report.flattened = flatten(env_home, client, options.flatten, say, options.exchange_timeout)
    except (TryAgain, MmError) as error:
        report.flattened = Flattened(problem=f"the exchange was not reached: {error}", exit_code=ExitCode.EXCHANGE)
    finally:
        client.close()
    report.exit_code = report.flattened.exit_code


def _tell(options: StopOptions, environment: str, text: str) -> None:
    options.say(f"{environment}: {text}")


def worst(reports: Iterable[StopReport]) -> ExitCode:
    """What the command answers for several environments: orders that may be left weigh more than anything else."""
    codes = {report.exit_code for report in reports if report.exit_code is not ExitCode.OK}
    if not codes:
        return ExitCode.OK
    return codes.pop() if len(codes) == 1 else ExitCode.NOT_PROVEN
