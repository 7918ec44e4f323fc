"""Fresh asymmetric key pairs; the private key is for whoever trades, the venue never sees it."""

from typing import Literal

RSA_BITS = 2048


def make_key_pair(kind: Literal["RSA", "ED25519"]) -> tuple[str, str]:
    """Private key (PEM, PKCS#8, not encrypted) and public key (PEM)."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - slow to import
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - see above
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    private = Ed25519PrivateKey.generate() if kind == "ED25519" else generate_private_key(65537, RSA_BITS)
    return (
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
    )
