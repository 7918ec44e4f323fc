"""Accounts and API keys as their owner manages them: opened, funded, given keys; keys revoked and restored."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from mm.exchange.venue.venue import Venue
from mm.exchange.venue.views import AccountState
from mm.exchange.venue_server.admin import Asked, Requests, amount_of
from mm.exchange.venue_server.api_key import ApiKey, Permissions, random_name
from mm.exchange.venue_server.keyring import Keyring
from mm.exchange.venue_server.verifiers import check_public_key

_LABEL_MOST = 60
_SHORTEST_PREFIX = 4


class AccountOffice:
    """`own` is the holder of the bot's account, the one meant where none is named.

    Every method takes what a request says and raises ValueError with what is wrong with it.
    """

    def __init__(self, venue: Venue, keyring: Keyring, own: str) -> None:
        self._venue = venue
        self._keyring = keyring
        self._own = own

    def requests(self) -> Requests:
        return {
            ("GET", "/mm/accounts"): self.accounts,
            ("POST", "/mm/accounts"): self.open_account,
            ("POST", "/mm/deposit"): self.deposit,
            ("POST", "/mm/withdraw"): self.withdraw,
            ("GET", "/mm/keys"): self.keys,
            ("POST", "/mm/keys"): self.add_key,
            ("POST", "/mm/keys/revoke"): self.revoke,
            ("POST", "/mm/keys/restore"): self.restore,
        }

    # --- accounts --------------------------------------------------------------------------

    def accounts(self, _asked: Asked) -> list[dict[str, Any]]:
        """Open accounts, oldest first."""
        return [self._account_json(each) for each in self._venue.accounts() if each.closed_ms is None]

    def open_account(self, asked: Asked) -> dict[str, Any]:
        """`deposits`: ASSET=AMOUNT, with commas between. With a first HMAC key, whose secret is told here only."""
        deposits = _deposits(asked.get("deposits", ""))
        own = self._venue.account_by_key(self._own)
        if own is None:
            raise ValueError("the venue has no account yet; start it first")
        unlisted = deposits.keys() - {each.asset for each in own.balances}
        if unlisted:
            raise ValueError(f"the venue does not list {', '.join(sorted(unlisted))}")
        label = _label(asked)
        opened = self._venue.open_account(deposits, own.maker_fee, own.taker_fee, random_name())
        secret = random_name()
        key = self._add(opened, "HMAC", secret, Permissions(), label)
        return {**self._account_json(opened), "key": self._key_json(key), "secret": secret}

    def deposit(self, asked: Asked) -> dict[str, Any]:
        return self._move(asked, amount_of(asked, "amount"))

    def withdraw(self, asked: Asked) -> dict[str, Any]:
        return self._move(asked, -amount_of(asked, "amount"))

    def _move(self, asked: Asked, amount: Decimal) -> dict[str, Any]:
        return self._account_json(self._venue.deposit(self._account(asked).uid, asked.get("asset", ""), amount))

    # --- keys ------------------------------------------------------------------------------

    def keys(self, _asked: Asked) -> list[dict[str, Any]]:
        """All keys, revoked ones too; never their secrets."""
        return [self._key_json(key) for key in self._keyring.all()]

    def add_key(self, asked: Asked) -> dict[str, Any]:
        """A key with the `public_key` given (PEM), else an HMAC key whose secret is told here only."""
        account, permissions, label = self._account(asked), _permissions(asked), _label(asked)
        public_key = asked.get("public_key")
        if public_key is not None:
            key = self._add(account, check_public_key(public_key), public_key, permissions, label)
            return {**self._key_json(key), "secret": None}
        secret = random_name()
        return {**self._key_json(self._add(account, "HMAC", secret, permissions, label)), "secret": secret}

    def revoke(self, asked: Asked) -> dict[str, Any]:
        return self._key_json(self._keyring.revoke(self._key(asked).api_key))

    def restore(self, asked: Asked) -> dict[str, Any]:
        return self._key_json(self._keyring.restore(self._key(asked).api_key))

    def _add(self, account: AccountState, kind: Any, material: str, may: Permissions, label: str) -> ApiKey:
        now_ms = self._venue.now_ms()
        key = ApiKey(random_name(), kind, material, account.api_key, may, label, now_ms)
        self._keyring.add(key)
        return key

    def _account(self, asked: Asked) -> AccountState:
        """The open account of this uid; the bot's own without one."""
        named = asked.get("account")
        if named is None:
            own = self._venue.account_by_key(self._own)
            if own is None:
                raise ValueError("the venue has no account yet; start it first")
            return own
        for account in self._venue.accounts():
            if str(account.uid) == named and account.closed_ms is None:
                return account
        raise ValueError(f"no open account {named}")

    def _key(self, asked: Asked) -> ApiKey:
        """The key of this name, of this beginning of a name (4 letters or more), or of this label."""
        named = asked.get("key", "")
        found = [
            key
            for key in self._keyring.all()
            if named and (key.label == named or (len(named) >= _SHORTEST_PREFIX and key.api_key.startswith(named)))
        ]
        if len(found) != 1:
            raise ValueError(f"{'several keys' if found else 'no key'} {named!r}")
        return found[0]

    # --- as shown --------------------------------------------------------------------------

    def _account_json(self, account: AccountState) -> dict[str, Any]:
        return {
            "uid": str(account.uid),
            "own": account.api_key == self._own,
            "opened_ms": account.created_ms,
            "open_orders": len(self._venue.open_orders(account.uid)),
            "keys": sum(key.holder == account.api_key and key.enabled for key in self._keyring.all()),
            "balances": [
                {"asset": each.asset, "free": f"{each.free:f}", "locked": f"{each.locked:f}"}
                for each in account.balances
                if each.free or each.locked
            ],
        }

    def _key_json(self, key: ApiKey) -> dict[str, Any]:
        account = self._venue.account_by_key(key.holder)
        return {
            "api_key": key.api_key,
            "type": key.type,
            "account_uid": None if account is None else str(account.uid),
            "label": key.label,
            "reading": key.permissions.reading,
            "trading": key.permissions.trading,
            "withdrawals": key.permissions.withdrawals,
            "addresses": list(key.permissions.addresses),
            "enabled": key.enabled,
            "created_ms": key.created_ms,
        }


def _deposits(text: str) -> Mapping[str, Decimal]:
    found: dict[str, Decimal] = {}
    for each in text.split(",") if text else ():
        asset, _, amount = each.partition("=")
        try:
            found[asset] = Decimal(amount)
        except InvalidOperation:
            raise ValueError(f"{each!r} is no deposit; write ASSET=AMOUNT") from None
        if not found[asset].is_finite() or found[asset] <= 0:
            raise ValueError(f"{each!r}: an amount must be above zero")
    return found


def _permissions(asked: Asked) -> Permissions:
    addresses = tuple(each for each in asked.get("addresses", "").split(",") if each)
    return Permissions(
        reading=True,
        trading=asked.get("trading", "true") == "true",
        withdrawals=asked.get("withdrawals", "false") == "true",
        addresses=addresses,
    )


def _label(asked: Asked) -> str:
    label = asked.get("label", "")
    if len(label) > _LABEL_MOST or not label.isprintable():
        raise ValueError(f"a label has at most {_LABEL_MOST} printable characters")
    return label
