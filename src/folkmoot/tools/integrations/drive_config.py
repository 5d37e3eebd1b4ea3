"""The file that `GDRIVE_CONFIG_PATH` names: who reads Google Drive, and which folder belongs to which scope.

    {
      "credentials": "key-file.json",
      "folders": [
        {"id": "1AbC...", "scope": "marketing"},
        {"id": "1DeF...", "name": "Board", "readers": {"group:board@acme.example": ["executive"]}}
      ]
    }

`credentials` is the name of a key file (beside this file, if it is no whole path) or its content. With `scope` every
file of a folder is found in that scope; with `readers` each reader whom Google names brings scopes, and a file that
none of them may read is found by nobody.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from folkmoot.tools.integrations.errors import ServiceNotConfiguredError
from folkmoot.tools.integrations.google_credentials import GoogleCredentials, credentials_of, read_credentials

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,200}")
_SCOPE: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_READER: Final = re.compile(r"\*|anyone|(user|group):[^\s@]+@[^\s@]+|domain:[^\s@:]+|drive:[\w-]+")
_EXAMPLE: Final = '{"credentials": "key-file.json", "folders": [{"id": "1AbC", "scope": "marketing"}]}'


@dataclass(frozen=True, kw_only=True)
class SharedFolder:
    """A folder of Google Drive. `readers`: who may read a file there, `*` for anybody, and the scopes that brings."""

    id: str
    name: str
    readers: Mapping[str, Sequence[str]]


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
        if not isinstance(one, dict) or not set(one) <= {"id", "name", "scope", "readers"}:
            raise _wrong(file, f"folders.{place}: it is no object of id, name, scope or readers")
        folder_id = one.get("id")
        if not isinstance(folder_id, str) or not _ID.fullmatch(folder_id):
            raise _wrong(file, f"folders.{place}.id: it is no id as stands at the end of a folder's address")
        if any(folder_id == other.id for other in found):
            raise _wrong(file, f"folders.{place}.id: this folder stands there twice")
        name = one.get("name", folder_id)
        if not isinstance(name, str) or not name.strip():
            raise _wrong(file, f"folders.{place}.name: it is no name")
        found.append(SharedFolder(id=folder_id, name=name.strip(), readers=_readers(file, place, one)))
    return tuple(found)


def _readers(file: Path, place: int, one: Mapping[str, Any]) -> Mapping[str, Sequence[str]]:
    if ("scope" in one) is ("readers" in one):
        raise _wrong(file, f"folders.{place}: name either its scope or its readers")
    if "scope" in one:
        return {"*": (_scope(file, f"folders.{place}.scope", one["scope"]),)}
    given = one["readers"]
    if not isinstance(given, dict) or not given:
        raise _wrong(file, f"folders.{place}.readers: it is no map from a reader to scopes")
    readers: dict[str, Sequence[str]] = {}
    for reader, scopes in given.items():
        where = f"folders.{place}.readers.{reader}"
        if not _READER.fullmatch(reader):
            raise _wrong(file, f"{where}: a reader is written as user:, group: or domain: with its name, anyone, or *")
        readers[reader] = tuple(
            _scope(file, where, scope) for scope in (scopes if isinstance(scopes, list) else [scopes])
        )
    return readers


def _scope(file: Path, where: str, scope: Any) -> str:
    if not isinstance(scope, str) or not _SCOPE.fullmatch(scope):
        raise _wrong(file, f"{where}: it is no scope such as marketing")
    return scope


def _wrong(file: Path, fault: str) -> ServiceNotConfiguredError:
    return ServiceNotConfiguredError(f"{file}: {fault}")
