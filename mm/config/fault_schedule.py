"""Reads a schedule of faults for the local venue: a section `faults` with one section a fault, by any name.

faults:
  lost orders:
    kind: request-lost
    in: 10s
    for: 1m
    share: 0.5
    target: order.place
"""

from pathlib import Path

from mm.config.yaml_loader import EmptySection, Leaf, ListValue, read_yaml
from mm.domain.errors import ConfigurationError
from mm.exchange.venue.faults.written import WrittenFault, read_all

_SHOWN = 20


def read_schedule(path: Path) -> dict[str, WrittenFault]:
    """The faults by their names. Raises ConfigurationError that names every problem with its place and key."""
    document = read_yaml(path)
    problems = list(document.problems)
    words: dict[str, dict[str, str]] = {}
    places: dict[str, str] = {}
    for keys, leaf in document.leaves.items():
        problem = _misplaced(keys, leaf)
        if problem:
            problems.append(f"{leaf.place}: {'.'.join(keys)[:120]}: {problem}")
            continue
        words.setdefault(keys[0], {})[keys[1]] = leaf.text
        places.setdefault(keys[0], leaf.place)
    found, wrong = read_all(words)
    for each in wrong:
        name = next(name for name in words if each.startswith(f"{name}."))
        problems.append(f"{places[name]}: {each}")
    if not problems and not found:
        problems.append(f"{path}: holds no fault")
    if problems:
        shown = problems[:_SHOWN] + ([f"… and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else [])
        raise ConfigurationError("\n".join(shown), "mm sim faults kinds lists what there is")
    return found


def _misplaced(keys: tuple[str, ...], leaf: Leaf) -> str:
    if len(keys) != 2:
        return "a fault is written as a section of its own, with kind, in, for, share, target and value"
    if isinstance(leaf.value, ListValue | EmptySection):
        return "must be one value"
    return "is empty" if leaf.value is None and not leaf.text else ""
