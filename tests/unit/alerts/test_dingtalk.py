"""DingTalk's own answers and signatures, over real HTTP."""

import base64
import hashlib
import hmac
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from mm.alerts.channel import Message
from mm.alerts.dingtalk import DingTalkChannel, signature
from mm.domain.alert import Severity
from mm.domain.errors import ConfigurationError
from tests.fakes.receivers import Webhook, webhook_server

NOW_MS = 1_795_000_000_123
MESSAGE = Message("[mm ERROR] sim: halted", "lost 6 USDC\n", Severity.ERROR)


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook_server() as hook:
        yield hook


def channel(url: str, secret: str | None = None) -> DingTalkChannel:
    return DingTalkChannel(
        SecretStr(url), SecretStr(secret) if secret else None, Severity.WARNING, lambda: NOW_MS * 1_000_000
    )


def test_errcode_0_is_a_delivery(hook: Webhook) -> None:
    sent = channel(hook.url("canary-token-1")).send(MESSAGE)
    assert (sent.ok, sent.detail) == (True, "errcode 0")
    assert hook.bodies[0]["msgtype"] == "text"
    assert hook.texts == ["[mm ERROR] sim: halted\n\nlost 6 USDC\n"]
    assert "sign=" not in hook.paths[0]


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        ({"errcode": 310000, "errmsg": "keywords not in content"}, "errcode 310000: keywords not in content"),
        ({"errcode": 130101, "errmsg": "send too fast"}, "errcode 130101: send too fast"),
        ({"errcode": "0"}, "errcode 0: "),
        ({"errcode": False}, "errcode False: "),
        ({"errmsg": "ok"}, "the answer is none of DingTalk's (no errcode)"),
        ([], "the answer is none of DingTalk's (no errcode)"),
        (b"<html>ok</html>", "the answer is none of DingTalk's (no errcode)"),
        (b"", "the answer is none of DingTalk's (no errcode)"),
    ],
)
def test_http_200_alone_is_none(hook: Webhook, answer: Any, detail: str) -> None:
    hook.answer = answer
    sent = channel(hook.url("canary-token-1")).send(MESSAGE)
    assert (sent.ok, sent.detail) == (False, detail)


@pytest.mark.parametrize("status", [301, 302, 307, 400, 500, 503])
def test_other_answers_are_failures_and_nothing_is_sent_elsewhere(hook: Webhook, status: int) -> None:
    hook.status = status
    sent = channel(hook.url("canary-token-1")).send(MESSAGE)
    assert (sent.ok, sent.detail) == (False, f"HTTP {status}")
    assert len(hook.paths) == 1


def test_the_signature_is_dingtalks(hook: Webhook) -> None:
    channel(hook.url("canary-token-1"), "SECabc").send(MESSAGE)
    asked = parse_qs(urlsplit(hook.paths[0]).query)
    assert asked["access_token"] == ["canary-token-1"]
    assert asked["timestamp"] == [str(NOW_MS)]
    text = f"{NOW_MS}\nSECabc".encode()
    assert asked["sign"] == [base64.b64encode(hmac.new(b"SECabc", text, hashlib.sha256).digest()).decode()]
    assert asked["sign"] == [signature("SECabc", str(NOW_MS))]


def test_nobody_there_is_a_failure_without_the_token() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    sent = channel(f"http://127.0.0.1:{port}/robot/send?access_token=canary-token-1").send(MESSAGE)
    assert not sent.ok
    assert "refused" in sent.detail
    assert "canary" not in sent.detail


def test_a_long_message_is_cut_to_what_a_robot_takes(hook: Webhook) -> None:
    assert channel(hook.url("t")).send(Message("subject", "损" * 20_000, Severity.ERROR)).ok
    assert len(hook.texts[0].encode()) <= 15_000


@pytest.mark.parametrize("url", ["", "oapi.dingtalk.com/robot", "file:///etc/passwd?access_token=canary", "http://x/y"])
def test_what_is_no_webhook_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        channel(url)
    assert "canary" not in str(refused.value)


def test_secrets_are_not_in_the_repr() -> None:
    assert "canary" not in repr(channel("http://127.0.0.1/robot?access_token=canary", "canary"))
