"""The emergency stop, against a bot that runs and one that hangs."""

import contextlib
import os
import signal
from pathlib import Path

from tests.e2e.commands import Background, Commands, person, until

CALM = ("run", "--profile", "100usdc", "--sim", "--scenario", "ordinary")
# Quotes as far away as the profile has them, in a calm market: they are still there when the stop comes.
PROFILE = {
    "MM__STRATEGY__TICK_INTERVAL": "1s",
    "MM__EXCHANGE__RECV_WINDOW": "500ms",
    "MM__EXCHANGE__FENCE_MARGIN": "100ms",
}
FENCE = 10.6
"""Seconds: the receive window, the exchange's own 10 s, the margin."""
FIRST_CANCEL = 2.0
"""Seconds on a busy machine; the goal of one second is measured elsewhere."""


def test_running_or_hanging_it_ends_with_no_order_left(tmp_path: Path) -> None:
    """Both at a time: the fence is waited for once."""
    with person(tmp_path / "runs", PROFILE) as runs, person(tmp_path / "hangs", PROFILE) as hangs:
        bots = {each.home: each.begin(*CALM) for each in (runs, hangs)}
        for each in (runs, hangs):
            each.await_quote(bots[each.home])
        frozen = bots[hangs.home]
        until(lambda: frozen_with_a_quote(hangs, frozen), "an order of a bot that hangs")
        stops = [(each, each.begin("stop", "--emergency", "--json")) for each in (runs, hangs)]
        for each, stop in stops:
            bot = bots[each.home]
            ended = stop.ended()
            assert ended.code == 0, str(ended)
            report = ended.content
            assert (report["environment"], report["proven"], report["remaining"]) == ("sim", True, [])
            assert report["killed"] == [bot.pid]
            assert report["fence_seconds"] == FENCE
            assert report["seconds_total"] >= FENCE, "nothing is proved before the fence has passed"
            if each is hangs:
                assert report["cancelled"] >= 1
                assert report["seconds_to_first_cancel"] < FIRST_CANCEL
            assert bot.ended().code == -signal.SIGKILL
            assert each.venue.open_orders() == []
        with contextlib.suppress(ProcessLookupError):
            os.kill(frozen.pid, signal.SIGCONT)
        assert hangs.venue.open_orders() == []

        refused = runs.mm(*CALM, code=5)
        assert refused.out == ""
        assert "mm risk resume --sim --note" in refused.err
        assert "no own order is open on ETHUSDC" in refused.err, "what the stop did stays on record"
        assert runs.json("status")["stop_latch"] is True
        runs.mm("risk", "resume", code=2)
        lifted = runs.json("risk", "resume", "--note", "looked at it", "--by", "Li Wei")
        assert lifted["stop_latch_lifted"] is True
        assert [halt["cause"] for halt in lifted["lifted"]] == ["emergency_stop"]
        again = runs.begin(*CALM, "--for", "3s").ended()
        assert (again.code, again.err) == (0, "")
        runs.agree()


def frozen_with_a_quote(commands: Commands, bot: Background) -> bool:
    bot.send(signal.SIGSTOP)
    if commands.venue.quotes():
        return True
    bot.send(signal.SIGCONT)  # it was about to replace its quote
    return False
