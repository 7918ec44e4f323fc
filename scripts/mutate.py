"""Break the code on purpose, one small change at a time, and see whether a unit test notices.

    python -m scripts.mutate --minutes 10 --seed 1 mm/engine mm/risk/checks.py

Works in a copy of the tree in a temporary folder. Every change (a *mutant*) runs the unit tests of its room in a
fork of a process that has the libraries loaded already. What no test noticed is listed: a survivor is a missing
test, or a change that makes no difference. Ends with 1 when the share noticed is below `--at-least`.
"""

import argparse
import ast
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DEFAULT = (
    "mm/execution",
    "mm/engine",
    *(f"mm/risk/{name}.py" for name in ("checks", "limits", "loss_watch", "circuit_breaker", "state", "engine")),
    *(f"mm/ledger/{name}.py" for name in ("recovery", "writer", "run_start")),
)
TESTS = {
    "mm/execution": ("tests/unit/execution", "tests/unit/engine"),
    "mm/engine": ("tests/unit/engine",),
    "mm/risk": ("tests/unit/risk", "tests/unit/engine"),
    "mm/ledger": ("tests/unit/ledger",),
    "mm/strategy": ("tests/unit/strategy", "tests/unit/engine"),
    "mm/domain": ("tests/unit/domain", "tests/unit/risk", "tests/unit/engine"),
}
"""By folder: the tests that should notice. Other rooms: tests/unit/<room>."""
_LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", "dist", "docs")
_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutant:
    """Change number `variant` of node `number` in the module's syntax tree, counted as `ast.walk` finds them."""

    file: str
    number: int
    variant: int

    def made(self, folder: Path) -> "Made":
        tree = ast.parse((folder / self.file).read_text())
        target = next(node for number, node in enumerate(ast.walk(tree)) if number == self.number)
        line, before = getattr(target, "lineno", 0), _one_line(target)
        parent, place, index = _place_of(tree, target)
        new = _mutate(target, self.variant)
        if index is None:
            setattr(parent, place, new)
        else:
            getattr(parent, place)[index] = new
        ast.fix_missing_locations(tree)
        return Made(self.file, line, f"{before}  →  {_one_line(new)}", ast.unparse(tree))


@dataclass(frozen=True, slots=True)
class Made:
    file: str
    line: int
    change: str
    source: str


def mutants_of(file: Path, folder: Path) -> list[Mutant]:
    tree = ast.parse(file.read_text())
    kept = {id(node) for node in _meaningful(tree)}
    name = str(file.relative_to(folder))
    return [
        Mutant(name, number, variant)
        for number, node in enumerate(ast.walk(tree))
        if id(node) in kept
        for variant in range(_variants(node))
    ]


def _variants(node: ast.AST) -> int:  # noqa: PLR0911  # one line a kind of change
    if isinstance(node, ast.Compare):
        return len(node.ops)
    if isinstance(node, ast.Return):
        return int(node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None))
    if isinstance(node, ast.Constant):
        return int(isinstance(node.value, int))  # bool is an int
    if isinstance(node, ast.BinOp):
        return int(type(node.op) in _COMPUTED)
    if isinstance(node, ast.UnaryOp):
        return int(isinstance(node.op, ast.Not | ast.USub))
    if isinstance(node, ast.Expr):
        return int(isinstance(node.value, ast.Call | ast.Await))
    return int(isinstance(node, ast.BoolOp | ast.AugAssign | ast.Continue))


def _mutate(node: ast.AST, variant: int) -> ast.AST:  # noqa: PLR0911  # one line a kind of change
    if isinstance(node, ast.Compare):
        node.ops[variant] = _COMPARED[type(node.ops[variant])]()
        return node
    if isinstance(node, ast.BoolOp):
        node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        return node
    if isinstance(node, ast.BinOp):
        node.op = _COMPUTED[type(node.op)]()
        return node
    if isinstance(node, ast.UnaryOp):
        return node.operand
    if isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            return ast.Constant(not node.value)
        return ast.Constant(int(str(node.value)) + 1)
    if isinstance(node, ast.Return):
        return ast.Return(ast.Constant(None))
    return ast.Break() if isinstance(node, ast.Continue) else ast.Pass()


def _meaningful(tree: ast.AST) -> Iterator[ast.AST]:
    """All but what only types and documents: annotations, decorators, texts of messages."""
    for child in ast.iter_child_nodes(tree):
        yield child
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            for part in [child.args, *child.body]:
                yield part
                yield from _meaningful(part)
        elif isinstance(child, ast.AnnAssign):
            if child.value is not None:
                yield child.value
                yield from _meaningful(child.value)
        elif isinstance(child, ast.ClassDef):
            yield from _meaningful(ast.Module(child.body, []))
        elif isinstance(child, ast.arg | ast.JoinedStr | ast.Raise):
            continue
        else:
            yield from _meaningful(child)


def _place_of(tree: ast.AST, target: ast.AST) -> tuple[ast.AST, str, int | None]:
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is target:
                return parent, name, None
            if isinstance(value, list):
                for index, item in enumerate(value):
                    if item is target:
                        return parent, name, index
    raise ValueError("the node is not in this tree")


def _one_line(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 90 else f"{text[:87]}..."


class Bench:
    """A copy of the tree where mutants are tried."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self.folder = folder
        self._seconds = seconds

    def notices(self, mutant: Made | None, tests: Sequence[str]) -> bool:
        """Whether a test fails, or nothing comes to an end, with the mutant in place (None: as it is)."""
        file = self.folder / mutant.file if mutant else None
        kept = file.read_text() if file else ""
        if file and mutant:
            file.write_text(mutant.source)
        try:
            return self._run(tests, self._seconds if mutant else 10 * self._seconds) != 0
        finally:
            if file:
                file.write_text(kept)

    def _run(self, tests: Sequence[str], seconds: float) -> int:
        child = os.fork()
        if child == 0:
            self._be_the_child(tests)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return 1

    def _be_the_child(self, tests: Sequence[str]) -> None:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        code = 1
        try:
            code = int(pytest.main(["-x", "-q", "--assert=plain", "-p", "no:xdist", *in_order(self.folder, tests)]))
        finally:
            os._exit(code)


def tests_for(file: str) -> Sequence[str]:
    room = "/".join(file.split("/")[:2])
    return TESTS.get(room, (f"tests/unit/{Path(room).name}",))


def in_order(folder: Path, tests: Sequence[str]) -> list[str]:
    """Test files, the quick ones that name a case before those that search for one."""
    found = [file for name in tests for file in sorted((folder / name).rglob("test_*.py"))]
    return [str(file) for file in sorted(found, key=lambda file: "propert" in file.name or "oracle" in file.name)]


def files_of(names: Sequence[str], folder: Path) -> list[Path]:
    found: list[Path] = []
    for name in names:
        path = folder / name
        found += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return [file for file in found if file.name not in {"__init__.py", "settings.py"}]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(DEFAULT), help="folders or files below the root")
    parser.add_argument("--seed", type=int, default=None, help="of the sample; printed")
    parser.add_argument("--minutes", type=float, default=10.0, help="no new mutant is tried after this long")
    parser.add_argument("--each", type=int, default=0, help="at most so many mutants a file (0: all)")
    parser.add_argument("--seconds", type=float, default=20.0, help="a mutant that runs longer is noticed")
    parser.add_argument("--at-least", type=float, default=0.0, help="least share in per cent that must be noticed")
    asked = parser.parse_args(arguments)
    seed = random.SystemRandom().randrange(10**6) if asked.seed is None else asked.seed
    chance = random.Random(seed)  # noqa: S311 - a sample, no secret
    with tempfile.TemporaryDirectory(prefix="mm-mutants-") as made:
        folder = Path(made) / "tree"
        shutil.copytree(ROOT, folder, ignore=_LEFT_OUT)
        queue: list[Mutant] = []
        for file in files_of(asked.names, folder):
            found = mutants_of(file, folder)
            queue += chance.sample(found, min(asked.each or len(found), len(found)))
        chance.shuffle(queue)
        print(f"seed {seed}: {len(queue)} mutants in {len({mutant.file for mutant in queue})} files")  # noqa: T201
        return _try_all(Bench(folder, asked.seconds), queue, asked)


def _try_all(bench: Bench, queue: Sequence[Mutant], asked: argparse.Namespace) -> int:
    _load_what_tests_need(bench.folder)
    for tests in sorted({tuple(tests_for(mutant.file)) for mutant in queue}):
        if bench.notices(None, tests):
            print(f"the unit tests fail as they are: {' '.join(tests)}", file=sys.stderr)  # noqa: T201
            return 2
    end = time.monotonic() + asked.minutes * 60
    tried: dict[str, list[int]] = {}
    for mutant in queue:
        if time.monotonic() > end:
            break
        score = tried.setdefault(mutant.file, [0, 0])
        score[1] += 1
        made = mutant.made(bench.folder)
        if bench.notices(made, tests_for(mutant.file)):
            score[0] += 1
        else:
            print(f"survived {made.file}:{made.line}  {made.change}", flush=True)  # noqa: T201
    _report(tried)
    noticed, total = (sum(score[index] for score in tried.values()) for index in (0, 1))
    share = 100 * noticed / total if total else 0.0
    print(f"{noticed} of {total} mutants noticed ({share:.0f} %), {len(queue) - total} not tried")  # noqa: T201
    return int(share < asked.at_least)


def _report(tried: dict[str, list[int]]) -> None:
    print()  # noqa: T201
    for file, (noticed, total) in sorted(tried.items()):
        print(f"{noticed:5} of {total:4}  {100 * noticed / total:4.0f} %  {file}")  # noqa: T201


def _load_what_tests_need(folder: Path) -> None:
    """Libraries only: what is mutated must be loaded by each child anew."""
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    for name in ("hypothesis.strategies", "orjson", "pydantic", "pytest", "sqlalchemy"):
        import_module(name)
    for name in [name for name in sys.modules if name == "mm" or name.startswith(("mm.", "tests."))]:
        del sys.modules[name]


if __name__ == "__main__":
    raise SystemExit(main())
