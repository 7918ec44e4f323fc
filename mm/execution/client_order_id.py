"""Client order ids of the bot: `mm-<tag>-<number in base 36>`.

The tag belongs to one ledger, so two bots on one account never take each other's orders for their own. Binance
allows `^[a-zA-Z0-9-_]{1,36}$`; an id is used for one intent and never again (Binance itself checks ids among open
orders only).
"""

import re

TAG_LENGTH = 6
_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_TAG = re.compile(r"[a-z0-9]{6}")
_ID = re.compile(r"mm-([a-z0-9]{6})-(0|[1-9a-z][0-9a-z]{0,25})")  # 26 digits are what 36 characters leave


def prefix(tag: str) -> str:
    """What every id of this ledger begins with. Raises ValueError for a tag that is not six of a-z and 0-9."""
    if not _TAG.fullmatch(tag):
        raise ValueError(f"tag {tag!r} is not {TAG_LENGTH} lower-case letters or digits")
    return f"mm-{tag}-"


def client_id(tag: str, seq: int) -> str:
    """The id number `seq` of the ledger `tag`. Raises ValueError for a negative or far too large number."""
    if seq < 0:
        raise ValueError(f"a client order id needs a number from 0, not {seq}")
    digits = ""
    rest = seq
    while rest or not digits:
        rest, digit = divmod(rest, 36)
        digits = _ALPHABET[digit] + digits
    made = prefix(tag) + digits
    if len(made) > 36:
        raise ValueError(f"number {seq} does not fit a client order id of 36 characters")
    return made


def sequence(client_id: str) -> int:
    """The number in an id that `client_id` made. Raises ValueError for any other text."""
    found = _ID.fullmatch(client_id)
    if found is None:
        raise ValueError(f"{client_id!r} is no client order id of this program")
    return int(found[2], 36)


def is_own(client_id: str, tag: str) -> bool:
    """True when the ledger `tag` made this id: the prefix alone could stand before anything."""
    found = _ID.fullmatch(client_id)
    return found is not None and found[1] == tag
