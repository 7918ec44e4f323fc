"""The goals of safety at full size, one table: what was asked, what was reached, how long it took.

    python -m scripts.prove_safety                 # all goals, two at a time
    python -m scripts.prove_safety --share 0.02    # a fiftieth of each, to see that everything works
    python -m scripts.prove_safety --only kills,oracle

Each proof is a command of its own in a home of its own; the table names it with its seed, so that any violation can be
played again. Ends with 1 when a goal is missed. The core-minutes are the processors' busy time, of all processes, while
this ran: on a machine with other work they count that too.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CORE_MINUTES = 20.0
_STORM_HOURS = 2.8
_SCHEDULES_AN_HOUR = 360


@dataclass(frozen=True, slots=True)
class Verdict:
    is_reached: bool
    figure: str


@dataclass(frozen=True, slots=True)
class Proof:
    """`goal` its number in the list of goals; `command` after the interpreter; `judge` reads its last line of JSON
    (where it has none: `said`, its last line) and its exit code."""

    name: str
    goal: str
    asked: str
    command: tuple[str, ...]
    judge: Callable[[dict[str, Any], int], Verdict]
    environ: tuple[tuple[str, str], ...] = ()

    @property
    def told(self) -> str:
        """As a person types it."""
        before = "".join(f"{name}={value} " for name, value in self.environ)
        return f"{before}python {' '.join(self.command)}"


@dataclass(frozen=True, slots=True)
class Outcome:
    proof: Proof
    verdict: Verdict
    seconds: float
    said: str
    """The end of what it printed, for one that missed."""


def proofs(share: float, seed: int) -> list[Proof]:
    """`share` 1 is full size."""

    def of(whole: int) -> int:
        return max(1, round(whole * share))

    storms = of(20)
    return [
        Proof(
            "storms",
            "1",
            f"{1000 * storms:,} random fault schedules in virtual time, no violation of I1 to I6",
            _soak(_STORM_HOURS, f"{seed}..{seed + storms - 1}", "storm", "--scenario", "lively"),
            lambda told, code: _storms(told, code, 1000 * storms),
        ),
        Proof(
            "wire",
            "1",
            f"{of(300)} fault schedules over HTTP and WebSocket through ccxt, no violation",
            ("-m", "scripts.wire_faults", "--schedules", f"{of(300)}", "--seed", f"{seed}", "--jobs", "1", "--json"),
            _wire,
        ),
        Proof(
            "kills",
            "1, 2",
            f"{of(5000):,} SIGKILLs of the runner, also before and after each request, lost, partly filled, filled: no "
            "order lost or doubled, reconciled within 5 s",
            ("-m", "scripts.kills", "--lives", f"{round(of(5000) / 0.96) + 1}", "--seed", f"{seed}", "--json"),
            lambda told, code: _kills(told, code, of(5000)),
        ),
        Proof(
            "processes",
            "2",
            f"{of(100)} SIGKILLs of the whole process over HTTP and WebSocket: ledger = venue",
            ("-m", "scripts.process_kills", "--kills", f"{of(100)}", "--seed", f"{seed}", "--jobs", "1", "--json"),
            lambda told, code: _processes(told, code, of(100)),
        ),
        Proof(
            "days",
            "3",
            f"{48 * share:g} virtual hours with all faults: ledger = venue, memory + < 1 MB a virtual day",
            _soak(48 * share, f"{seed}", "all"),
            _days,
        ),
        Proof(
            "emergency",
            "4",
            f"{of(50)} emergency stops: bot frozen or dead, ledger locked, disk full, venue slow or failing: first "
            "cancel within 1 s, no own order proved within 20 s",
            ("-m", "scripts.prove_emergency", "--rounds", f"{of(50)}", "--seed", f"{seed}", "--jobs", "4"),
            _by_exit_code,
        ),
        Proof(
            "alerts",
            "5",
            "alerts over real SMTP and HTTP: within 5 s of what the engine did, none lost to kills of the courier",
            ("-m", "pytest", "tests/integration/test_alerts.py", "-n", "0", "--timeout", "600", "-q"),
            _by_exit_code,
        ),
        Proof(
            "secrets",
            "6",
            f"{of(50_000):,} canary secrets into everything that writes, none comes through",
            ("-m", "scripts.fuzz_secrets", "--runs", f"{of(50_000)}", "--seed", f"{seed}"),
            _by_exit_code,
        ),
        Proof(
            "configurations",
            "7",
            f"{of(100_000):,} hostile configurations, none accepted, none over 100 ms",
            ("-m", "scripts.fuzz_config", "--runs", f"{of(100_000)}", "--seed", f"{seed}"),
            _by_exit_code,
        ),
        Proof(
            "oracle",
            "8",
            f"{of(1_000_000):,} random orders against an independent risk oracle, no disagreement",
            ("-m", "pytest", "tests/unit/risk/test_oracle.py", "-n", "0", "--timeout", "3000", "-q"),
            lambda _told, code: Verdict(code == 0, f"{of(1_000_000):,} judged alike" if code == 0 else "disagreement"),
            (("MM_RISK_ORDERS", f"{of(1_000_000)}"), ("MM_RISK_SEED", f"{seed}")),
        ),
        Proof(
            "trace",
            "9",
            f"{of(100)} processes with {of(100)} hash seeds, one trace",
            _soak(0.1, f"{seed}", "all", "--processes", f"{max(2, of(100))}"),
            _trace,
        ),
    ]


def _soak(hours: float, seed: str, faults: str, *more: str) -> tuple[str, ...]:
    return ("-m", "mm", "soak", "--hours", f"{hours:g}", "--seed", seed, "--faults", faults, *more, "--json")


# --- reading what each says -----------------------------------------------------------------


def _by_exit_code(told: dict[str, Any], code: int) -> Verdict:
    return Verdict(code == 0, str(told.get("said", "")))


def _storms(told: dict[str, Any], code: int, asked: int) -> Verdict:
    schedules = round(float(told.get("hours", 0)) * _SCHEDULES_AN_HOUR)
    figure = (
        f"{schedules:,} schedules, {told.get('orders')} orders, {len(told.get('broken', []))} soaks with a violation"
    )
    return Verdict(code == 0 and schedules >= asked, figure)


def _wire(told: dict[str, Any], code: int) -> Verdict:
    figure = (
        f"{told.get('schedules')} schedules, {told.get('orders')} orders, {len(told.get('violations', []))} violations"
    )
    return Verdict(code == 0 and bool(told.get("schedules")), figure)


def _kills(told: dict[str, Any], code: int, asked: int) -> Verdict:
    kills, slowest = int(told.get("kills", 0)), float(told.get("slowest_start", 99.0))
    figure = f"{kills:,} kills, {told.get('orders')} orders, reconciled within {slowest:.2f} s"
    return Verdict(code == 0 and kills >= asked and slowest <= 5.0, figure)


def _processes(told: dict[str, Any], code: int, asked: int) -> Verdict:
    kills = int(told.get("kills", 0))
    figure = f"{kills} kills, {told.get('quoting')} with an open order, {told.get('fills')} fills"
    return Verdict(code == 0 and kills >= asked, figure)


def _days(told: dict[str, Any], code: int) -> Verdict:
    grown = told.get("memory_mb_per_day")
    flat = grown is None or float(grown) < 1.0
    said = "too short to tell" if grown is None else f"{float(grown):+.2f} MB a virtual day"
    return Verdict(code == 0 and flat, f"{told.get('hours', 0):.1f} h, {told.get('orders')} orders, memory {said}")


def _trace(told: dict[str, Any], code: int) -> Verdict:
    return Verdict(code == 0 and told.get("traces") == 1, f"{told.get('soaks')} processes, {told.get('traces')} trace")


# --- playing --------------------------------------------------------------------------------


def play(proof: Proof) -> Outcome:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mm-prove-") as home:
        environ = {**os.environ, **dict(proof.environ), "HOME": home, "MM_HOME": str(Path(home) / "mm")}
        done = subprocess.run(  # noqa: S603 - this program's own commands
            [sys.executable, *proof.command], capture_output=True, text=True, env=environ, check=False
        )
    verdict = proof.judge(_last_json(done.stdout), done.returncode)
    said = "\n".join([*done.stdout.splitlines()[-4:], *done.stderr.splitlines()[-4:]])
    return Outcome(proof, verdict, time.monotonic() - began, said)


def _last_json(text: str) -> dict[str, Any]:
    """The last line that is an object, or the whole text where it is one."""
    for candidate in (text, *reversed(text.splitlines())):
        try:
            found = json.loads(candidate)
        except ValueError:
            continue
        if isinstance(found, dict):
            return found
    lines = text.strip().splitlines()
    return {"said": lines[-1] if lines else ""}


def busy_seconds() -> float:
    """Of all processors since the machine started."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    user, nice, system, _idle, _wait, irq, soft = (int(each) for each in fields[:7])
    return (user + nice + system + irq + soft) / os.sysconf("SC_CLK_TCK")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.prove_safety", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--share", type=float, default=1.0, help="of full size; 1 is what counts")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="proofs at once")
    parser.add_argument("--only", default="", help="names of proofs, with commas")
    given = parser.parse_args(arguments)
    wanted = set(filter(None, given.only.split(",")))
    chosen = [proof for proof in proofs(given.share, given.seed) if not wanted or proof.name in wanted]
    if unknown := wanted - {proof.name for proof in chosen}:
        print(f"there is no proof {', '.join(sorted(unknown))}", file=sys.stderr)  # noqa: T201
        return 2
    began, busy = time.monotonic(), busy_seconds()
    with ThreadPoolExecutor(given.jobs) as pool:
        outcomes = list(pool.map(play, chosen))
    minutes = (busy_seconds() - busy) / 60
    print("\n".join(table(outcomes)))  # noqa: T201
    within = minutes <= CORE_MINUTES
    print(  # noqa: T201
        f"wall {(time.monotonic() - began) / 60:.1f} minutes, {minutes:.1f} core-minutes"
        f" (at most {CORE_MINUTES:g}: {'kept' if within else 'MISSED'}); seed {given.seed}, share {given.share:g}"
    )
    return int(not (within and all(outcome.verdict.is_reached for outcome in outcomes)))


def table(outcomes: Sequence[Outcome]) -> list[str]:
    lines = []
    for outcome in outcomes:
        proof, verdict = outcome.proof, outcome.verdict
        lines += [
            f"{'reached' if verdict.is_reached else 'MISSED':8} goal {proof.goal:5} {proof.name}: {proof.asked}",
            f"{'':8} {verdict.figure}; {outcome.seconds:.0f} s: {proof.told}",
        ]
        if not verdict.is_reached:
            lines += [f"{'':8} | {line}" for line in outcome.said.splitlines()]
    return lines


if __name__ == "__main__":
    sys.exit(main())
