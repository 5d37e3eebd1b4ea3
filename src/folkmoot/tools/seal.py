"""The arguments of a call that may have to be made later, or again: encrypted, so that no row of the log shows them.

The key lies beside the database in the home and not in it; what only a copy of the database has can be read by nobody.
Processes that share a database share the key too: then it comes from a secret that each of them is given.
"""

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from folkmoot.kernel import JsonValue
from folkmoot.tools.errors import SealBrokenError


class Seal:
    """Seals with the key of `secret`, else with that in `file`, which is made at the first need and blocks then."""

    def __init__(self, file: Path, *, secret: str | None = None) -> None:
        self._file = file
        self._secret = secret
        self._cipher: Any = None

    @property
    def ready(self) -> bool:
        """Whether sealing is quick now."""
        return self._cipher is not None

    def prepare(self) -> None:
        """Read or make the key. Blocks."""
        self._ready()

    def close(self, arguments: dict[str, JsonValue]) -> bytes:
        """The arguments, unreadable."""
        sealed: bytes = self._ready().encrypt(json.dumps(arguments).encode())
        return sealed

    def open(self, sealed: bytes | None) -> dict[str, JsonValue]:
        """The arguments again. Raises `SealBrokenError`."""
        from cryptography.fernet import InvalidToken  # noqa: PLC0415  # imported with the first use, as the cipher is

        if sealed is None:
            raise SealBrokenError("the arguments of this call are not kept any more; ask the agent anew")
        try:
            opened: dict[str, JsonValue] = json.loads(self._ready().decrypt(sealed))
        except InvalidToken as error:
            raise SealBrokenError(
                "the arguments of this call were sealed with another key than that of "
                f"{self._file.name if self._secret is None else 'TOOL_CALLS_SECRET'}; ask anew"
            ) from error
        return opened

    def _ready(self) -> Any:
        if self._cipher is None:
            from cryptography.fernet import Fernet  # noqa: PLC0415  # not needed before the first call that lasts

            self._cipher = Fernet(self._key(Fernet.generate_key))
        return self._cipher

    def _key(self, new: Any) -> bytes:
        if self._secret is not None:
            return base64.urlsafe_b64encode(hashlib.sha256(b"folkmoot tool calls\0" + self._secret.encode()).digest())
        try:
            handle = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return self._file.read_bytes()
        with os.fdopen(handle, "wb") as file:
            key: bytes = new()
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        return key
