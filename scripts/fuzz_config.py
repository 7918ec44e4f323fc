"""Hostile configurations, each wrong for certain: none may be accepted, none may take 100 ms of CPU.

    python -m scripts.fuzz_config --runs 100000 --seed 1
    python -m scripts.fuzz_config --runs 1 --seed 1 --first 4711      run 4711 of seed 1 alone

A run breaks one thing of a sound configuration: a value (scripts/hostile_values.py has its own list of what is
allowed), a pair of values that contradict each other, a key, or the file itself (alias bombs, depth, size, tags,
duplicates, further documents, bytes that are no text). It stands in config.yaml, the profile, .env or a variable. The
refusal must be short, and name the file or variable, and the key where a value is wrong. Ends with 1 when one fails.
"""

import argparse
import multiprocessing
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from mm.config.loader import load_settings
from mm.domain.errors import MmError
from mm.home import Home
from scripts.hostile_values import CONTRADICTIONS, HOMOGLYPHS, RULES, hostile_value

SLOWEST = 0.1
"""Seconds of CPU."""
LONGEST = 8_000
"""Characters of a refusal."""
_RAM = Path("/dev/shm")  # noqa: S108 - a place, its own folder in it is made by tempfile


@dataclass(frozen=True, slots=True)
class Hostile:
    """`files` by name below MM_HOME; `named` what the refusal must say: the place, and the key where one is wrong."""

    kind: str
    files: dict[str, bytes] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)
    named: tuple[str, ...] = ()


@dataclass(slots=True)
class Tally:
    kinds: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    worst: float = 0.0
    worst_run: int = 0


def written(values: dict[str, str]) -> str:
    """Keys with dots as sections, values as they stand."""
    lines: list[str] = []
    open_sections: tuple[str, ...] = ()
    for name, value in sorted(values.items()):
        *sections, key = name.split(".")
        for depth, section in enumerate(sections):
            if open_sections[: depth + 1] != tuple(sections[: depth + 1]):
                lines.append(f"{'  ' * depth}{section}:")
        open_sections = tuple(sections)
        lines.append(f"{'  ' * len(sections)}{key}: {value}")
    return "\n".join(lines) + "\n"


def _value(rng: random.Random) -> Hostile:
    name = rng.choice(list(RULES))
    text = hostile_value(RULES[name], rng)
    where = rng.choice(["profiles/hostile.yaml", "profiles/hostile.yaml", "config.yaml"])
    return Hostile("value", {where: written({name: text}).encode()}, named=(where, name))


def _variable(rng: random.Random) -> Hostile:
    numeric = [name for name, rule in RULES.items() if rule.kind in {"number", "whole", "duration", "bool"}]
    name = rng.choice(numeric)
    text = hostile_value(RULES[name], rng).strip("'\"")
    if text in {"", "~"} or text.startswith(("!", "&", "*")):
        text = "x" * rng.randrange(1, 3000)
    variable = "MM__" + name.upper().replace(".", "__")
    if rng.random() < 0.3:
        return Hostile(
            "line of .env", {".env": f"{variable}={'x' * rng.randrange(1, 900)}\n".encode()}, named=(variable,)
        )
    return Hostile("variable", environ={variable: text}, named=(variable,))


def _contradiction(rng: random.Random) -> Hostile:
    values = rng.choice(CONTRADICTIONS)
    where = "profiles/hostile.yaml"
    return Hostile("contradiction", {where: written(values).encode()}, named=(next(iter(values)),))


def _unknown(rng: random.Random) -> Hostile:
    name = rng.choice(list(RULES))
    at = rng.randrange(len(name))
    broken = rng.choice([
        name[:at] + rng.choice("qxz") + name[at + 1 :],
        name + "x",
        name.translate(HOMOGLYPHS) + "е",
        name.upper() if name.upper() != name else name + "_",
        name + "." + "a." * rng.randrange(3) + "b",
        "\u202e" + name,
        "a" * rng.randrange(100, 900),
    ])  # fmt: skip
    if broken in RULES or ".." in broken or broken.endswith("."):
        broken = "no_such_key"
    text = written({broken: "1"})
    return Hostile("unknown key", {"config.yaml": text.encode()}, named=("config.yaml",))


def _twice(rng: random.Random) -> Hostile:
    name = rng.choice([each for each in RULES if "." in each])
    section, _, key = name.rpartition(".")
    text = written({name: "1"}) + "  " * (section.count(".") + 1) + f"{key}: 1\n"
    return Hostile("key twice", {"config.yaml": text.encode()}, named=("config.yaml", key))


def _structure(rng: random.Random) -> Hostile:
    depth = rng.randrange(9, 4000)
    bomb = "a: &a [x,x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)},*{chr(97 + i)}]\n" for i in range(20)
    )
    texts: list[str | bytes] = [
        bomb,
        "risk: &r {max_position: 1}\nstrategy: *r\n",
        "<<: {capital: 1}\n",
        "capital: !!python/object/apply:os.system ['true']\n",
        "capital: !!float '1'\n",
        "".join("  " * i + "a:\n" for i in range(min(depth, 200))),
        "a: " + "[" * depth + "]" * depth,
        "a: " + "{b: " * depth + "1" + "}" * depth,
        "a: " + "[" * depth,
        "capital: 1\n---\ncapital: 2\n",
        "- capital\n- 1\n",
        "just words\n",
        "capital: |\n  1\n  2\n",
        "capital: '" + "9" * rng.randrange(1, 60_000) + "'\n",
        "#" * 70_000,
        "x: " + "y" * 70_000,
        "".join(f"key_{i}: 1\n" for i in range(rng.randrange(1, 3000))),
        "".join(f"'{'k' * (i % 200)}{i}': [1]\n" for i in range(rng.randrange(1, 250))),
        "\tcapital: 1\n",
        "capital: 1\n  risk: 2\n",
        "capital 1\n",
        "? [a, b]\n: 1\n",
        "capital: \x00\n",
        "capital: \ud800\n".encode("utf-8", "surrogatepass"),
        b"\xff\xfe" + "capital: 1\n".encode("utf-16-le"),
        rng.randbytes(rng.randrange(1, 400)) + b"\xff",
        "risk: 5\n",
        "strategy: [1, 2]\n",
        "capital: {a: 1}\n",
        "%YAML 9.9\n---\ncapital: 1\n...\nx",
        "'': 1\n",
        "1: 1\n",
        "null: 1\n",
        "api_key: abcdefghijklmnop\n",
    ]
    text = rng.choice(texts)
    content = text if isinstance(text, bytes) else text.encode()
    return Hostile("structure", {"config.yaml": content}, named=("config.yaml",))


MAKERS: Sequence[tuple[Callable[[random.Random], Hostile], float]] = (
    (_value, 6.0),
    (_variable, 2.0),
    (_structure, 2.0),
    (_unknown, 1.0),
    (_twice, 0.5),
    (_contradiction, 0.5),
)


def make(seed: int, run: int) -> Hostile:
    rng = random.Random(f"{seed}:{run}")  # noqa: S311 - values, no secrets
    chosen = rng.choices([maker for maker, _ in MAKERS], [weight for _, weight in MAKERS])[0]
    return chosen(rng)


def refused(folder: Path, hostile: Hostile) -> tuple[str, float]:
    """What is wrong with the answer (empty: it was refused as it should be), and its CPU seconds."""
    profile = "hostile" if "profiles/hostile.yaml" in hostile.files else "100usdc"
    for name, content in hostile.files.items():
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
        file.chmod(0o600)
    began = time.process_time()
    try:
        load_settings(Home(folder), profile, hostile.environ)
    except MmError as error:
        spent = time.process_time() - began
        said = str(error)
        missing = [word for word in hostile.named if word not in said]
        wrong = f"the refusal does not name {', '.join(missing)}: {said[:300]!r}" if missing else ""
        return wrong or (f"the refusal has {len(said)} characters" if len(said) > LONGEST else ""), spent
    except Exception as error:  # noqa: BLE001 - whatever escapes is the finding
        return f"{type(error).__name__} escaped: {str(error)[:200]}", time.process_time() - began
    else:
        return "ACCEPTED", time.process_time() - began
    finally:
        for name in hostile.files:
            (folder / name).unlink()


def play(seed: int, runs: range, slowest: float = SLOWEST) -> Tally:
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="mm-hostile-", dir=_RAM if _RAM.is_dir() else None) as folder:
        load_settings(Home(Path(folder)), "100usdc", {})  # what is loaded once is no run's time
        for run in runs:
            hostile = make(seed, run)
            tally.kinds[hostile.kind] += 1
            wrong, spent = refused(Path(folder), hostile)
            if spent >= slowest:
                wrong = wrong or f"took {spent * 1000:.0f} ms"
            if wrong:
                shown = {**hostile.environ, **{name: content[:200] for name, content in hostile.files.items()}}
                tally.failures.append(
                    f"run {run} ({hostile.kind}): {wrong}\n  {shown}\n"
                    f"  repeat: python -m scripts.fuzz_config --runs 1 --seed {seed} --first {run}"
                )
            if spent > tally.worst:
                tally.worst, tally.worst_run = spent, run
    return tally


def main(arguments: Sequence[str] | None = None) -> int:
    given = _arguments(arguments)
    runs = range(given.first, given.first + given.runs)
    parts = [runs[start :: given.jobs] for start in range(given.jobs)]
    began = time.monotonic()
    if given.jobs == 1:
        tallies = [play(given.seed, runs, given.slowest)]
    else:
        with ProcessPoolExecutor(given.jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
            tallies = list(pool.map(play, [given.seed] * given.jobs, parts, [given.slowest] * given.jobs))
    failures = [failure for tally in tallies for failure in tally.failures]
    kinds = sum((tally.kinds for tally in tallies), Counter[str]())
    worst = max(tallies, key=lambda tally: tally.worst)
    print("\n".join(failures[:20]))  # noqa: T201
    accepted = sum("ACCEPTED" in failure for failure in failures)
    print(  # noqa: T201
        f"seed {given.seed}: {len(runs)} hostile configurations, {accepted or 'none'} accepted, "
        f"{len(failures)} failed; the slowest took {worst.worst * 1000:.0f} ms of CPU (run {worst.worst_run}); "
        f"wall {time.monotonic() - began:.0f} s"
    )
    print(", ".join(f"{kind} {count}" for kind, count in kinds.most_common()))  # noqa: T201
    return int(bool(failures))


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.fuzz_config", description="Hostile configurations.")
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first run of this seed")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--slowest", type=float, default=SLOWEST, help="CPU seconds that one may take")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
