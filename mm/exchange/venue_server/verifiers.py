"""Whether a signature is a key's: HMAC-SHA256 in hex, RSA (PKCS#1 v1.5, SHA-256) and Ed25519 in base64.

Source: Binance Spot API documentation, "SIGNED Endpoint security" and "API Key Types".
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from typing import TYPE_CHECKING

from mm.exchange.venue_server.api_key import KeyType

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

Verifier = Callable[[bytes, str], bool]
"""`(payload, signature)`: is it the key's signature over the payload?"""
RSA_BITS = (2048, 4096)


def verifier(kind: KeyType, material: str) -> Verifier:
    """Raises ValueError when the material is no public key of this type."""
    if kind == "HMAC":
        return _hmac(material)
    return _ed25519(_public_key(kind, material)) if kind == "ED25519" else _rsa(_public_key(kind, material))


def check_public_key(material: str) -> KeyType:
    """The type of a public key in PEM. Raises ValueError: neither Ed25519 nor RSA of 2048 or 4096 bits."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - only for keys that are not HMAC
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415 - see above

    try:
        key = load_pem_public_key(material.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("no public key in PEM (it begins with -----BEGIN PUBLIC KEY-----)") from None
    if isinstance(key, Ed25519PublicKey):
        return "ED25519"
    if isinstance(key, RSAPublicKey) and key.key_size in RSA_BITS:
        return "RSA"
    raise ValueError("the public key is neither Ed25519 nor RSA of 2048 or 4096 bits")


def _public_key(kind: KeyType, material: str) -> "RSAPublicKey | Ed25519PublicKey":
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415 - see above

    if check_public_key(material) != kind:
        raise ValueError(f"the public key is not of type {kind}")
    return load_pem_public_key(material.encode())  # type: ignore[return-value]  # its type was checked above


def _hmac(secret: str) -> Verifier:
    mac = hmac.new(secret.encode(), digestmod=hashlib.sha256)

    def verify(payload: bytes, signature: str) -> bool:
        computed = mac.copy()
        computed.update(payload)
        return hmac.compare_digest(computed.hexdigest().encode(), signature.lower().encode())

    return verify


def _rsa(key: "RSAPublicKey | Ed25519PublicKey") -> Verifier:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - see above

    def verify(payload: bytes, signature: str) -> bool:
        try:
            key.verify(_decoded(signature), payload, PKCS1v15(), SHA256())  # type: ignore[call-arg]  # an RSA key
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True

    return verify


def _ed25519(key: "RSAPublicKey | Ed25519PublicKey") -> Verifier:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - see above

    def verify(payload: bytes, signature: str) -> bool:
        try:
            key.verify(_decoded(signature), payload)  # type: ignore[call-arg]  # an Ed25519 key
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True

    return verify


def _decoded(signature: str) -> bytes:
    return base64.b64decode(signature.encode(), validate=True)
