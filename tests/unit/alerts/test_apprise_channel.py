"""One Apprise URL as a channel, over real HTTP (json:// posts to any address)."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from mm.alerts.apprise_channel import AppriseChannel
from mm.alerts.channel import Message
from mm.domain.alert import Severity
from mm.domain.errors import ConfigurationError
from tests.fakes.receivers import Webhook, webhook_server

MESSAGE = Message("[mm ERROR] sim: halted", "lost 6 USDC <b>\n", Severity.ERROR)


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook_server() as hook:
        yield hook


def channel(url: str) -> AppriseChannel:
    return AppriseChannel(SecretStr(url), 2, Severity.WARNING)


def test_a_message_arrives(hook: Webhook) -> None:
    sent = channel(f"json://127.0.0.1:{hook.port}/canary-token").send(MESSAGE)
    assert sent.ok, sent.detail
    assert hook.bodies[0]["title"] == MESSAGE.subject
    assert hook.bodies[0]["message"].strip() == MESSAGE.body.strip()
    assert hook.bodies[0]["type"] == "failure"


def test_a_refusal_is_a_failure(hook: Webhook) -> None:
    hook.status = 500
    sent = channel(f"json://127.0.0.1:{hook.port}/canary-token").send(MESSAGE)
    assert not sent.ok
    assert "500" in sent.detail


def test_it_is_named_by_its_place_and_service_and_hides_its_url() -> None:
    made = channel("tgram://canary-token/chat")
    assert made.name == "apprise-2-tgram"
    assert "canary" not in repr(made)


def test_an_url_that_apprise_does_not_know_is_a_failure() -> None:
    sent = channel("nosuchservice://canary-token").send(MESSAGE)
    assert not sent.ok
    assert "canary" not in sent.detail


@pytest.mark.parametrize(("url", "why"), [("canary-token", "is no URL"), ("dingtalk://canary-token", "is DingTalk")])
def test_what_cannot_be_trusted_is_refused_without_being_shown(url: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why) as refused:
        channel(url)
    assert "canary" not in str(refused.value)
