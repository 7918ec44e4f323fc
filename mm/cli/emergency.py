"""`mm stop --emergency` without the command line's machinery: no typer, no configuration, nothing that is slow.

`mm stop` proper (mm/cli/stop.py) uses the same functions, so both ways do and say the same.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from mm.domain.errors import ExitCode, MmError, UsageError
from mm.home import ENVIRONMENTS, Home
from mm.redaction import redact_known
from mm.runner.emergency.collar import FlattenOptions, parse_collar
from mm.runner.emergency.fence import EXCHANGE_TIMEOUT
from mm.runner.emergency.report import StopReport
from mm.runner.emergency.stop import StopOptions, emergency_stop, environments_to_stop, worst

FLAGS = frozenset({"--emergency", "--json", "--foreign-orders", "--flatten", *(f"--{name}" for name in ENVIRONMENTS)})
COLLAR = "--collar="
SELLING = 600.0
"""Seconds that a sale in steps may take beyond the stop."""


def is_emergency(arguments: Sequence[str]) -> bool:
    """True for exactly the calls that `run` understands; everything else goes the ordinary way."""
    given = _joined(arguments)
    collars = [argument for argument in given if argument.startswith(COLLAR)]
    known = FLAGS.union(collars).issuperset(given[1:])
    return given[:1] == ["stop"] and "--emergency" in given and known and _is_fit(collars, given)


def _joined(arguments: Sequence[str]) -> list[str]:
    """`--collar 0.5%` as one word, as `--collar=0.5%` is."""
    given: list[str] = []
    for argument in arguments:
        if given and given[-1] == "--collar":
            given[-1] = COLLAR + argument
        elif argument != "--no-color":
            given.append(argument)
    return given


def _is_fit(collars: Sequence[str], given: Sequence[str]) -> bool:
    """What is wrong with a collar is told the ordinary way."""
    if not collars:
        return True
    try:
        parse_collar(collars[0].removeprefix(COLLAR))
    except UsageError:
        return False
    return len(collars) == 1 and "--flatten" in given


def run(arguments: Sequence[str]) -> int:
    """Returns the exit code."""
    given = _joined(arguments)
    named = [name for name in ENVIRONMENTS if f"--{name}" in given]
    collar = next((argument.removeprefix(COLLAR) for argument in given if argument.startswith(COLLAR)), None)
    selling = flatten_options(collar) if "--flatten" in given else None
    return stop_all(named, as_json="--json" in given, foreign_too="--foreign-orders" in given, flatten=selling)


def flatten_options(collar: str | None) -> FlattenOptions:
    """Raises UsageError for a collar that is none."""

    def code_hash() -> str:
        from mm.bootstrap import code_hash

        return code_hash()

    return FlattenOptions(None if collar is None else parse_collar(collar), code_hash)


def stop_all(named: Sequence[str], *, as_json: bool, foreign_too: bool, flatten: FlattenOptions | None) -> int:
    """Stops the named environments, or all that need it; prints what was done. Returns the exit code."""
    home = Home.of(os.environ)
    environments = list(named) or environments_to_stop(home)
    if not environments:
        say(
            f"mm: no bot runs and none is armed under {home.path}: name --sim, --testnet or --mainnet to stop it anyway"
        )
        return int(ExitCode.FAILED)
    options = StopOptions(os.environ, say, foreign_too=foreign_too, flatten=flatten, began=command_began())
    return finish(_side_by_side(home, environments, options), as_json=as_json, incident_home=home)


def _side_by_side(home: Home, environments: Sequence[str], options: StopOptions) -> list[StopReport]:
    reports = {name: StopReport(name, problem="the stop did not end in time") for name in environments}

    def one(name: str) -> None:
        try:
            reports[name] = emergency_stop(home, name, options)
        except Exception as error:  # noqa: BLE001  one environment's failure must not keep the others from stopping
            reports[name].problem = f"unexpected {type(error).__name__} while stopping"
            say(f"{name}: {reports[name].problem}")

    threads = [threading.Thread(target=one, args=(name,), daemon=True) for name in environments]
    # Looking up a host name has no time-out of its own: the command ends all the same.
    until = time.monotonic() + 2 * (options.proof_seconds + EXCHANGE_TIMEOUT) + (SELLING if options.flatten else 0.0)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
    except KeyboardInterrupt:
        for report in reports.values():
            report.problem = report.problem and "interrupted by the keyboard: orders may be left"
    return list(reports.values())


def finish(reports: Sequence[StopReport], *, as_json: bool, incident_home: Home | None = None) -> int:
    """Print the reports (JSON: one line an environment), note the incidents, tell what is not proved."""
    _write(
        sys.stdout, [report.json_line() for report in reports] if as_json else [x for r in reports for x in r.lines()]
    )
    if incident_home is not None:
        for report in reports:
            _note_incident(incident_home, report)
    for report in reports:
        if not report.proven:
            left = f"; left: {', '.join(str(order) for order in report.remaining)}" if report.remaining else ""
            again = f"repeat 'mm stop --emergency --{report.environment}', or cancel on the exchange's own page"
            say(f"mm: {report.environment}: not proved that no order is left ({report.problem}{left}): {again}")
            continue
        if report.flattened is not None and report.flattened.problem:
            say(f"mm: {report.environment}: not flat: {report.flattened}")
        if incident_home is not None:
            named = report.environment
            say(f"{named}: stopped until a person lifts it: mm risk resume --{named} --note WHY")
    return int(worst(reports))


def _note_incident(home: Home, report: StopReport) -> None:
    """After the proof, and only if it works: the control database is no condition of a stop."""
    try:
        from mm.control.store import ControlStore

        with ControlStore(home.control) as store:
            store.open_halt(report.environment, cause="emergency_stop", detail=report.summary())
    except (Exception, SystemExit) as error:  # noqa: BLE001  whatever it is, the orders are what mattered
        why = str(error) if isinstance(error, MmError) else type(error).__name__
        say(f"{report.environment}: the incident is not on record ({why}); the STOP file holds")


def say(text: str) -> None:
    """A line on stderr."""
    _write(sys.stderr, [text])


def _write(stream: object, lines: Sequence[str]) -> None:
    write: Callable[[str], object] | None = getattr(stream, "write", None)
    flush: Callable[[], object] | None = getattr(stream, "flush", None)
    if write is None or flush is None:
        return
    try:
        write(redact_known("".join(f"{line}\n" for line in lines)))
        flush()
    except OSError:
        return  # a closed terminal or a full disk behind it must not end an emergency stop


def command_began() -> float:
    """The monotonic moment at which this process was started, from the kernel's record (to 0.01 s)."""
    now = time.monotonic()
    try:
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return now
    return now - max(0.0, age)
