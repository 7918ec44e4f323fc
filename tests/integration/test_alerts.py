"""Alerts over a real mail server and a real webhook: channels that fail, couriers that are killed, secrets, runs."""

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mm.alerts.writer import OutboxWriter
from mm.config.loader import load_settings
from mm.control.store import ControlStore
from mm.couriers import CourierProcess, alerts_of_run, channels_of, start_courier, work
from mm.database.sqlite import connect
from mm.domain.alert import Alert, Severity
from mm.home import Home
from tests.fakes.receivers import Mailbox, Webhook, mail_server, webhook_server

TOKEN = "canary-token-1234567890"
SIGNING = "SECcanary0987654321"
MINUTE_NS = 60_000_000_000
HALTED = Alert("sim", "daily_loss", Severity.ERROR, "halted: daily_loss", "lost 6 USDC")


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server() as box:
        yield box


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook_server() as hook:
        yield hook


@pytest.fixture
def home(
    mm_home: Path, box: Mailbox, hook: Webhook, monkeypatch: pytest.MonkeyPatch, no_secrets_registered: None
) -> Home:
    """Mail first, DingTalk second."""
    mm_home.mkdir(mode=0o700)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "EMAIL__HOST": "127.0.0.1",
        "EMAIL__PORT": str(box.port),
        "EMAIL__SECURITY": "none",
        "EMAIL__SENDER": "mm@x.test",
        "EMAIL__RECIPIENTS": "li@x.test",
    }.items():
        monkeypatch.setenv(f"MM__ALERTS__{name}", value)
    monkeypatch.setenv("MM__CONTACTS__PRIMARY__NAME", "Li")
    monkeypatch.setenv("MM__CONTACTS__PRIMARY__PHONE", "+86 138")
    monkeypatch.setenv("MM__CONTACTS__BACKUP__NAME", "Wu")
    dotenv = mm_home / ".env"
    dotenv.write_text(f"MM_ALERTS_DINGTALK_WEBHOOK={hook.url(TOKEN)}\nMM_ALERTS_DINGTALK_SECRET={SIGNING}\n")
    dotenv.chmod(0o600)
    return Home(mm_home)


def add(home: Home, alert: Alert = HALTED) -> int:
    with ControlStore(home.control) as store:
        return store.outbox.add(alert)


def delivered(home: Home) -> dict[str, bool]:
    with ControlStore(home.control) as store:
        return {each.code: each.delivered_at is not None for each in store.outbox.list()}


def one_step(home: Home, at: int | None = None) -> None:
    courier = start_courier(home, load_settings(home, None, os.environ))
    assert courier is not None
    try:
        courier.step(time.time_ns() if at is None else at)
    finally:
        courier.close()


def until(holds: Callable[[], bool], seconds: float) -> bool:
    """Another process does it; looked at now and then."""
    end, pause = time.monotonic() + seconds, threading.Event()
    while not holds():
        if time.monotonic() > end:
            return False
        pause.wait(0.05)
    return True


def test_an_alert_arrives_by_mail_and_dingtalk_with_the_contacts(home: Home, box: Mailbox, hook: Webhook) -> None:
    add(home)
    one_step(home)
    assert len(box.mails) == 1
    assert len(hook.texts) == 1
    for text in (box.mails[0].content.decode(), hook.texts[0]):  # type: ignore[union-attr]
        assert "daily_loss" in text
        assert "Li" in text
        assert "Wu" in text
    assert "sign=" in hook.paths[0]
    assert delivered(home) == {"daily_loss": True}


def test_mail_that_is_down_leaves_it_to_dingtalk(home: Home, box: Mailbox, hook: Webhook) -> None:
    box.refuse = "451 come back later"
    add(home)
    one_step(home)
    assert len(hook.texts) == 1
    with ControlStore(home.control) as store:
        told = {each.channel: (each.ok, each.detail) for each in store.outbox.deliveries()}
    assert told == {"email": (False, "127.0.0.1: 451 come back later"), "dingtalk": (True, "errcode 0")}


def test_errcode_310000_with_http_200_is_a_failure_and_is_tried_again(home: Home, box: Mailbox, hook: Webhook) -> None:
    box.refuse = "451 come back later"
    hook.answer = {"errcode": 310000, "errmsg": "sign not match"}
    add(home)
    one_step(home)
    assert delivered(home) == {"daily_loss": False}
    hook.answer = {"errcode": 0}
    one_step(home, time.time_ns() + MINUTE_NS)
    assert delivered(home) == {"daily_loss": True}


def test_both_down_for_longer_than_the_limit_halt_the_environment(home: Home, box: Mailbox, hook: Webhook) -> None:
    box.refuse = "451 come back later"
    hook.status = 503
    add(home)
    courier = start_courier(home, load_settings(home, None, os.environ))
    assert courier is not None
    began = time.time_ns()
    for minute in (0, 1, 4, 8, 14):
        courier.step(began + minute * MINUTE_NS)
    with ControlStore(home.control) as store:
        assert store.open_halts("sim") == []
        courier.step(began + 20 * MINUTE_NS)
        (halt,) = store.open_halts("sim")
        commands = store.take_commands("sim", "bot")
    courier.close()
    assert halt.cause == "alerts_down"
    assert [(command.kind, command.payload["cause"]) for command in commands] == [("halt", "alerts_down")]


def test_only_one_courier_works_at_a_time(home: Home) -> None:
    loaded = load_settings(home, None, os.environ)
    first = start_courier(home, loaded)
    assert first is not None
    assert start_courier(home, loaded) is None
    first.close()
    second = start_courier(home, loaded)
    assert second is not None
    second.close()


def test_without_a_channel_there_is_no_courier(mm_home: Path) -> None:
    home = Home(mm_home)
    assert start_courier(home, load_settings(home, None, os.environ)) is None
    assert not home.control.exists()


def test_a_courier_killed_in_mid_delivery_loses_nothing(home: Home, hook: Webhook, box: Mailbox) -> None:
    """Killed while DingTalk has the message and has not answered; the next one sends it again."""
    box.refuse = "451 come back later"
    hook.hold = threading.Event()
    add(home)
    first = CourierProcess.start(home, "100usdc")
    try:
        assert hook.arrived.wait(60)
        first.process.kill()
        first.process.wait(30)
    finally:
        first.end(1)
    assert delivered(home) == {"daily_loss": False}
    hook.hold.set()
    hook.hold = None
    second = CourierProcess.start(home, "100usdc")
    try:
        assert until(lambda: delivered(home)["daily_loss"], seconds=60)
    finally:
        second.process.kill()
        second.end(30)
    assert len(hook.texts) >= 2
    assert all("daily_loss" in text for text in hook.texts)


def test_none_of_many_alerts_is_lost_across_kills(home: Home, hook: Webhook, box: Mailbox) -> None:
    box.refuse = "451 come back later"
    codes = {f"code_{number}" for number in range(12)}
    waiting = sorted(codes)
    for _ in range(3):
        for code in waiting[:4]:
            add(home, Alert("sim", code, Severity.WARNING, code, "seen"))
        del waiting[:4]
        hook.arrived.clear()
        process = CourierProcess.start(home, "100usdc")
        try:
            assert hook.arrived.wait(60)  # whatever it does now, it ends here
        finally:
            process.process.kill()
            process.end(30)
    last = CourierProcess.start(home, "100usdc")
    try:
        assert until(lambda: all(delivered(home).values()), seconds=60)
    finally:
        last.process.kill()
        last.end(30)
    told = "\n".join(hook.texts)
    assert {code for code in codes if code in told} == codes


def test_a_courier_process_ends_with_its_run_and_delivers_what_is_left(home: Home, hook: Webhook) -> None:
    async def run() -> None:
        loaded = load_settings(home, "100usdc", os.environ)
        failures: list[str] = []
        async with alerts_of_run(home, loaded, "100usdc", failures.append) as tell:
            tell(HALTED)
        assert failures == []

    asyncio.run(run())
    assert delivered(home) == {"daily_loss": True}
    assert "daily_loss" in hook.texts[0]


def test_a_courier_that_starts_after_its_run_has_ended_delivers_all_the_same(home: Home, hook: Webhook) -> None:
    with ControlStore(home.control) as store:
        store.outbox.add(HALTED)
    ended = threading.Event()
    ended.set()
    work(home, load_settings(home, "100usdc", os.environ), ended)
    assert delivered(home) == {"daily_loss": True}
    assert "daily_loss" in hook.texts[0]


def test_a_run_is_never_delayed_by_channels_that_hang_or_a_control_db_that_is_locked(home: Home, hook: Webhook) -> None:
    """The loop's worst pause while 500 alerts are told, nothing answers and nothing can be written."""
    hook.hold = threading.Event()
    ControlStore(home.control).close()
    blocker = connect(home.control)
    blocker.execute("BEGIN EXCLUSIVE")
    longest = 0.0

    async def loop() -> None:
        nonlocal longest
        writer = OutboxWriter(lambda: ControlStore(home.control, busy_timeout=0.05), lambda _why: None)
        for number in range(500):
            began = time.perf_counter()
            writer.put(Alert("sim", f"code_{number % 7}", Severity.ERROR, "halted", str(number)))
            longest = max(longest, time.perf_counter() - began)
            await asyncio.sleep(0)
        blocker.execute("ROLLBACK")
        blocker.close()
        assert await asyncio.to_thread(writer.close, 30)

    asyncio.run(loop())
    assert longest < 0.1  # a lock held for a dictionary's update; the bound is for a busy machine
    with ControlStore(home.control) as store:
        assert sum(each.times for each in store.outbox.list()) == 500


def test_no_secret_anywhere_when_everything_fails(home: Home, hook: Webhook, box: Mailbox, tmp_path: Path) -> None:
    """The server echoes the token; tests, lists, configuration, logs and control.db are looked through."""
    box.refuse = f"554 {SIGNING} {TOKEN}"
    hook.answer = {"errcode": 310000, "errmsg": f"token {TOKEN} and {SIGNING} are wrong"}
    channels_of(home, load_settings(home, None, os.environ))  # as every run does before it writes an alert
    add(home, Alert("sim", "crashed", Severity.CRITICAL, f"broke at {TOKEN}", f"{SIGNING} {hook.url(TOKEN)}"))
    process = CourierProcess.start(home, "100usdc")
    assert hook.arrived.wait(60)
    process.end(30)
    said = ""
    for arguments in (["alerts", "test"], ["alerts", "list", "--json"], ["config", "show", "--profile", "100usdc"]):
        done = subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "-m", "mm", *arguments], capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == (5 if arguments[-1] == "test" else 0), done.stderr
        said += done.stdout + done.stderr
    kept = b"".join(path.read_bytes() for path in home.path.rglob("*") if path.is_file() and path.name != ".env")
    for secret in (TOKEN, SIGNING):
        assert secret not in said
        assert secret.encode() not in kept
        assert all(secret not in text for text in hook.texts)


def test_mm_alerts_test_is_evidence_in_the_audit_chain(home: Home, hook: Webhook, box: Mailbox) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mm", "alerts", "test", "--by", "Li", "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert [(each["channel"], each["ok"]) for each in json.loads(done.stdout)] == [("email", True), ("dingtalk", True)]
    assert len(box.mails) == len(hook.texts) == 1
    with ControlStore(home.control) as store:
        rows = [row for row in store.audit.rows() if row.kind == "alert_test"]
        assert [(row.payload["channel"], row.payload["ok"], row.by) for row in rows] == [
            ("email", True, "Li"),
            ("dingtalk", True, "Li"),
        ]
        assert store.audit.verify() is None


def test_channels_come_in_the_order_mail_dingtalk_apprise(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MM_ALERTS_APPRISE_URLS", "json://127.0.0.1/canary ntfy://canary-topic")
    names = [channel.name for channel in channels_of(home, load_settings(home, None, os.environ))]
    assert names == ["email", "dingtalk", "apprise-1-json", "apprise-2-ntfy"]


def test_reminders_stop_with_mm_alerts_ack(home: Home, hook: Webhook) -> None:
    number = add(home)
    began = time.time_ns()
    one_step(home, began)
    one_step(home, began + 16 * MINUTE_NS)
    assert len(hook.texts) == 2
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "mm", "alerts", "ack", str(number), "--note", "on it", "--by", "Li"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    one_step(home, began + 60 * MINUTE_NS)
    assert len(hook.texts) == 2
