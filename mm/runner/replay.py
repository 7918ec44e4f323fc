"""Plays a journal again: the same events must give the same actions."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mm.domain.actions import Action
from mm.domain.errors import LedgerError
from mm.domain.events import Event
from mm.engine.engine import Engine
from mm.engine.setup import EngineSetup
from mm.journal.reader import JournalReader


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where the engine decided otherwise. `number` counts events from 1."""

    number: int
    event: Event
    recorded: tuple[Action, ...]
    replayed: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """`complete`: the journal was closed by its run (False: the run was killed, all that was written was played)."""

    run_id: str
    code_hash: str
    events: int
    actions: int
    complete: bool
    difference: Difference | None


def replay_journal(path: Path) -> ReplayResult:
    """Stops at the first difference. Raises LedgerError when the file is no journal or damaged."""
    reader = JournalReader(path)
    engine = Engine(EngineSetup.from_json(reader.header["setup"]))
    events = actions = 0
    difference = None
    for event, recorded in reader:
        events += 1
        replayed = tuple(engine.process(event))
        actions += len(replayed)
        if replayed != recorded:
            difference = Difference(events, event, recorded, replayed)
            break
    with suppress(LedgerError):
        for _ in reader:
            pass  # only its end tells whether the journal is complete
    return ReplayResult(
        run_id=str(reader.header["run_id"]),
        code_hash=str(reader.header["code_hash"]),
        events=events,
        actions=actions,
        complete=reader.complete,
        difference=difference,
    )
