"""All API keys the venue knows, live: what is added or revoked holds from the next request on."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from mm.exchange.venue_server.api_key import ApiKey, Permissions

Save = Callable[[tuple[ApiKey, ...]], None]


class Keyring:
    """`save` makes a change durable; it is called before the change holds, and what it raises refuses the change."""

    def __init__(self, keys: Iterable[ApiKey] = (), save: Save = lambda _keys: None) -> None:
        self._keys = {key.api_key: key for key in keys}
        self._save = save

    @classmethod
    def of_secrets(cls, secrets: Mapping[str, str]) -> "Keyring":
        """HMAC keys by their secrets, each the holder of its own account; may do everything but withdraw."""
        return cls(ApiKey(key, "HMAC", secret, holder=key) for key, secret in secrets.items())

    def find(self, api_key: str) -> ApiKey | None:
        return self._keys.get(api_key)

    def all(self) -> tuple[ApiKey, ...]:
        """Oldest first, revoked ones too."""
        return tuple(self._keys.values())

    def add(self, key: ApiKey) -> None:
        """Raises ValueError when there is such a key."""
        if key.api_key in self._keys:
            raise ValueError("there is such an API key already")
        self._put(key)

    def revoke(self, api_key: str) -> ApiKey:
        """Raises KeyError for an unknown key."""
        return self._put(replace(self._keys[api_key], enabled=False))

    def restore(self, api_key: str) -> ApiKey:
        """A revoked key holds again. Raises KeyError for an unknown key."""
        return self._put(replace(self._keys[api_key], enabled=True))

    def permit(self, api_key: str, permissions: Permissions) -> ApiKey:
        """Raises KeyError for an unknown key."""
        return self._put(replace(self._keys[api_key], permissions=permissions))

    def _put(self, key: ApiKey) -> ApiKey:
        changed = self._keys | {key.api_key: key}
        self._save(tuple(changed.values()))
        self._keys = changed
        return key
