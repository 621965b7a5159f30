"""The signature by which anybody can tell later that a package came from us as it is (Ed25519, RFC 8032)."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings


def _key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(settings.PACKAGE_KEY))


def sign(content: bytes) -> bytes:
    """Return the 64 bytes of the signature."""
    return _key().sign(content)


def public_key() -> str:
    """Return the key with which it is verified, as PEM."""
    encoded = _key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return encoded.decode()
