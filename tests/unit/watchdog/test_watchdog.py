"""The loop with told sights, told reports and virtual time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mm.control.store import ControlStore
from mm.database.sqlite import DriverConnection, connect
from mm.domain.alert import Alert, Severity
from mm.domain.errors import ExchangeError, ExitCode
from mm.home import Home
from mm.runner.emergency.report import StopReport
from mm.watchdog.judge import Judge, Sight
from mm.watchdog.records import RETRY_SECONDS, Records
from mm.watchdog.watchdog import Surroundings, Watchdog

HANGS = Sight("armed", "run-1", sign=1, alive=True)
CRASHED = Sight("armed", "run-1", sign=1)
STOPPED = Sight("stop", "run-1")
CLEAN = Sight("none")
PROVED = StopReport("sim", latch="tripped", proven=True, exit_code=ExitCode.OK)
NOT_PROVED = StopReport("sim", latch="tripped", problem="no answer")


@dataclass
class World:
    """`sights` and `reports` in their order, the last one stays; the time moves on with each pause."""

    home: Home
    sights: list[Sight]
    reports: list[StopReport | Exception] = field(default_factory=lambda: [PROVED])
    alerts: list[Alert] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    stops: list[float] = field(default_factory=list)
    now: float = 0.0
    looked: int = 0
    beside: Callable[[], None] = lambda: None
    after: Callable[[int], None] = lambda _: None
    watchdog: Watchdog | None = None

    def look(self) -> Sight:
        self.looked += 1
        assert self.looked < 1000, "it does not end"
        return self.sights.pop(0) if len(self.sights) > 1 else self.sights[0]

    def stop(self) -> StopReport:
        self.stops.append(self.now)
        report = self.reports.pop(0) if len(self.reports) > 1 else self.reports[0]
        if isinstance(report, Exception):
            raise report
        return report

    def pause(self, seconds: float) -> None:
        self.now += seconds
        self.after(self.looked)

    def run(self, *, until_end: bool = True, once: bool = False, unfinished: str = "") -> ExitCode:
        records = Records(self.home.control, "sim", self.said.append)
        around = Surroundings(
            look=self.look,
            stop=self.stop,
            alert=self.alerts.append,
            say=self.said.append,
            beat=lambda: None,
            mark=self.marks.append,
            monotonic=lambda: self.now,
            pause=self.pause,
            beside=self.beside,
        )
        self.watchdog = Watchdog(self.home.environment("sim"), Judge(20.0, 1.0), records, around, unfinished)
        self.watchdog.run(1.0, until_end=until_end, once=once)
        return self.watchdog.exit_code

    def recorded(self) -> tuple[list[str], list[str]]:
        """Causes of open halts, kinds of open incidents."""
        with ControlStore(self.home.control) as store:
            incidents = store.incidents.all("sim", only_open=True)
            return [halt.cause for halt in store.open_halts("sim")], [incident.kind for incident in incidents]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    made.environment("sim").make()
    return made


def beats(number: int) -> Sequence[Sight]:
    return [Sight("armed", "run-1", sign=at, alive=True) for at in range(number)]


def test_a_clean_end_ends_it_and_leaves_no_trace(home: Home) -> None:
    world = World(home, [*beats(30), CLEAN])
    assert world.run() is ExitCode.OK
    assert (world.stops, world.alerts, world.marks) == ([], [], [])
    assert not home.control.exists()


def test_a_bot_that_hangs_is_stopped_proved_told_and_recorded(home: Home) -> None:
    world = World(home, [*[HANGS] * 22, STOPPED])
    assert world.run() is ExitCode.FAILED
    assert world.stops == [21.0], "once, when its time was over"
    assert [(alert.code, alert.severity) for alert in world.alerts] == [
        ("watchdog", Severity.CRITICAL),
        ("watchdog_proved", Severity.ERROR),
    ]
    assert "no sign of life for 21 s" in world.alerts[0].title
    assert world.recorded() == (["watchdog"], ["crash"])
    assert world.marks == ["run-1", ""]


def test_a_bot_that_died_is_cleared_at_the_first_look(home: Home) -> None:
    world = World(home, [*beats(3), CRASHED, STOPPED])
    assert world.run() is ExitCode.FAILED
    assert world.stops == [3.0]
    assert "its process is gone" in world.alerts[0].title


def test_what_is_not_proved_is_tried_again_at_growing_pauses_and_told_once(home: Home) -> None:
    world = World(home, [CRASHED, STOPPED], [*[NOT_PROVED] * 5, PROVED])
    assert world.run() is ExitCode.FAILED
    assert world.stops == [0.0, 5.0, 15.0, 35.0, 75.0, 135.0]
    assert [alert.code for alert in world.alerts] == ["watchdog", "watchdog_not_proved", "watchdog_proved"]
    assert world.recorded() == (["watchdog"], ["crash"])


def test_a_stop_that_breaks_is_tried_again(home: Home) -> None:
    world = World(home, [CRASHED, STOPPED], [RuntimeError("x"), ExchangeError("no venue"), PROVED])
    assert world.run() is ExitCode.FAILED
    assert len(world.stops) == 3
    told = [alert.text for alert in world.alerts if alert.code == "watchdog_not_proved"]
    assert ["unexpected RuntimeError" in told[0], "no venue" in told[1]] == [True, True]


def test_a_stop_that_a_person_lifted_is_not_made_again(home: Home) -> None:
    """Else it would hit the bot that runs by now."""
    world = World(home, [CRASHED, STOPPED, Sight("armed", "run-2", sign=5, alive=True), CLEAN], [NOT_PROVED])
    world.run()
    assert len(world.stops) == 1
    assert world.marks[-1] == ""


def test_the_next_watchdog_goes_on_with_a_stop_that_was_not_finished(home: Home) -> None:
    world = World(home, [STOPPED])
    assert world.run(unfinished="run-1") is ExitCode.FAILED
    assert world.stops == [0.0]
    assert world.marks == ["run-1", ""]


def test_but_not_when_it_is_about_another_run(home: Home) -> None:
    world = World(home, [Sight("stop", "run-2")])
    assert world.run(unfinished="run-1") is ExitCode.OK
    assert (world.stops, world.marks) == ([], [""])


def test_a_latch_that_cannot_be_renamed_does_not_make_it_stop_for_ever(home: Home) -> None:
    world = World(home, [*[CRASHED] * 50, CLEAN])
    assert world.run() is ExitCode.FAILED
    assert world.stops == [0.0]


def test_each_run_that_must_be_stopped_is(home: Home) -> None:
    second = Sight("armed", "run-2", sign=9)
    world = World(home, [CRASHED, STOPPED, second, Sight("stop", "run-2")])
    assert world.run(until_end=True) is ExitCode.FAILED
    assert len(world.stops) == 1, "the first one ended it: it was started for that run"
    world = World(home, [CRASHED, STOPPED, second, Sight("stop", "run-2")])
    world.after = lambda looked: world.watchdog.end() if world.watchdog and looked > 10 else None
    world.run(until_end=False)
    assert len(world.stops) == 2


@pytest.fixture
def locked(home: Home) -> Iterator[DriverConnection]:
    ControlStore(home.control).close()
    other = connect(home.control)  # the same SQLite: two in one process do not see each other's locks
    other.execute("BEGIN EXCLUSIVE")
    yield other
    other.close()


def test_records_wait_for_a_locked_database_and_the_orders_do_not(
    home: Home, locked: DriverConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mm.watchdog.records.BUSY_SECONDS", 0.01)
    world = World(home, [CRASHED, STOPPED])

    def free(looked: int) -> None:
        if looked == 4:
            locked.execute("ROLLBACK")

    world.after = free
    assert world.run() is ExitCode.FAILED
    assert world.stops == [0.0]
    assert sum("not on record yet" in line for line in world.said) == 1, "said once"
    assert world.now >= RETRY_SECONDS
    assert world.recorded() == (["watchdog"], ["crash"])


def test_it_ends_when_its_home_is_gone(home: Home) -> None:
    world = World(home, list(beats(3)))

    def remove(looked: int) -> None:
        if looked == 5:
            (home.path / "sim").rename(home.path / "elsewhere")

    world.after = remove
    assert world.run() is ExitCode.OK
    assert world.looked == 5


def test_one_look_ends_with_the_next_sign_of_life(home: Home) -> None:
    world = World(home, [*beats(1), *beats(3)])
    assert world.run(until_end=False, once=True) is ExitCode.OK
    assert world.looked == 3


def test_one_look_at_a_bot_that_hangs_stops_it(home: Home) -> None:
    assert World(home, [HANGS]).run(until_end=False, once=True) is ExitCode.FAILED


def test_what_lives_beside_is_called_at_each_look_and_cannot_end_the_watch(home: Home) -> None:
    world, called = World(home, [*beats(5), CLEAN]), []

    def beside() -> None:
        called.append(1)
        raise ValueError("courier")

    world.beside = beside
    assert world.run() is ExitCode.OK
    assert len(called) == 6
    assert any("ValueError: courier" in line for line in world.said)
