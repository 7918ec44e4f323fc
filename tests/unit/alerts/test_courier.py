"""Delivery, second channels, retries, reminders and the halt when nobody can be told."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from mm.alerts.courier import PACE_NS
from mm.alerts.sending import DEADLINE
from mm.domain.alert import Severity
from tests.fakes.channels import Desk, FakeChannel

Opened = Callable[..., Desk]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Opened]:
    made: list[Desk] = []

    def opened(*channels: FakeChannel, running: tuple[str, ...] = ()) -> Desk:
        made.append(Desk(tmp_path, *channels, running=running))
        return made[-1]

    yield opened
    for each in made:
        each.courier.close()


def test_an_alert_goes_to_every_channel_whose_minimum_it_reaches(desk: Opened) -> None:
    mail, robot = FakeChannel("mail"), FakeChannel("robot", minimum=Severity.ERROR)
    here = desk(mail, robot)
    small = here.add("order_unknown", Severity.WARNING)
    here.step()
    assert (len(mail.messages), len(robot.messages)) == (1, 0)
    here.pass_time(5)
    grave = here.add("daily_loss", Severity.ERROR)
    here.step()
    assert (len(mail.messages), len(robot.messages)) == (2, 1)
    assert here.kept(small.id).next_try is None
    assert here.kept(grave.id).delivered_at == here.now
    assert [(each.channel, each.ok) for each in here.store.outbox.deliveries(grave.id)] == [
        ("mail", True),
        ("robot", True),
    ]


def test_below_every_minimum_an_alert_is_kept_and_not_sent(desk: Opened) -> None:
    mail = FakeChannel("mail")
    here = desk(mail)
    kept = here.add("run_started", Severity.INFO)
    here.pass_time(30)
    assert mail.tried == 0
    assert not here.kept(kept.id).is_open


def test_when_the_first_channel_is_down_the_second_takes_it_though_above_its_minimum(desk: Opened) -> None:
    mail, robot = FakeChannel("mail", is_up=False), FakeChannel("robot", minimum=Severity.CRITICAL)
    here = desk(mail, robot)
    alert = here.add("order_unknown", Severity.WARNING)
    here.step()
    assert len(robot.messages) == 1
    assert here.kept(alert.id).delivered_at is not None
    assert {(each.channel, each.ok) for each in here.store.outbox.deliveries(alert.id)} == {
        ("mail", False),
        ("robot", True),
    }
    assert here.store.outbox.outage() is None


def test_retries_come_at_growing_pauses_and_never_end(desk: Opened) -> None:
    mail = FakeChannel("mail", is_up=False)
    here = desk(mail)
    alert = here.add()
    moments: list[float] = []
    mail.on_send = lambda: moments.append((here.now - alert.at).total_seconds())
    here.step()
    here.pass_time(1000)
    pauses = [late - early for early, late in pairwise(moments)]
    assert pauses[:6] == [10, 20, 40, 80, 160, 300]
    here.pass_time(4000, every=10)
    failures = here.store.outbox.deliveries(alert.id)
    assert [(each.channel, each.ok) for each in failures] == [("mail", False)]
    assert 18 <= failures[0].times <= 22
    mail.is_up = True
    here.pass_time(301)
    assert here.kept(alert.id).delivered_at is not None


def test_grave_alerts_are_sent_again_to_all_channels_until_they_are_acknowledged(desk: Opened) -> None:
    mail, robot = FakeChannel("mail"), FakeChannel("robot", minimum=Severity.CRITICAL)
    here = desk(mail, robot)
    alert = here.add("daily_loss", Severity.ERROR)
    here.step()
    assert (len(mail.messages), len(robot.messages)) == (1, 0)
    here.pass_time(3 * 900 + 10, every=5)
    assert (len(mail.messages), len(robot.messages)) == (4, 3)
    here.store.outbox.ack([alert.id], "Wu", "looking")
    here.pass_time(3600, every=5)
    assert (len(mail.messages), len(robot.messages)) == (4, 3)
    assert not here.kept(alert.id).is_open


def test_one_reminder_names_everything_that_nobody_acknowledged(desk: Opened) -> None:
    mail = FakeChannel("mail")
    here = desk(mail)
    for code in ("daily_loss", "authentication", "ledger"):
        here.add(code)
        here.pass_time(200, every=4)
    sent = len(mail.messages)
    assert sent == 3
    here.pass_time(900, every=4)
    assert len(mail.messages) == sent + 1
    assert all(code in mail.messages[-1].body for code in ("daily_loss", "authentication", "ledger"))


def test_warnings_are_sent_once(desk: Opened) -> None:
    mail = FakeChannel("mail")
    here = desk(mail)
    here.add("breaker_open", Severity.WARNING)
    here.step()
    here.pass_time(3600, every=10)
    assert len(mail.messages) == 1


def test_what_is_due_together_is_one_message_and_messages_keep_their_pace(desk: Opened) -> None:
    mail = FakeChannel("mail")
    here = desk(mail)
    for number in range(30):
        here.add(f"code_{number}", Severity.WARNING)
    here.step()
    assert len(mail.messages) == 1
    assert all(f"code_{number}" in mail.messages[0].body for number in range(30))
    here.add("later", Severity.WARNING)
    here.step()
    assert len(mail.messages) == 1
    here.pass_time(PACE_NS / 1e9 + 0.1, every=0.5)
    assert len(mail.messages) == 2


def test_a_channel_that_hangs_delays_neither_others_nor_later_alerts(desk: Opened) -> None:
    slow, robot = FakeChannel("slow", hold=threading.Event()), FakeChannel("robot")
    here = desk(slow, robot)
    here.add("daily_loss")
    here.step()
    assert len(robot.messages) == 1
    here.pass_time(4)
    here.add("ledger")
    here.step()
    assert len(robot.messages) == 2
    assert slow.tried == 1
    assert slow.hold is not None
    slow.hold.set()


def test_a_message_without_an_answer_fails_after_the_deadline(desk: Opened) -> None:
    slow = FakeChannel("slow", hold=threading.Event())
    here = desk(slow)
    alert = here.add()
    here.step()
    here.mono += DEADLINE + 1
    here.step()
    assert [each.detail for each in here.store.outbox.deliveries(alert.id)] == [f"no answer within {DEADLINE:.0f} s"]
    # It still hangs: that is a failure too, and counts towards the halt.
    for _ in range(4):
        here.now += timedelta(minutes=6)
        here.step()
    outage = here.store.outbox.outage()
    assert outage is not None
    assert outage.rounds >= 3
    assert [halt.cause for halt in here.store.open_halts("sim")] == ["alerts_down"]
    assert slow.hold is not None
    slow.hold.set()


def test_all_channels_down_for_longer_than_the_limit_halts_the_environment_and_every_running_bot(desk: Opened) -> None:
    mail, robot = FakeChannel("mail", is_up=False), FakeChannel("robot", is_up=False)
    here = desk(mail, robot, running=("testnet",))
    here.add()
    here.step()
    here.pass_time(895, every=5)
    assert here.store.open_halts("sim") == []
    here.pass_time(10, every=5)
    for environment in ("sim", "testnet"):
        assert [halt.cause for halt in here.store.open_halts(environment)] == ["alerts_down"]
        commands = here.store.take_commands(environment, "bot")
        assert [(command.kind, command.payload["cause"]) for command in commands] == [("halt", "alerts_down")]
    assert here.store.open_halts("mainnet") == []
    here.pass_time(600, every=5)
    assert here.store.take_commands("sim", "bot") == []


def test_one_channel_that_works_prevents_the_halt(desk: Opened) -> None:
    here = desk(FakeChannel("mail", is_up=False), FakeChannel("robot"))
    here.add()
    here.pass_time(4000, every=10)
    assert here.store.open_halts("sim") == []


def test_who_resumes_gets_the_same_time_again(desk: Opened) -> None:
    mail = FakeChannel("mail", is_up=False)
    here = desk(mail)
    here.add()
    here.step()
    here.pass_time(910, every=5)
    assert here.store.lift_halts("sim", "Li", "I watch the screen")
    here.pass_time(880, every=5)
    assert here.store.open_halts("sim") == []
    here.pass_time(30, every=5)
    assert len(here.store.open_halts("sim")) == 1


def test_an_outage_goes_on_over_a_new_courier_and_ends_with_the_first_delivery(desk: Opened) -> None:
    mail = FakeChannel("mail", is_up=False)
    here = desk(mail)
    here.add()
    here.step()
    here.pass_time(500, every=5)
    here.courier = here.new_courier()
    here.pass_time(410, every=5)
    assert len(here.store.open_halts("sim")) == 1
    mail.is_up = True
    here.pass_time(310, every=5)
    assert here.store.outbox.outage() is None
    here.pass_time(5)
    assert any("halted: alerts cannot be delivered" in message.body for message in mail.messages)


def test_a_clock_that_was_set_back_delays_no_alert(desk: Opened) -> None:
    mail = FakeChannel("mail")
    here = desk(mail)
    here.add()
    here.now -= timedelta(days=1)
    here.step()
    assert len(mail.messages) == 1


def test_a_jump_of_the_clock_makes_no_outage_of_one_failure(desk: Opened) -> None:
    here = desk(FakeChannel("mail", is_up=False))
    here.add()
    here.step()
    here.now += timedelta(hours=5)
    here.step()
    assert here.store.open_halts("sim") == []


def test_an_alert_that_is_acknowledged_while_it_is_under_way_is_not_sent_again(desk: Opened) -> None:
    mail = FakeChannel("mail", is_up=False)
    here = desk(mail)
    alert = here.add()
    mail.on_send = lambda: None if mail.tried > 1 else _ack(here, alert.id)
    here.step()
    here.pass_time(2000, every=10)
    assert mail.tried == 1


def _ack(here: Desk, number: int) -> None:
    here.store.outbox.ack([number], "Li", "seen on the screen")


def test_a_courier_that_died_before_it_recorded_sends_again(desk: Opened) -> None:
    mail = FakeChannel("mail")
    here = desk(mail)
    alert = here.add()
    refused = here.store.outbox.delivered

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    here.store.outbox.delivered = killed  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        here.step()
    here.store.outbox.delivered = refused  # type: ignore[method-assign]
    assert here.kept(alert.id).delivered_at is None
    here.courier = here.new_courier()
    here.step()
    assert len(mail.messages) == 2
    assert here.kept(alert.id).delivered_at is not None


def test_finish_delivers_what_is_new_and_does_not_wait_for_what_fails(desk: Opened) -> None:
    mail = FakeChannel("mail")
    here = desk(mail)
    here.add("run_ended_unclean", Severity.WARNING)
    assert here.courier.finish(5)
    assert len(mail.messages) == 1
    mail.is_up = False
    here.now += timedelta(seconds=10)
    here.add("crashed", Severity.CRITICAL)
    assert here.courier.finish(5)
    assert mail.tried == 2


def test_a_channel_that_raises_has_failed(desk: Opened) -> None:
    def broken() -> None:
        raise RuntimeError("canary in an exception")

    mail, robot = FakeChannel("mail", on_send=broken), FakeChannel("robot")
    here = desk(mail, robot)
    alert = here.add()
    here.step()
    assert [each.detail for each in here.store.outbox.deliveries(alert.id) if not each.ok] == ["RuntimeError"]
    assert len(robot.messages) == 1
