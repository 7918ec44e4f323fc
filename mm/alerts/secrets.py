"""What only this machine may know about channels: environment variables or MM_HOME/.env, each also as NAME_FILE.

MM_ALERTS_SMTP_USER, MM_ALERTS_SMTP_PASSWORD    log-in at the mail server (both, or neither)
MM_ALERTS_DINGTALK_WEBHOOK                      the robot's address, with its access token
MM_ALERTS_DINGTALK_SECRET                       its signing secret (SEC…), when the robot demands signatures
MM_ALERTS_APPRISE_URLS                          Apprise URLs, blanks between them
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from mm.domain.errors import CredentialsMissing
from mm.dotenv import read_dotenv, secret_value
from mm.home import Home
from mm.redaction import register_secret

_PREFIX = "MM_ALERTS_"
_SHORTEST_PART = 8
_PARTS = re.compile(r"[A-Za-z0-9_.~%+=-]+")


@dataclass(frozen=True, slots=True)
class AlertSecrets:
    smtp_user: str = ""
    smtp_password: SecretStr | None = None
    dingtalk_webhook: SecretStr | None = None
    dingtalk_secret: SecretStr | None = None
    apprise_urls: tuple[SecretStr, ...] = ()


def load_alert_secrets(home: Home, environ: Mapping[str, str]) -> AlertSecrets:
    """All of them are registered for redaction, with every part that could be a token.

    Raises CredentialsMissing: a file that others can read, half a log-in, a secret without its webhook;
    ConfigurationError when .env cannot be parsed.
    """
    dotenv = {name: entry.value for name, entry in read_dotenv(home.dotenv).items()}

    def read(name: str) -> str:
        return secret_value(home.path, f"{_PREFIX}{name}", (environ, dotenv)) or ""

    password, webhook, signing = read("SMTP_PASSWORD"), read("DINGTALK_WEBHOOK"), read("DINGTALK_SECRET")
    urls = tuple(read("APPRISE_URLS").split())
    user = read("SMTP_USER")
    for value in (password, signing):
        register_secret(value)
    for url in (webhook, *urls):
        _register_url(url)
    if bool(user) != bool(password):
        missing = "MM_ALERTS_SMTP_PASSWORD" if user else "MM_ALERTS_SMTP_USER"
        raise CredentialsMissing(f"{missing} is not set", f"put it into {home.dotenv}, or remove the other one")
    if signing and not webhook:
        raise CredentialsMissing(
            "MM_ALERTS_DINGTALK_SECRET is set, MM_ALERTS_DINGTALK_WEBHOOK is not", f"put it into {home.dotenv}"
        )
    return AlertSecrets(user, _secret(password), _secret(webhook), _secret(signing), tuple(map(SecretStr, urls)))


def _secret(value: str) -> SecretStr | None:
    return SecretStr(value) if value else None


def _register_url(url: str) -> None:
    """A library may print a part of it only: the path alone, the token alone."""
    register_secret(url)
    _, _, rest = url.partition("://")
    register_secret(rest)
    host, _, path = rest.partition("/")
    credentials = host.rpartition("@")[0]
    # Many Apprise URLs carry a token where a host stands (tgram://token/chat); a name with dots is a host.
    place = host.rpartition("@")[2]
    for part in _PARTS.findall(f"{credentials} {'' if '.' in place else place} {path}"):
        for piece in (part, part.partition("=")[2]):
            if len(piece) >= _SHORTEST_PART:
                register_secret(piece)
