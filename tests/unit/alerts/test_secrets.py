"""Secrets of channels: where they come from, that they are hidden, that half of them is refused."""

from pathlib import Path

import pytest

from mm.alerts.secrets import AlertSecrets, load_alert_secrets
from mm.domain.errors import CredentialsMissing
from mm.home import Home
from mm.redaction import redact

pytestmark = pytest.mark.usefixtures("no_secrets_registered")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def write(home: Home, text: str, mode: int = 0o600) -> None:
    home.dotenv.write_text(text)
    home.dotenv.chmod(mode)


def test_nothing_set_is_nothing(home: Home) -> None:
    assert load_alert_secrets(home, {}) == AlertSecrets()


def test_environment_before_dotenv_and_files_beside_both(home: Home) -> None:
    write(home, "MM_ALERTS_SMTP_USER=mm\nMM_ALERTS_SMTP_PASSWORD_FILE=mail.key\nMM_ALERTS_APPRISE_URLS=a://b c://d\n")
    (home.path / "mail.key").write_text("canary-password\n")
    (home.path / "mail.key").chmod(0o600)
    found = load_alert_secrets(home, {"MM_ALERTS_SMTP_USER": "other"})
    assert found.smtp_user == "other"
    assert found.smtp_password is not None
    assert found.smtp_password.get_secret_value() == "canary-password"
    assert [url.get_secret_value() for url in found.apprise_urls] == ["a://b", "c://d"]


def test_they_are_hidden_whole_and_in_parts(home: Home) -> None:
    found = load_alert_secrets(
        home,
        {
            "MM_ALERTS_SMTP_USER": "mm",
            "MM_ALERTS_SMTP_PASSWORD": "canary-password",
            "MM_ALERTS_DINGTALK_WEBHOOK": "https://oapi.dingtalk.com/robot/send?access_token=canarytoken0123456789",
            "MM_ALERTS_DINGTALK_SECRET": "SECcanary",
            "MM_ALERTS_APPRISE_URLS": "tgram://123456:canaryBotToken/chat42 slack://canaryTokenA1/canaryTokenB2",
        },
    )
    for text in (
        "535 canary-password refused",
        "POST https://oapi.dingtalk.com/robot/send?access_token=canarytoken0123456789 failed",
        "/robot/send?access_token=canarytoken0123456789&timestamp=1",
        "bad token canarytoken0123456789",
        "SECcanary",
        "https://api.telegram.org/bot123456:canaryBotToken/sendMessage",
        "canaryTokenA1 and canaryTokenB2",
    ):
        assert "canary" not in redact(text), text
    assert "canary" not in repr(found)


@pytest.mark.parametrize(
    ("values", "missing"),
    [
        ({"MM_ALERTS_SMTP_USER": "mm"}, "MM_ALERTS_SMTP_PASSWORD"),
        ({"MM_ALERTS_SMTP_PASSWORD": "canary-password"}, "MM_ALERTS_SMTP_USER"),
        ({"MM_ALERTS_DINGTALK_SECRET": "SECcanary"}, "MM_ALERTS_DINGTALK_WEBHOOK"),
    ],
)
def test_half_of_them_is_refused(home: Home, values: dict[str, str], missing: str) -> None:
    with pytest.raises(CredentialsMissing, match=missing) as refused:
        load_alert_secrets(home, values)
    assert "canary" not in str(refused.value)


def test_a_file_that_others_can_read_is_refused(home: Home) -> None:
    write(home, "MM_ALERTS_SMTP_USER=mm\n", 0o644)
    with pytest.raises(CredentialsMissing, match="can be read by others"):
        load_alert_secrets(home, {})
