"""The primitives of sealing, all of them of the `cryptography` package (CR-08).

Two ciphers, each known by the byte that opens a sealed value: SM4-GCM (GB/T 32907) and
AES-256-GCM. The hash below both is SM3 (GB/T 32905).
"""

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SM4: Final = 1
AES256: Final = 2
VERSIONS: Final = {"sm4": SM4, "aes256": AES256}
KEY_BYTES: Final = {SM4: 16, AES256: 32}
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16

_BLOCK_CIPHERS = {SM4: algorithms.SM4, AES256: algorithms.AES}


class OpeningError(Exception):
    """The tag does not fit: the value, its key or what it is bound to was changed."""


def encrypt(
    version: int, key: bytes, nonce: bytes, plain: bytes, associated: bytes
) -> bytes:
    """Return body and tag. A nonce serves once under a key."""
    cipher = Cipher(_BLOCK_CIPHERS[version](key), modes.GCM(nonce)).encryptor()
    cipher.authenticate_additional_data(associated)
    return cipher.update(plain) + cipher.finalize() + cipher.tag


def decrypt(
    version: int, key: bytes, nonce: bytes, body_and_tag: bytes, associated: bytes
) -> bytes:
    """Return the plain bytes. Raises OpeningError, and gives no byte, unless all fits."""
    body, tag = body_and_tag[:-TAG_BYTES], body_and_tag[-TAG_BYTES:]
    if len(tag) != TAG_BYTES:
        raise OpeningError
    cipher = Cipher(_BLOCK_CIPHERS[version](key), modes.GCM(nonce, tag)).decryptor()
    cipher.authenticate_additional_data(associated)
    try:
        return cipher.update(body) + cipher.finalize()
    except InvalidTag:
        raise OpeningError from None


def derive(key: bytes, length: int, *purpose: str) -> bytes:
    """Derive the key of one purpose by HKDF-SM3."""
    kdf = HKDF(hashes.SM3(), length=length, salt=None, info=join(*purpose))
    return kdf.derive(key)


def keyed_hash(key: bytes, message: bytes) -> bytes:
    """HMAC-SM3, 32 bytes."""
    mac = hmac.HMAC(key, hashes.SM3())
    mac.update(message)
    return mac.finalize()


def join(*parts: str) -> bytes:
    """Join texts so that no two lists of texts give the same bytes: each carries its length."""
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)
