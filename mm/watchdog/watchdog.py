"""The loop: look, judge, and when it must be: latch, kill, cancel, prove; then tell. Standard library only."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from mm.domain.alert import Alert, AlertSink, Severity
from mm.domain.errors import ExitCode, MmError
from mm.home import EnvironmentHome
from mm.runner.emergency.report import StopReport
from mm.watchdog.judge import Judge, Sight, Verdict
from mm.watchdog.records import Records

HEAD_START = 1.0
"""Seconds that latch, kill and cancels have before anything else is done, the alert too (it has five)."""
MOST_SECONDS = 120.0
"""A stop that has not ended by then hangs (a name that is not resolved): another one is begun beside it."""
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 60.0
"""Seconds between stops that could not prove."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the watchdog is given; every function but `stop` returns at once.

    `look` one look; `stop` the emergency stop; `beat` a sign of its own life; `mark` remembers a run whose stop is not
    finished ("" none), so that a successor goes on with it; `beside` is called at each look, for work that lives here
    too: what takes longer belongs into a thread of its own. `monotonic` and `pause` seconds.
    """

    look: Callable[[], Sight]
    stop: Callable[[], StopReport]
    alert: AlertSink
    say: Callable[[str], None]
    beat: Callable[[], None]
    mark: Callable[[str], None]
    monotonic: Callable[[], float]
    pause: Callable[[float], object]
    beside: Callable[[], None] = lambda: None


@dataclass(slots=True)
class _Case:
    """A run that had to be stopped."""

    run_id: str
    why: str
    proven: bool = False
    tries: int = 0
    next_try: float = 0.0
    problem: str = ""


class Watchdog:
    """Minds one environment. `unfinished`: the run whose stop an earlier watchdog could not finish."""

    def __init__(
        self, env_home: EnvironmentHome, judge: Judge, records: Records, around: Surroundings, unfinished: str = ""
    ) -> None:
        self._home = env_home
        self._judge = judge
        self._records = records
        self._around = around
        self._case = _Case(unfinished, "the watchdog before this one did not finish its stop") if unfinished else None
        self._told: Verdict | None = None
        self._is_asked = False
        self.exit_code = ExitCode.OK
        """1 after a stop with its proof, 8 after one without."""

    def end(self) -> None:
        """Asked to: after this look, and not in the middle of a stop."""
        self._is_asked = True

    def run(self, check_every: float, *, until_end: bool = False, once: bool = False) -> None:
        """Until it is asked to end, or MM_HOME is gone. `until_end`: until the bot has ended; `once`: until one
        verdict is certain, which takes the bot's next sign of life or its absence."""
        while self._home.path.is_dir():
            sight = self._around.look()
            verdict = self._judge.judge(sight, self._around.monotonic())
            self._tell(verdict, sight)
            if self._must_stop(verdict, sight):
                self._stop(verdict, sight)
            self._around.beat()
            self._records.write(self._around.monotonic())
            self._beside()
            if self._is_asked or (once and (verdict is not Verdict.HEALTHY or self._judge.saw_life)):
                return
            settled = self._records.are_written and (self._case is None or self._case.proven)
            if until_end and verdict is Verdict.NOTHING and settled:
                return
            self._around.pause(check_every)

    def _tell(self, verdict: Verdict, sight: Sight) -> None:
        if verdict is not self._told:
            run = f" (run {sight.run_id})" if sight.run_id else ""
            self._around.say(f"{verdict}{run}")
        self._told = verdict

    def _beside(self) -> None:
        try:
            self._around.beside()
        except Exception as error:  # noqa: BLE001  what lives beside must not end the watch
            self._around.say(f"the work beside the watch failed: {type(error).__name__}: {error}")

    def _must_stop(self, verdict: Verdict, sight: Sight) -> bool:
        case = self._case
        if case is not None and case.run_id == sight.run_id and sight.latch != "none":
            return not case.proven and self._around.monotonic() >= case.next_try
        if verdict in {Verdict.STALE, Verdict.DEAD}:
            return True
        if case is not None:  # lifted by a person, or another run by now: nothing of this one is left to stop
            self._around.mark("")
            self._case = None
        return False

    def _stop(self, verdict: Verdict, sight: Sight) -> None:
        case = self._case
        if case is None or case.run_id != sight.run_id:
            why = f"no sign of life for {self._judge.age:.0f} s" if verdict is Verdict.STALE else "its process is gone"
            case = self._case = _Case(sight.run_id, why)
        self._around.mark(case.run_id)
        reports: list[StopReport] = []
        worker = threading.Thread(target=lambda: reports.append(self._guarded_stop()), daemon=True)
        worker.start()
        worker.join(HEAD_START)
        if not case.tries:
            self._first_alert(case)
        until = self._around.monotonic() + MOST_SECONDS
        while worker.is_alive() and self._around.monotonic() < until:
            self._around.beat()
            worker.join(1.0)
        hangs = StopReport(self._home.environment, problem=f"the stop did not end within {MOST_SECONDS:g} s")
        self._settle(case, reports[0] if reports else hangs)

    def _guarded_stop(self) -> StopReport:
        try:
            return self._around.stop()
        except Exception as error:  # noqa: BLE001  it is tried again, whatever it was
            why = str(error) if isinstance(error, MmError) else f"unexpected {type(error).__name__}"
            return StopReport(self._home.environment, problem=why)

    def _first_alert(self, case: _Case) -> None:
        title = f"the bot on {self._home.environment} is being stopped: {case.why}"
        text = f"run {case.run_id or 'unknown'}: latch, kill, cancels and their proof are under way"
        self._alert("watchdog", Severity.CRITICAL, title, text)

    def _settle(self, case: _Case, report: StopReport) -> None:
        first, said_before = not case.tries, case.problem
        pause = min(FIRST_PAUSE * 2 ** min(case.tries, 9), LONGEST_PAUSE)
        case.tries += 1
        case.proven, case.problem = report.proven, report.problem
        case.next_try = self._around.monotonic() + pause
        summary = f"{case.why}; {report.summary()}"
        self._around.say(summary)
        environment = self._home.environment
        if report.proven:
            self.exit_code = ExitCode.FAILED
            self._around.mark("")
            how = f"find out why (mm logs --{environment}), then: mm risk resume --{environment} --note WHY"
            title = f"the bot on {environment} was stopped, no own order is open"
            self._alert("watchdog_proved", Severity.ERROR, title, f"{summary}. {how}")
        else:
            self.exit_code = ExitCode.NOT_PROVEN
            if first or case.problem != said_before:
                how = f"it is tried again; beside it: mm stop --emergency --{environment}, or the exchange's own page"
                title = f"orders of the bot on {environment} may be open"
                self._alert("watchdog_not_proved", Severity.CRITICAL, title, f"{summary}. {how}")
        if first:
            self._records.add(f"run {case.run_id or 'unknown'}: {summary}")

    def _alert(self, code: str, severity: Severity, title: str, text: str) -> None:
        self._around.alert(Alert(self._home.environment, code, severity, title, text))
