"""A watchdog beside a real bot on the local venue: who dies, and what the other one does."""

import json
import os
import signal
import socket
import threading
import time
import uuid
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from mm.control.store import ControlStore
from mm.home import Home
from mm.process_id import ProcessId
from mm.runner.process_lock import is_held
from tests.e2e.commands import Background, Commands, person, until
from tests.e2e.test_emergency import CALM, FENCE, PROFILE, frozen_with_a_quote
from tests.fakes.receivers import webhook_server

STALE_AFTER = 4.0
MINDED = {**PROFILE, "MM__WATCHDOG__STALE_AFTER": f"{STALE_AFTER:g}s", "MM__WATCHDOG__CHECK_EVERY": "250ms"}
BUSY = 8.0
"""Seconds that a busy machine may take on top."""


class Ear:
    """systemd's side of NOTIFY_SOCKET."""

    def __init__(self) -> None:
        self.name = f"@mm-test-{uuid.uuid4()}"
        self.heard: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._socket.bind(f"\0{self.name[1:]}")

    def __enter__(self) -> Self:
        self._listener.start()
        return self

    def __exit__(self, *_: object) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self._socket.getsockname())
        self._listener.join()
        self._socket.close()

    def _listen(self) -> None:
        while words := self._socket.recv(100).decode():
            self.heard.append(words)


def log(commands: Commands) -> list[Any]:
    path = commands.home / "sim" / "logs" / "watchdog.log"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def recorded(commands: Commands) -> list[str]:
    """Open halts and incidents, and the codes of alerts, in this order."""
    with ControlStore(commands.home / "control.db") as store:
        halts = [halt.cause for halt in store.open_halts("sim")]
        incidents = [incident.kind for incident in store.incidents.all("sim", only_open=True)]
    return [*halts, *incidents, *(line["alert"] for line in log(commands) if "alert" in line)]


def watchdog_of(commands: Commands) -> ProcessId:
    return until(lambda: commands.watchdog, "a watchdog")


def another_than(commands: Commands, before: ProcessId, seconds: float) -> ProcessId:
    def found() -> ProcessId | None:
        now = commands.watchdog
        return now if now != before else None

    return until(found, "another watchdog", seconds)


def stopped_and_cleared(commands: Commands, bot: Background, watchdog: ProcessId) -> None:
    """The watchdog has ended its work and itself: nothing is open, and everything about it is on record."""
    until(lambda: not watchdog.is_running(), "the end of the watchdog", STALE_AFTER + FENCE + BUSY)
    assert bot.ended().code == -signal.SIGKILL
    assert commands.venue.open_orders() == []
    assert recorded(commands) == ["watchdog", "crash", "watchdog", "watchdog_proved"]
    status = commands.json("status")
    assert (status["running"], status["stop_latch"], status["watchdog"]) == (False, True, None)
    refused = commands.mm(*CALM, code=5)
    assert "mm risk resume --sim --note" in refused.err


def test_a_bot_that_hangs_and_one_that_is_killed_are_cleared(tmp_path: Path) -> None:
    """Both at a time: the fence is waited for once. A person hears of it: the bot's own courier ends with the bot."""
    with ExitStack() as things:
        hook = things.enter_context(webhook_server())
        hearing = {**MINDED, "MM_ALERTS_DINGTALK_WEBHOOK": hook.url("token-of-a-test")}
        hangs = things.enter_context(person(tmp_path / "hangs", hearing))
        killed = things.enter_context(person(tmp_path / "killed", MINDED))
        bots = {each.home: each.begin(*CALM) for each in (hangs, killed)}
        for each in (hangs, killed):
            each.await_quote(bots[each.home])
        frozen, dead = bots[hangs.home], bots[killed.home]
        minders = [watchdog_of(each) for each in (hangs, killed)]
        assert os.getsid(minders[0].pid) == minders[0].pid != os.getsid(frozen.pid), "Ctrl-C is not for the watchdog"
        until(lambda: frozen_with_a_quote(hangs, frozen), "an order of a bot that hangs")
        began = time.monotonic()
        until(killed.venue.quotes, "a quote")
        dead.send(signal.SIGKILL)
        until(lambda: not frozen.is_running, "the bot that hangs is killed")
        assert time.monotonic() - began < STALE_AFTER + BUSY
        until(lambda: any("is being stopped" in text for text in hook.texts), "a person is told", 5.0 + BUSY)
        until(lambda: hangs.venue.open_orders() == [], "its orders are cancelled at once", 3.0)
        stopped_and_cleared(hangs, frozen, minders[0])
        stopped_and_cleared(killed, dead, minders[1])
        until(lambda: any("was stopped, no own order is open" in text for text in hook.texts), "and of the proof", BUSY)
        told = " ".join(line["event"] for line in log(hangs))
        assert f"killed process {frozen.pid}" in told
        assert "proved: the fence of 10.6 s has passed" in told

        lifted = killed.json("risk", "resume", "--note", "looked at it", "--by", "Li Wei")
        assert [halt["cause"] for halt in lifted["lifted"]] == ["watchdog"]
        again = killed.begin(*CALM, "--for", "3s").ended()
        assert (again.code, again.err) == (0, "")
        killed.agree()


def test_a_watchdog_that_dies_or_hangs_is_replaced_and_a_clean_end_ends_it(tmp_path: Path) -> None:
    with person(tmp_path, MINDED) as commands:
        bot = commands.quoting(*CALM)
        first = watchdog_of(commands)
        os.kill(first.pid, signal.SIGKILL)
        second = another_than(commands, first, BUSY)
        os.kill(second.pid, signal.SIGSTOP)
        third = another_than(commands, second, STALE_AFTER + BUSY)
        assert not second.is_running()
        assert bot.is_running
        health = {part["name"]: part for part in commands.json("health")["parts"]}
        assert (health["watchdog"]["ok"], health["watchdog"]["pid"]) == (True, third.pid)
        bot.send(signal.SIGINT)
        ended = bot.ended()
        assert (ended.code, ended.err) == (0, "")
        until(lambda: not third.is_running(), "the end of the watchdog", BUSY)
        assert recorded(commands) == []
        mm_log = (commands.home / "sim" / "logs" / "mm.log").read_text()
        assert mm_log.count("the watchdog is gone; another one is started") == 2
        assert commands.json("replay")["identical"] is True


def test_without_a_watchdog_and_with_one_of_a_person(tmp_path: Path) -> None:
    """Theirs stays, and is the one; a process that has the dead bot's number is left alone."""
    with Ear() as ear, person(tmp_path, {**MINDED, "NOTIFY_SOCKET": ear.name}) as commands:
        bot = commands.quoting(*CALM, "--no-watchdog")
        until(lambda: {"READY=1", "WATCHDOG=1"} <= set(ear.heard), "systemd would hear that it is ready and alive")
        assert not is_held(Home(commands.home).environment("sim").watchdog_lock)
        assert commands.json("health", code=1)["healthy"] is False, "nobody minds the bot"
        bot.send(signal.SIGTERM)
        assert bot.ended().code == 0
        assert ear.heard[0] == "READY=1"
        until(lambda: "STOPPING=1" in ear.heard, "and that it stops")

        theirs = commands.begin("watchdog", "--sim")
        minding = watchdog_of(commands)
        assert minding.pid == theirs.pid
        assert "a watchdog already minds sim" in commands.mm("watchdog", "--sim", code=7).err
        run = commands.begin(*CALM, "--for", "2s").ended()
        assert run.code == 0
        assert (commands.watchdog, theirs.is_running) == (minding, True)

        # ARMED of a dead bot whose number another process has: this one.
        facts = json.loads((commands.home / "sim" / "DISARMED").read_text())
        innocent = {**facts, "pid": os.getpid(), "start_ticks": 1}
        draft = commands.home / "sim" / "draft"
        draft.write_text(json.dumps(innocent))
        draft.rename(commands.home / "sim" / "ARMED")
        until(lambda: [line for line in log(commands) if "on record" in line["event"]], "its proof, and its record")
        assert recorded(commands) == ["watchdog", "crash", "watchdog", "watchdog_proved"]
        assert not any("killed process" in line["event"] for line in log(commands))
        theirs.send(signal.SIGINT)
        ended = theirs.ended()
        assert (ended.code, ended.err) == (1, ""), "it had to stop something"
