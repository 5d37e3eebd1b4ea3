"""The file that `GDRIVE_CONFIG_PATH` names: who reads Google Drive, and which folder belongs to which scope.

    {"credentials": "key-file.json", "folders": [{"id": "1AbC...", "scope": "marketing"}]}

`credentials` is the name of a key file (beside this file, if it is no whole path) or its content.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from folkmoot.tools.integrations.errors import ServiceNotConfiguredError
from folkmoot.tools.integrations.google_credentials import GoogleCredentials, credentials_of, read_credentials

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,200}")
_SCOPE: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_EXAMPLE: Final = '{"credentials": "key-file.json", "folders": [{"id": "1AbC", "scope": "marketing"}]}'


@dataclass(frozen=True, kw_only=True)
class SharedFolder:
    """A folder of Google Drive whose files become knowledge of a scope."""

    id: str
    scope: str


@dataclass(frozen=True, kw_only=True)
class DriveConfig:
    """What the file says."""

    credentials: GoogleCredentials
    folders: Sequence[SharedFolder]


def read_drive_config(file: Path, *, token_url: str | None = None) -> DriveConfig:
    """Read the file. Raises `ServiceNotConfiguredError` that names the place of the fault."""
    try:
        data = orjson.loads(file.expanduser().read_bytes())
    except OSError as error:
        raise _wrong(file, f"cannot be read: {error.strerror}") from None
    except orjson.JSONDecodeError as error:
        raise _wrong(file, f"is no JSON (line {error.lineno}): {error.msg}") from None
    if not isinstance(data, dict):
        raise _wrong(file, f"is no object; write for example {_EXAMPLE}")
    if unknown := sorted(set(data) - {"credentials", "folders", "subject"}):
        raise _wrong(file, f"has a field '{unknown[0]}' that means nothing; write for example {_EXAMPLE}")
    return DriveConfig(credentials=_credentials(file, data, token_url), folders=_folders(file, data.get("folders")))


def _credentials(file: Path, data: dict[str, Any], token_url: str | None) -> GoogleCredentials:
    given, subject = data.get("credentials"), data.get("subject")
    if subject is not None and not isinstance(subject, str):
        raise _wrong(file, "subject: it is no address of a person")
    if isinstance(given, dict):
        return credentials_of(given, subject=subject, token_url=token_url)
    if not isinstance(given, str) or not given.strip():
        raise _wrong(file, f"credentials: there are none; write for example {_EXAMPLE}")
    beside = file.expanduser().parent / Path(given).expanduser()
    return read_credentials(str(beside) if beside.is_file() else given, subject=subject, token_url=token_url)


def _folders(file: Path, given: Any) -> Sequence[SharedFolder]:
    if not isinstance(given, list) or not given:
        raise _wrong(file, f"folders: there are none; write for example {_EXAMPLE}")
    found: list[SharedFolder] = []
    for place, one in enumerate(given):
        folder_id = one.get("id") if isinstance(one, dict) else None
        scope = one.get("scope") if isinstance(one, dict) else None
        if not isinstance(folder_id, str) or not _ID.fullmatch(folder_id):
            raise _wrong(file, f"folders.{place}.id: it is no id as stands at the end of a folder's address")
        if not isinstance(scope, str) or not _SCOPE.fullmatch(scope):
            raise _wrong(file, f"folders.{place}.scope: it is no scope such as marketing")
        if any(folder_id == other.id for other in found):
            raise _wrong(file, f"folders.{place}.id: this folder stands there twice")
        found.append(SharedFolder(id=folder_id, scope=scope))
    return tuple(found)


def _wrong(file: Path, fault: str) -> ServiceNotConfiguredError:
    return ServiceNotConfiguredError(f"{file}: {fault}")
