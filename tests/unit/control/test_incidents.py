"""One incident of a kind is open at a time; closing one takes a name and a note."""

from pathlib import Path

import pytest

from mm.control.store import ControlStore


def test_an_incident_stays_open_until_a_person_explains_it(tmp_path: Path) -> None:
    with ControlStore(tmp_path / "control.db") as store:
        assert store.incidents.open("sim", "crashes", "4 since the stage began")
        assert not store.incidents.open("sim", "crashes", "5 since the stage began")
        assert store.incidents.open("testnet", "crashes", "elsewhere")
        (standing,) = store.incidents.all("sim", only_open=True)
        assert (standing.kind, standing.detail, standing.closed_at) == ("crashes", "4 since the stage began", None)
        assert store.incidents.close(standing.id, "jo", "the disk was full")
        assert not store.incidents.close(standing.id, "jo", "again")
        assert store.incidents.all("sim", only_open=True) == []
        (closed,) = store.incidents.all("sim")
        assert (closed.closed_by, closed.note) == ("jo", "the disk was full")
        assert store.incidents.open("sim", "crashes", "4 again")


@pytest.mark.parametrize(("by", "note"), [("", "a note"), ("jo", "  ")])
def test_closing_needs_a_name_and_a_note(tmp_path: Path, by: str, note: str) -> None:
    with ControlStore(tmp_path / "control.db") as store:
        store.incidents.open("sim", "crashes", "4")
        with pytest.raises(ValueError, match="a name and a note"):
            store.incidents.close(1, by, note)
        assert store.incidents.all("sim", only_open=True)
