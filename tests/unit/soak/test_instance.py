"""What an instance has read, as the oracle counts it."""

from pathlib import Path

from mm.home import Home
from mm.soak.instance import Instance


def test_a_slow_reading_from_before_the_gap_does_not_undo_the_one_after_it(tmp_path: Path) -> None:
    home = Home(tmp_path).environment("sim")
    home.make()
    home.armed.touch()
    instance = Instance(home, 1, lambda: 1_000, lambda: 0)
    instance.book(1_000)
    before = instance.turn()
    instance.stream("account", is_up=True)
    for what in ("open_orders", "trades", "account"):
        instance.has_read(what, before)
    assert "were not read" in instance.may_not_send(1_000)
    for what in ("open_orders", "trades", "account"):
        instance.has_read(what, instance.turn())
    assert instance.may_not_send(1_000) == ""
    instance.has_read("open_orders", before)  # a query of one order, begun before the gap
    assert instance.may_not_send(1_000) == ""
