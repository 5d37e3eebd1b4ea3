"""A bridge as data: somebody else's WebSocket server that the workplace connects to (SPEC E6). Pure.

It stands here because the workplace file names bridges; what connects is the room `bridge`. A header's value may stay
out of the file: `{env: NAME}` or `{file: path}` say where it is read whenever the bridge connects.
"""

import re
from typing import Annotated, Any, Final, Self
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

EXTERNAL_USER: Final = "external-socket-user"
PLACEHOLDER: Final = "{user_id}"
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_OURS: Final = re.compile(r"(?i)host|connection|upgrade|content-length|transfer-encoding|sec-websocket-.*")
_LONGEST_URL: Final = 2_000


def _bridge_name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError(f"'{value[:60]}' must be 1 to 32 small letters, digits, '-' or '_', beginning with a letter")
    return value


def _user(value: str) -> str:
    if not value.strip() or value.strip() != value or not value.isprintable() or len(value) > 200:  # noqa: PLR2004  # the column's width
        raise ValueError("must be 1 to 200 characters without line breaks or blanks at its ends")
    return value


def _socket_url(value: str) -> str:
    """The URL as given. The address it leads to is judged when the bridge connects."""
    filled = value.replace(PLACEHOLDER, "user")
    try:
        parts = urlsplit(filled)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"is no web address: {error}") from None
    if parts.scheme not in ("ws", "wss"):
        raise ValueError(f"must begin with ws:// or wss://, not '{parts.scheme[:20]}'")
    if not host or len(value) > _LONGEST_URL or not filled.isprintable() or " " in filled:
        raise ValueError("names no host, or has blanks or control characters in it")
    if "{" in filled or "}" in filled:
        raise ValueError(f"has braces in it; the only placeholder is {PLACEHOLDER}")
    if "@" in parts.netloc:
        raise ValueError("may hold no user and password; give them as a header")
    if PLACEHOLDER in urlsplit(value).netloc:
        raise ValueError(f"may have {PLACEHOLDER} in its path or query alone")
    return value


def _header_name(value: str) -> str:
    if not _HEADER.fullmatch(value):
        raise ValueError(f"'{value[:60]}' is no name of a header")
    if _OURS.fullmatch(value):
        raise ValueError(f"'{value[:60]}' is set by the connection itself")
    return value


class HeaderValue(BaseModel):
    """What a header says: the value itself, or where it is read (`env`, `file`) whenever the bridge connects."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: str | None = Field(default=None, repr=False)
    env: str | None = None
    file: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, given: Any) -> Any:
        return {"value": given} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if sum(one is not None for one in (self.value, self.env, self.file)) != 1:
            raise ValueError("is a text, or {env: NAME}, or {file: path}")
        if self.value is not None and not self.value.isprintable():
            raise ValueError("holds a line break or another control character")
        return self


class BridgeEntry(BaseModel):
    """A server to connect to. `user_id` stands for `{user_id}` in `url`, and is whose conversations are led there.

    `agent` answers everything; without one the router picks.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, AfterValidator(_bridge_name)]
    url: Annotated[str, AfterValidator(_socket_url)]
    user_id: Annotated[str, AfterValidator(_user)] = EXTERNAL_USER
    agent: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    headers: dict[Annotated[str, AfterValidator(_header_name)], HeaderValue] = Field(default_factory=dict)

    @property
    def address(self) -> str:
        """Where to connect."""
        return self.url.replace(PLACEHOLDER, quote(self.user_id, safe=""))

    @property
    def host(self) -> str:
        """Host and port, for logs."""
        return urlsplit(self.address).netloc

    @property
    def shown(self) -> str:
        """The address as people may see it: queries may hold tokens."""
        parts = urlsplit(self.address)
        return urlunsplit((parts.scheme, parts.netloc, parts.path, "…" if parts.query else "", ""))


def entries_of(urls: str, *, user_id: str) -> list[BridgeEntry]:
    """The bridges in a list of URLs, separated by commas: `external`, `external-2`, … Raises `ValueError`s."""
    given = [part.strip() for part in urls.split(",") if part.strip()]
    return [
        BridgeEntry(name="external" if number == 1 else f"external-{number}", url=url, user_id=user_id)
        for number, url in enumerate(given, 1)
    ]
