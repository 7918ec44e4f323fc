"""`mm stop` against a stub of Binance's interface and a dummy bot that can be frozen."""

import http.client
import json
import os
import signal
import sqlite3
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mm.control.store import ControlStore
from mm.domain.errors import ExitCode
from mm.home import Home
from mm.process_id import ProcessId
from mm.runner.emergency.cancel_all import FIRST_TIMEOUT
from mm.runner.emergency.report import StopReport
from mm.runner.emergency.rest_client import connect
from mm.runner.emergency.stop import StopOptions, emergency_stop, environments_to_stop, graceful_stop
from mm.runner.latch import BotFacts, arm, disarm, last_facts
from tests.fakes.stub_binance import KEY, SECRET, StubBinance, serving

PREFIX = "mm-k3x9qa-"
FACTS = BotFacts(ProcessId(2**22 + 7, 1), "run-1", "ETHUSDC", PREFIX, 0.05, 0.05)
FENCE = 0.05 + 0.05 + 0.2

BOT = """
import signal, sys
from pathlib import Path
from mm.home import Home
from mm.process_id import ProcessId
from mm.runner.latch import BotFacts, arm, disarm
from mm.runner.lock import BotLock
env_home = Home(Path(sys.argv[1])).environment("sim")
def end(*_):
    if sys.argv[2] == "polite":
        disarm(env_home)
        sys.exit(0)
    if sys.argv[2] == "crashing":
        sys.exit(1)
signal.signal(signal.SIGTERM, end)
with BotLock(env_home, "run-1"):
    arm(env_home, BotFacts(ProcessId.own(), "run-1", "ETHUSDC", "mm-k3x9qa-", 0.05, 0.05))
    print("armed", flush=True)
    while True:
        signal.pause()
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    made.environment("sim").make()
    return made


@pytest.fixture
def stub(home: Home) -> Iterator[StubBinance]:
    with serving(StubBinance()) as stub:
        home.venue.mkdir(parents=True)
        (home.venue / "venue.json").write_text(json.dumps({"host": "127.0.0.1", "port": stub.port}))
        (home.venue / "keys.json").write_text(json.dumps({"api_key": KEY, "api_secret": SECRET}))
        yield stub


@contextmanager
def bot(home: Home, manners: str = "polite") -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", BOT, str(home.path), manners]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  # our interpreter
        assert process.stdout is not None
        assert process.stdout.readline() == "armed\n"
        try:
            yield process
        finally:
            process.kill()


def options(said: list[str] | None = None) -> StopOptions:
    say = said.append if said is not None else (lambda _: None)
    return StopOptions(environ={}, say=say, exchange_timeout=0.2, proof_seconds=5.0)


def stop(home: Home, said: list[str] | None = None) -> StopReport:
    return emergency_stop(home, "sim", options(said))


def orphaned(home: Home, *, quiet_for: float = 3600.0) -> None:
    """A bot that died long ago without a clean end."""
    env_home = home.environment("sim")
    arm(env_home, FACTS)
    then = time.time() - quiet_for
    os.utime(env_home.armed, (then, then))


# --- emergency: the bot -------------------------------------------------------------


@pytest.mark.parametrize("frozen", [False, True])
def test_a_bot_running_or_frozen_is_killed_and_its_orders_are_proved_gone(
    home: Home, stub: StubBinance, frozen: bool
) -> None:
    for number in range(6):
        stub.place(f"{PREFIX}{number}")
    with bot(home) as process:
        if frozen:
            process.send_signal(signal.SIGSTOP)
        assert environments_to_stop(home) == ["sim"]
        report = stop(home)
        assert process.wait(5) == -signal.SIGKILL
    assert (report.proven, report.exit_code) == (True, ExitCode.OK)
    assert report.latch == "tripped"
    assert report.killed == [process.pid]
    assert len(report.cancelled) == 6
    assert stub.client_ids() == []
    assert home.environment("sim").stop.exists()


def test_the_last_read_comes_after_the_fence(home: Home, stub: StubBinance) -> None:
    stub.place(f"{PREFIX}1")
    began = time.monotonic()
    with bot(home):
        report = emergency_stop(home, "sim", replace(options(), exchange_timeout=1.3))  # several reads long
    assert report.proven
    assert report.fence_seconds == pytest.approx(1.4)
    assert stub.seen[-1].path == "/api/v3/openOrders"
    assert stub.seen[-1].at - began >= 1.4


def test_an_order_that_arrives_within_the_fence_is_cancelled(home: Home, stub: StubBinance) -> None:
    stub.place(f"{PREFIX}1")
    stub.arrivals.append((3, f"{PREFIX}2"))
    with bot(home):
        report = stop(home)
    assert report.proven
    assert stub.arrivals == []
    assert sorted(order.client_id for order in report.cancelled) == [f"{PREFIX}1", f"{PREFIX}2"]
    assert stub.client_ids() == []


def test_a_process_that_got_the_bots_number_is_never_killed(home: Home, stub: StubBinance) -> None:
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as innocent:
        env_home = home.environment("sim")
        arm(env_home, replace(FACTS, process=ProcessId(innocent.pid, 12345)))
        env_home.lock.write_text(json.dumps({"pid": innocent.pid, "start_ticks": 12345, "run_id": "run-1"}))
        report = stop(home)
        assert innocent.poll() is None
        innocent.kill()
    assert report.killed == []
    assert report.proven


def test_a_bot_whose_lock_file_was_removed_is_still_found_and_killed(home: Home, stub: StubBinance) -> None:
    with bot(home) as process:
        home.environment("sim").lock.unlink()
        report = stop(home)
        assert process.wait(5) == -signal.SIGKILL
    assert report.killed == [process.pid]
    assert report.proven


def test_a_lock_held_by_an_unknown_process_proves_nothing(home: Home, stub: StubBinance) -> None:
    stub.place(f"{PREFIX}1")
    with bot(home) as process:
        env_home = home.environment("sim")
        env_home.lock.write_text("{}")
        arm(env_home, FACTS)
        report = stop(home)
        assert process.poll() is None
    assert stub.client_ids() == []
    assert not report.proven
    assert report.exit_code is ExitCode.NOT_PROVEN
    assert "fuser" in report.problem


def test_neither_ledger_nor_control_database_is_needed_or_made(home: Home, stub: StubBinance) -> None:
    home.environment("sim").ledger.mkdir()  # whatever opens it fails
    orphaned(home)
    assert stop(home).proven
    assert not home.control.exists()


# --- emergency: without a bot ---------------------------------------------------------


def test_orders_of_a_bot_that_died_long_ago_are_cancelled_without_a_fence(home: Home, stub: StubBinance) -> None:
    orphaned(home)
    stub.place(f"{PREFIX}1")
    report = stop(home)
    assert report.proven
    assert report.fence_seconds == 0
    assert len(report.cancelled) == 1


def test_a_bot_that_died_a_moment_ago_still_needs_its_fence(home: Home, stub: StubBinance) -> None:
    orphaned(home, quiet_for=3.0)
    report = stop(home)
    assert report.proven
    assert report.fence_seconds == pytest.approx(FENCE)


def test_a_recent_write_to_the_ledger_is_a_sign_of_life_too(home: Home, stub: StubBinance) -> None:
    orphaned(home)
    ledger = home.environment("sim").ledger
    ledger.with_name(ledger.name + "-wal").touch()
    assert stop(home).fence_seconds == pytest.approx(FENCE)


def test_repeating_the_stop_counts_the_fence_again(home: Home, stub: StubBinance) -> None:
    with bot(home):
        for file in (home.environment("sim").armed, home.environment("sim").lock):
            os.utime(file, (1000, 1000))  # a bot frozen for long: only the kill itself is recent
        assert stop(home).proven
    again = stop(home)
    assert (again.latch, again.killed) == ("already_stopped", [])
    assert again.fence_seconds == pytest.approx(FENCE)
    assert again.proven


def test_no_own_order_is_proved_by_two_reads(home: Home, stub: StubBinance) -> None:
    orphaned(home)
    report = stop(home)
    assert report.proven
    assert report.cancelled == []
    assert report.seconds_to_first_cancel is None
    assert stub.count("GET", "/api/v3/openOrders") == 2
    assert stub.count("DELETE", "/api/v3/order") == 0


def test_where_no_bot_ever_ran_any_bots_orders_go_and_other_ones_stay(home: Home, stub: StubBinance) -> None:
    stub.place("mm-zzzzzz-1a")
    stub.place("mm-by-hand", "BTCUSDC")
    report = stop(home)
    assert report.latch == "stop_created"
    assert report.proven
    assert stub.client_ids() == ["mm-by-hand"]


# --- emergency: orders of others -----------------------------------------------------------


def test_orders_of_others_are_left_alone_and_counted(home: Home, stub: StubBinance) -> None:
    orphaned(home)
    for client_id in (f"{PREFIX}1", "mm-other1-1", "web_1"):
        stub.place(client_id)
    report = stop(home)
    assert report.proven
    assert stub.client_ids() == ["mm-other1-1", "web_1"]
    assert len(report.foreign) == 2


def test_orders_of_others_are_taken_one_by_one_when_asked(home: Home, stub: StubBinance) -> None:
    orphaned(home)
    stub.place(f"{PREFIX}1")
    stub.place("web_1")
    report = emergency_stop(home, "sim", replace(options(), foreign_too=True))
    assert report.proven
    assert stub.client_ids() == []
    assert stub.count("DELETE", "/api/v3/openOrders") == 0
    assert {order.client_id for order in report.cancelled} == {f"{PREFIX}1", "web_1"}


# --- emergency: the exchange's faults ------------------------------------------------------

Fault = tuple[int, dict[str, str], str]
BUSY: Fault = (503, {}, "<html>busy</html>")
BROKEN: Fault = (0, {}, "")
GARBLED: Fault = (-1, {}, "")
UNREADABLE: Fault = (200, {}, '[{"orderId": ')
LIMITED: Fault = (429, {"Retry-After": "1"}, '{"code":-1003,"msg":"Too many requests."}')
UNKNOWN_OUTCOME: Fault = (504, {}, '{"code":-1007,"msg":"Timeout waiting for response from backend server."}')


@pytest.mark.parametrize("fault", [BUSY, BROKEN, GARBLED, UNREADABLE, UNKNOWN_OUTCOME])
@pytest.mark.parametrize("where", ["GET /api/v3/openOrders", "DELETE /api/v3/order"])
def test_faults_are_met_with_patience(home: Home, stub: StubBinance, fault: Fault, where: str) -> None:
    orphaned(home)
    stub.place(f"{PREFIX}1")
    stub.place(f"{PREFIX}2")
    stub.faults[where] = [fault, fault]
    report = stop(home)
    assert report.proven
    assert stub.faults[where] == []
    assert stub.client_ids() == []


def test_known_orders_are_cancelled_although_the_list_fails(home: Home, stub: StubBinance) -> None:
    orphaned(home)
    stub.place(f"{PREFIX}1")
    stub.faults["DELETE /api/v3/order"] = [BUSY]
    honest = stub._open

    def first_then_busy(symbol: str | None) -> list[dict[str, Any]]:
        listed = honest(symbol)
        if stub.count("GET", "/api/v3/openOrders") == 1:
            stub.faults["GET /api/v3/openOrders"] = [BUSY, BUSY]
        return listed

    stub._open = first_then_busy  # type: ignore[method-assign]  # this one test watches the first read
    assert stop(home).proven
    requests = [(seen.method, seen.path) for seen in stub.seen if seen.path != "/api/v3/time"]
    first_list, first_cancel, failed_list, second_cancel = requests[:4]
    assert first_list[0] == failed_list[0] == "GET"
    assert first_cancel[0] == second_cancel[0] == "DELETE"


def believed_alive(home: Home, *orders: tuple[str, int]) -> None:
    """A ledger that holds these orders (client id, exchange id) for open."""
    with closing(sqlite3.connect(home.environment("sim").ledger)) as ledger, ledger:
        ledger.execute("CREATE TABLE intents (id INTEGER PRIMARY KEY, client_id TEXT, symbol TEXT, side TEXT)")
        ledger.execute("CREATE TABLE orders (client_id TEXT, status TEXT, exchange_id TEXT)")
        for client_id, order_id in orders:
            ledger.execute("INSERT INTO intents (client_id, symbol, side) VALUES (?, 'ETHUSDC', 'BUY')", (client_id,))
            ledger.execute("INSERT INTO orders VALUES (?, 'OPEN', ?)", (client_id, str(order_id)))


def test_what_the_ledger_names_is_cancelled_although_the_exchange_lists_nothing(home: Home, stub: StubBinance) -> None:
    orphaned(home)
    order_id = stub.place(f"{PREFIX}1")
    believed_alive(home, (f"{PREFIX}1", order_id), (f"{PREFIX}2", 77), ("web_1", 78))
    stub.faults["GET /api/v3/openOrders"] = [BUSY] * 3
    report = stop(home)
    assert report.proven
    assert [order.client_id for order in report.cancelled] == [f"{PREFIX}1"], "once, though two ways led to it"
    assert report.gone == [], "the ledger was behind with the second"
    cancels = [seen.query["orderId"] for seen in stub.seen if seen.method == "DELETE"]
    assert set(cancels) == {str(order_id), "77"}, "what is not the bot's is left alone"
    assert report.seconds_to_first_cancel is not None
    assert report.seconds_to_first_cancel < 0.5


def test_a_ledger_that_cannot_be_read_delays_nothing(home: Home, stub: StubBinance) -> None:
    orphaned(home)
    stub.place(f"{PREFIX}1")
    home.environment("sim").ledger.write_bytes(b"no database at all" * 100)
    said: list[str] = []
    assert stop(home, said).proven
    assert any("the ledger names no orders" in line for line in said)
    assert stub.client_ids() == []


def test_a_demand_for_patience_is_obeyed(home: Home, stub: StubBinance) -> None:
    orphaned(home)
    stub.place(f"{PREFIX}1")
    stub.faults["GET /api/v3/openOrders"] = [LIMITED]
    assert stop(home).proven
    first, second = [seen.at for seen in stub.seen if seen.path == "/api/v3/openOrders"][:2]
    assert second - first >= 1.0


def test_a_ban_longer_than_the_time_allowed_is_told_and_not_broken(home: Home, stub: StubBinance) -> None:
    orphaned(home)
    stub.faults["GET /api/v3/openOrders"] = [(418, {"Retry-After": "120"}, "{}")]
    report = stop(home)
    assert not report.proven
    assert report.exit_code is ExitCode.NOT_PROVEN
    assert "120" in report.problem
    assert stub.count("GET", "/api/v3/openOrders") == 1


def test_an_order_that_fills_before_its_cancel_is_gone(home: Home, stub: StubBinance) -> None:
    orphaned(home)
    stub.place(f"{PREFIX}1")
    stub.before_cancel = stub.orders.pop
    report = stop(home)
    assert report.proven
    assert report.cancelled == []
    assert [order.client_id for order in report.gone] == [f"{PREFIX}1"]


@pytest.mark.parametrize("ahead_ms", [-60_000, 60_000])
def test_a_wrong_clock_is_set_by_the_exchanges(home: Home, stub: StubBinance, ahead_ms: int) -> None:
    stub.clock_ahead_ms = ahead_ms
    stub.faults["GET /api/v3/time"] = [BUSY]  # the first look at the clock fails; the refusal asks again
    orphaned(home)
    stub.place(f"{PREFIX}1")
    report = stop(home)
    assert report.proven
    assert abs(report.as_of_ms - ahead_ms - time.time_ns() // 1_000_000) < 10_000


def test_a_refused_key_ends_it_after_one_try_and_says_so(home: Home, stub: StubBinance) -> None:
    orphaned(home)
    (home.venue / "keys.json").write_text(json.dumps({"api_key": "wrong", "api_secret": SECRET}))
    report = stop(home)
    assert report.exit_code is ExitCode.CREDENTIALS
    assert not report.proven
    assert stub.count("GET", "/api/v3/openOrders") == 1


def test_an_order_that_cannot_be_cancelled_is_listed_as_left(home: Home, stub: StubBinance) -> None:
    orphaned(home)
    stub.place(f"{PREFIX}1")
    stub.faults["DELETE /api/v3/order"] = [BUSY] * 1000
    report = emergency_stop(home, "sim", replace(options(), proof_seconds=1.0))
    assert report.exit_code is ExitCode.NOT_PROVEN
    assert [order.client_id for order in report.remaining] == [f"{PREFIX}1"]
    assert any(PREFIX in line for line in report.lines())


def test_an_exchange_that_is_not_there_proves_nothing(home: Home, stub: StubBinance) -> None:
    (home.venue / "venue.json").write_text(json.dumps({"host": "127.0.0.1", "port": 1}))
    orphaned(home)
    report = emergency_stop(home, "sim", replace(options(), proof_seconds=1.0))
    assert report.exit_code is ExitCode.NOT_PROVEN
    assert "not reached" in report.problem


def test_without_a_key_the_bot_is_stopped_and_the_person_told(home: Home) -> None:
    env_home = home.environment("mainnet")
    env_home.make()
    arm(env_home, FACTS)
    report = emergency_stop(home, "mainnet", options())
    assert report.exit_code is ExitCode.CREDENTIALS
    assert "MM_MAINNET_API_KEY" in report.problem
    assert not env_home.armed.exists()


@pytest.mark.parametrize(
    ("environment", "base_url"), [("testnet", "https://testnet.binance.vision"), ("mainnet", "https://api.binance.com")]
)
def test_testnet_and_mainnet_are_reached_at_their_own_addresses(
    home: Home, stub: StubBinance, environment: str, base_url: str
) -> None:
    asked: set[str] = set()

    def connecting(url: str, timeout: float) -> http.client.HTTPConnection:
        asked.add(url)
        return http.client.HTTPConnection("127.0.0.1", stub.port, timeout=timeout)

    name = environment.upper()
    environ = {f"MM_{name}_API_KEY": KEY, f"MM_{name}_API_SECRET": SECRET}
    stub.place("mm-k3x9qa-1")
    report = emergency_stop(home, environment, replace(options(), environ=environ, connecting=connecting))
    assert report.proven
    assert report.exchange == base_url
    assert asked == {base_url}
    assert stub.client_ids() == []


def test_https_is_verified_tls() -> None:
    connection = connect("https://api.binance.com", 1.0)
    assert isinstance(connection, http.client.HTTPSConnection)
    assert (connection.host, connection.port) == ("api.binance.com", 443)
    context = connection._context  # type: ignore[attr-defined]  # where http.client keeps it
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_a_slow_exchange_gets_the_cancels_right_after_its_first_list(home: Home, stub: StubBinance) -> None:
    stub.latency = 0.3
    orphaned(home)
    for number in range(4):
        stub.place(f"{PREFIX}{number}")
    assert stop(home).proven
    first_list = next(seen.at for seen in stub.seen if seen.path == "/api/v3/openOrders")
    cancels = [seen.at for seen in stub.seen if seen.method == "DELETE"]
    assert len(cancels) == 4
    assert max(cancels) - first_list < 0.3 + 0.5  # one after the other they would take 1.2 s


def test_an_exchange_slower_than_the_first_time_out_is_waited_for(home: Home, stub: StubBinance) -> None:
    orphaned(home)
    stub.place(f"{PREFIX}1")
    honest = stub._open

    def slow_at_first(symbol: str | None) -> list[dict[str, Any]]:
        if stub.count("GET", "/api/v3/openOrders") == 1:
            time.sleep(FIRST_TIMEOUT + 0.2)
        return honest(symbol)

    stub._open = slow_at_first  # type: ignore[method-assign]  # this one test delays the first read
    said: list[str] = []
    assert stop(home, said).proven
    assert any("TimeoutError" in line for line in said)


def test_many_orders_are_cancelled_side_by_side(home: Home, stub: StubBinance) -> None:
    stub.latency = 0.05
    orphaned(home)
    for number in range(16):
        stub.place(f"{PREFIX}{number}")
    report = stop(home)
    assert len(report.cancelled) == 16
    assert stub.busiest >= 4


def test_no_secret_and_no_signature_is_ever_said(home: Home, stub: StubBinance) -> None:
    orphaned(home)
    stub.place(f"{PREFIX}1")
    stub.faults["GET /api/v3/openOrders"] = [BUSY, BROKEN, GARBLED, UNREADABLE]
    said: list[str] = []
    report = stop(home, said)
    whole = "\n".join([*said, *report.lines(), report.json_line(), repr(report)])
    signatures = [seen.query["signature"] for seen in stub.seen if "signature" in seen.query]
    assert said
    assert signatures
    for secret in (KEY, SECRET, *signatures):
        assert secret not in whole


# --- graceful ---------------------------------------------------------------------------------


def test_a_polite_bot_ends_by_itself_and_nothing_is_latched(home: Home, stub: StubBinance) -> None:
    with bot(home) as process:
        report = graceful_stop(home, "sim", options())
        assert process.wait(5) == 0
    assert (report.proven, report.exit_code, report.latch) == (True, ExitCode.OK, "untouched")
    assert report.fence_seconds == 0
    assert not home.environment("sim").stop.exists()


def test_a_bot_that_does_not_end_proves_nothing(home: Home, stub: StubBinance) -> None:
    with bot(home, "stubborn") as process:
        report = graceful_stop(home, "sim", replace(options(), graceful_timeout=0.2))
        assert process.poll() is None
    assert report.exit_code is ExitCode.NOT_PROVEN
    assert str(process.pid) in report.problem


def test_what_a_crashing_bot_leaves_is_cancelled_after_its_fence(home: Home, stub: StubBinance) -> None:
    stub.place(f"{PREFIX}1")
    with bot(home, "crashing"):
        report = graceful_stop(home, "sim", options())
    assert report.proven
    assert report.fence_seconds == pytest.approx(FENCE)
    assert [order.client_id for order in report.cancelled] == [f"{PREFIX}1"]


def test_leftovers_are_found_although_no_bot_runs(home: Home, stub: StubBinance) -> None:
    orphaned(home)
    disarm(home.environment("sim"))
    stub.place(f"{PREFIX}1")
    stub.place("web_1")
    said: list[str] = []
    report = graceful_stop(home, "sim", options(said))
    assert report.proven
    assert stub.client_ids() == ["web_1"]
    assert any("no bot runs" in line for line in said)
    assert last_facts(home.environment("sim")) == FACTS


def test_a_gentle_stop_takes_orders_of_others_when_asked_and_tells_them_otherwise(
    home: Home, stub: StubBinance
) -> None:
    orphaned(home)
    disarm(home.environment("sim"))
    stub.place("web_1")
    kept = graceful_stop(home, "sim", options())
    assert "1 orders of others left alone (--foreign-orders takes them too)" in "\n".join(kept.lines())
    taken = graceful_stop(home, "sim", replace(options(), foreign_too=True))
    assert taken.proven
    assert [order.client_id for order in taken.cancelled] == ["web_1"]
    assert stub.client_ids() == []


# --- the command ---------------------------------------------------------------------------------


def command(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = "import sys; from mm.cli.entry import main; sys.argv[0] = 'mm'; main()"
    return subprocess.run(  # noqa: S603  # our own interpreter
        [sys.executable, "-c", program, *arguments],
        env={"MM_HOME": str(home.path), "PATH": os.environ["PATH"], "HOME": str(home.path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_cancels_at_once_and_answers_in_json(home: Home, stub: StubBinance) -> None:
    orphaned(home)
    stub.place(f"{PREFIX}1")
    done = command(home, "stop", "--emergency", "--json")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    answer = json.loads(line)
    assert answer["environment"] == "sim"
    assert answer["latch"] == "tripped"
    assert answer["killed"] == []
    assert answer["cancelled"] == 1
    assert answer["foreign_left"] == 0
    assert answer["proven"] is True
    assert answer["fence_seconds"] == 0
    assert 0 < answer["seconds_to_first_cancel"] <= answer["seconds_total"]
    assert answer["seconds_to_first_cancel"] < 3.0  # a tenth of it on a machine with nothing else to do
    assert stub.client_ids() == []
    with ControlStore(home.control) as store:
        (halt,) = store.open_halts("sim")
    assert halt.cause == "emergency_stop"
    assert halt.detail.startswith("latch tripped; 1 orders cancelled")
    assert "; proved: no own order is open" in halt.detail


def test_a_control_database_that_cannot_be_written_fails_nothing(home: Home, stub: StubBinance) -> None:
    orphaned(home)
    stub.place(f"{PREFIX}1")
    home.control.mkdir()
    done = command(home, "stop", "--emergency")
    assert done.returncode == 0, done.stderr
    assert "the incident is not on record" in done.stderr
    assert "proved" in done.stdout


def test_all_environments_that_need_it_are_stopped_each_with_its_own_line(home: Home, stub: StubBinance) -> None:
    orphaned(home)
    home.environment("testnet").make()
    arm(home.environment("testnet"), FACTS)
    done = command(home, "stop", "--emergency", "--json")
    sim, testnet = (json.loads(line) for line in done.stdout.splitlines())
    assert (sim["environment"], sim["proven"]) == ("sim", True)
    assert (testnet["environment"], testnet["proven"]) == ("testnet", False)
    assert not home.environment("testnet").armed.exists()
    assert done.returncode == ExitCode.CREDENTIALS


def test_the_gentle_command_asks_the_bot_and_proves_it(home: Home, stub: StubBinance) -> None:
    with bot(home) as process:
        done = command(home, "stop", "--json")
        assert process.wait(5) == 0
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["killed"] == [process.pid]
    assert not home.control.exists()


def test_the_gentle_command_names_the_way_out_when_the_bot_hangs(home: Home, stub: StubBinance) -> None:
    with bot(home) as process:
        process.send_signal(signal.SIGSTOP)
        done = command(home, "stop", "--timeout", "1")
        assert process.poll() is None
    assert done.returncode == ExitCode.NOT_PROVEN
    assert "mm stop --emergency --sim" in done.stderr


def test_the_command_says_when_there_is_nothing_to_stop(home: Home) -> None:
    done = command(home, "stop", "--emergency")
    assert done.returncode == ExitCode.FAILED
    assert "no bot runs" in done.stderr
    assert done.stdout == ""


def test_the_command_fails_when_it_cannot_prove_it(home: Home) -> None:
    orphaned(home)
    done = command(home, "stop", "--emergency", "--sim")
    assert done.returncode == ExitCode.EXCHANGE
    assert "mm sim start" in done.stderr
    assert "NOT PROVED" in done.stdout


def test_the_command_has_no_way_round_for_unknown_flags(home: Home) -> None:
    orphaned(home)
    assert command(home, "stop", "--emergency", "--flaten").returncode == ExitCode.USAGE
    assert home.environment("sim").armed.exists()


def test_an_emergency_imports_nothing_that_is_slow(home: Home, stub: StubBinance) -> None:
    orphaned(home)
    stub.place(f"{PREFIX}1")
    program = (
        "import sys; sys.modules['mm.control.store'] = None; sys.argv = ['mm', 'stop', '--emergency']\n"
        "from mm.cli.entry import main\n"
        "try: main()\n"
        "except SystemExit as end: print('code', end.code)\n"
        "print('modules', *sorted(sys.modules))"
    )
    done = subprocess.run(  # noqa: S603  # our own interpreter
        [sys.executable, "-c", program],
        env={"MM_HOME": str(home.path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "code 0" in done.stdout
    loaded = {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()[1:]}
    assert loaded - {"mm"} <= set(sys.stdlib_module_names) | {"__main__", "_distutils_hack", "sitecustomize"} | {
        name for name in loaded if name.startswith(("__editable__", "_virtualenv"))
    }
    assert not loaded & {"asyncio", "sqlite3"}
    assert "the incident is not on record" in done.stderr
