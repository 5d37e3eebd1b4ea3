"""The keys that seal what messages carry: AES-256-GCM, each key made of a configured secret.

The first key seals, all of them open; so a key is replaced without losing what the old one sealed. `encrypt.py` says
what of a message is sealed. The form of sealed bytes is `nonce | ciphertext | tag` (12 + n + 16 bytes) for whoever
keeps the key's id beside them, and `1 | length of id | id | nonce | ciphertext | tag` where they stand alone.
"""

import os
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

from folkmoot.messaging.errors import BadSealKeyError, SealBrokenError, UnknownSealKeyError, UnsealedError

SHORTEST_SECRET: Final = 32
_NONCE: Final = 12
_TAG: Final = 16
_ALONE: Final = b"\x01"  # no JSON begins so
# A name is shorter than a secret, so that the "=" at the end of a secret in base64 is not read as the end of a name.
_NAMED: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,23})=(.*)", re.DOTALL)


class Key:
    """One key. `id` is its given name, or the first 12 hexadecimal digits of a fingerprint of its secret."""

    def __init__(self, secret: str, name: str | None = None) -> None:
        self.secret = secret
        self.id = name or _derived(secret, b"folkmoot seal key id", 6).hex()

    def close(self, data: bytes, about: bytes) -> bytes:
        """Sealed `data`, which opens only with the same `about`."""
        nonce = os.urandom(_NONCE)
        sealed: bytes = self._cipher.encrypt(nonce, data, about)
        return nonce + sealed

    def open(self, sealed: bytes, about: bytes) -> bytes:
        """What was sealed. Raises `SealBrokenError`."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415  # see _cipher

        if len(sealed) < _NONCE + _TAG:
            raise SealBrokenError("what is sealed was cut short; it cannot be opened", key_id=self.id)
        try:
            opened: bytes = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], about)
        except InvalidTag as error:
            raise SealBrokenError(
                f"the seal of key '{self.id}' is broken: the message was changed on its way, or the key bearing that "
                "name has another secret here; look at ENCRYPTION_KEY where it was sent",
                key_id=self.id,
            ) from error
        return opened

    @cached_property
    def _cipher(self) -> Any:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415  # not needed without a key

        return AESGCM(_derived(self.secret, b"folkmoot seal key", 32))


class Keyring:
    """The keys of one house; without any, nothing is sealed. `strict` refuses what arrives unsealed."""

    def __init__(self, keys: tuple[Key, ...] = (), *, strict: bool = False) -> None:
        self.keys: Mapping[str, Key] = {key.id: key for key in keys}
        if len(self.keys) < len(keys):
            raise BadSealKeyError("two keys bear the same name; give each secret a name of its own, or none")
        self.sealing = keys[0] if keys else None
        self._strict = strict

    @classmethod
    def of(cls, text: str, *, strict: bool = False) -> "Keyring":
        """Read `name=secret` or bare secrets, separated by commas; the first seals. Raises `BadSealKeyError`."""
        return cls(tuple(_read(part.strip()) for part in text.split(",") if part.strip()), strict=strict)

    def key(self, key_id: str) -> Key:
        """The key of that id. Raises `UnknownSealKeyError`."""
        try:
            return self.keys[key_id]
        except KeyError:
            known = ", ".join(self.keys) or "none"
            raise UnknownSealKeyError(
                f"the message is sealed with key '{key_id}', and the keys here are: {known}; "
                "put its secret behind the others in ENCRYPTION_KEY and retry the message",
                key_id=key_id,
            ) from None

    def check_unsealed(self) -> None:
        """Raise `UnsealedError` if what arrives unsealed is refused."""
        if self._strict and self.sealing is not None:
            raise UnsealedError(
                "the message is not sealed, and ENCRYPTION_STRICT refuses such; give its sender ENCRYPTION_KEY"
            )

    def seal_bytes(self, data: bytes, about: bytes) -> bytes:
        """Seal what travels outside a message, such as a chunk of a reply; unchanged without a key.

        `about` is what it belongs to; it is not in the result, and must be the same when it is opened.
        """
        key = self.sealing
        if key is None:
            return data
        name = key.id.encode()
        return b"%b%c%b%b" % (_ALONE, len(name), name, key.close(data, about))

    def open_bytes(self, data: bytes, about: bytes) -> bytes:
        """Undo `seal_bytes`. Raises `SealBrokenError`, `UnknownSealKeyError`, `UnsealedError`."""
        if data[:1] != _ALONE:
            self.check_unsealed()
            return data
        end = 2 + (data[1] if len(data) > 1 else 0)
        return self.key(data[2:end].decode(errors="replace")).open(data[end:], about)


def _read(text: str) -> Key:
    named = _NAMED.fullmatch(text)
    name, secret = named.groups() if named else (None, text)
    if len(secret) < SHORTEST_SECRET:
        raise BadSealKeyError(
            f"{f'the secret named {name}' if name else 'a secret'} has {len(secret)} characters and needs "
            f"{SHORTEST_SECRET} or more; `openssl rand -hex 32` makes one"
        )
    return Key(secret, name)


def _derived(secret: str, purpose: bytes, length: int) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415  # see Key._cipher
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415  # see Key._cipher

    return HKDF(algorithm=SHA256(), length=length, salt=None, info=purpose).derive(secret.encode())
