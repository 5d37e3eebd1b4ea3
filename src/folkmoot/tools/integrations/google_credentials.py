"""What a person got from Google to let a program in: a service account's key file, a user's refresh token, a token.

Each may be the value of a setting itself, or the name of a file with it. The JSON forms are Google's own: that of a key
file (`"type": "service_account"`) and that of `gcloud auth application-default login` (`"type": "authorized_user"`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

import orjson

from folkmoot.tools.integrations.errors import ServiceNotConfiguredError

TOKEN_URL: Final = "https://oauth2.googleapis.com/token"  # noqa: S105  # an address
_LARGEST: Final = 256 * 1024


@dataclass(frozen=True, kw_only=True)
class ServiceAccount:
    """A robot's own account; with `subject` it acts as that person of a domain that allows it."""

    email: str
    private_key: str = field(repr=False)
    private_key_id: str | None = None
    token_url: str = TOKEN_URL
    subject: str | None = None


@dataclass(frozen=True, kw_only=True)
class AuthorizedUser:
    """A person's standing permission for an OAuth client."""

    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    token_url: str = TOKEN_URL


@dataclass(frozen=True, kw_only=True)
class AccessToken:
    """A token as it is, which nobody here can renew."""

    token: str = field(repr=False)


GoogleCredentials: TypeAlias = ServiceAccount | AuthorizedUser | AccessToken


def read_credentials(value: str, *, subject: str | None = None, token_url: str | None = None) -> GoogleCredentials:
    """What `value` is: JSON, the name of a file with JSON or a token, or a token.

    `token_url` is asked instead of what the credentials name. Raises `ServiceNotConfiguredError` that says what is
    wrong, and never shows the value.
    """
    text = value.strip()
    if not text.startswith("{") and (file := _file(text)) is not None:
        text = _read(file)
    if not text.startswith("{"):
        if not text or any(one.isspace() or not one.isprintable() for one in text) or "/" in text[:1]:
            raise ServiceNotConfiguredError(
                "this is neither a file, nor JSON credentials, nor a token; name the key file of a service account"
            )
        return AccessToken(token=text)
    try:
        data = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ServiceNotConfiguredError(
            f"the credentials are no JSON (line {error.lineno}); use the key file as Google gave it"
        ) from None
    return credentials_of(data, subject=subject, token_url=token_url)


def credentials_of(data: Any, *, subject: str | None = None, token_url: str | None = None) -> GoogleCredentials:
    """The credentials in Google's JSON form. Raises `ServiceNotConfiguredError`."""
    if not isinstance(data, dict):
        raise ServiceNotConfiguredError("the credentials are no JSON object; use the key file as Google gave it")
    match data.get("type"):
        case "service_account":
            return ServiceAccount(
                email=_text(data, "client_email"),
                private_key=_text(data, "private_key"),
                private_key_id=data.get("private_key_id") or None,
                token_url=token_url or data.get("token_uri") or TOKEN_URL,
                subject=subject,
            )
        case "authorized_user":
            return AuthorizedUser(
                client_id=_text(data, "client_id"),
                client_secret=_text(data, "client_secret"),
                refresh_token=_text(data, "refresh_token"),
                token_url=token_url or data.get("token_uri") or TOKEN_URL,
            )
        case None if isinstance(data.get("access_token") or data.get("token"), str) and "refresh_token" not in data:
            return AccessToken(token=data.get("access_token") or data["token"])
        case _:
            raise ServiceNotConfiguredError(
                'the credentials are of no known type; "type" is "service_account" or "authorized_user"'
            )


def _file(text: str) -> Path | None:
    """The file that `text` names: a path that exists, or one that looks like nothing else."""
    if len(text) > 1024 or "\n" in text:  # noqa: PLR2004  # no path is longer
        return None
    path = Path(text).expanduser()
    try:
        named = path.is_file()
    except (OSError, ValueError):
        return None
    return path if named or text.endswith(".json") else None


def _read(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(_LARGEST).decode("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ServiceNotConfiguredError(f"the credentials file {file} cannot be read: {reason}") from None


def _text(data: Mapping[str, Any], name: str) -> str:
    found = data.get(name)
    if not isinstance(found, str) or not found.strip():
        raise ServiceNotConfiguredError(f"the credentials lack {name!r}; use the file as Google gave it")
    return found
