"""WebSocket frames of a server, made once and sent to many: unmasked, whole, not compressed (RFC 6455, 5.2)."""

from struct import pack

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
_SHORT, _LONG = 126, 1 << 16


def frame(payload: bytes, kind: int = TEXT) -> bytes:
    """`kind` is the frame's opcode."""
    size = len(payload)
    if size < _SHORT:
        return bytes((0x80 | kind, size)) + payload
    if size < _LONG:
        return pack("!BBH", 0x80 | kind, 126, size) + payload
    return pack("!BBQ", 0x80 | kind, 127, size) + payload
