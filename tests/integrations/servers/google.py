"""Google's token endpoint, its calendar and its drive as far as the clients speak to them, and as strict.

Tokens end by the test's own clock. One server answers all three, as a person who runs a test needs one port.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import jwt

from folkmoot.kernel import Clock
from tests.integrations.servers.wire import Answer, Asked, WireServer

CALENDAR = "team@acme.example"
ROBOT = "robot@acme-project.iam.gserviceaccount.com"
REFRESH = "1//refresh-token-of-tests"
CLIENT_SECRET = "GOCSPX-client-secret-of-tests"
FOLDER = "application/vnd.google-apps.folder"
DOCUMENT = "application/vnd.google-apps.document"
SHEET = "application/vnd.google-apps.spreadsheet"


class GoogleServer(WireServer):
    """Gives tokens for an hour; `revoke` ends them all at once."""

    def __init__(self, *, clock: Clock, public_key: str) -> None:
        super().__init__()
        self.clock = clock
        self.public_key = public_key
        self.tokens: dict[str, tuple[datetime, set[str]]] = {}
        self.given = 0
        self.lasts = 3599
        self.subjects: list[str | None] = []

    @property
    def token_url(self) -> str:
        return f"{self.url}/token"

    def revoke(self) -> None:
        self.tokens.clear()

    async def answer(self, asked: Asked) -> Answer:
        if asked.line == "POST /token":
            return self._token(asked.form)
        kind, _, token = asked.headers.get("authorization", "").partition(" ")
        ends, scopes = self.tokens.get(token, (None, set[str]()))
        if kind != "Bearer" or ends is None or ends <= self.clock.now():
            return no(401, "authError", "Request had invalid authentication credentials.")
        return self.serve(asked, scopes)

    def serve(self, asked: Asked, scopes: set[str]) -> Answer:
        raise NotImplementedError

    def _token(self, form: dict[str, str]) -> Answer:
        match form:
            case {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}:
                found = self._asserted(assertion)
            case {"grant_type": "refresh_token", "client_id": "client", **rest}:
                good = rest == {"client_secret": CLIENT_SECRET, "refresh_token": REFRESH}
                found = set(ALL_SCOPES) if good else "Token has been expired or revoked."
            case _:
                return Answer(status=400, data={"error": "unsupported_grant_type"})
        if isinstance(found, str):
            return Answer(status=400, data={"error": "invalid_grant", "error_description": found})
        self.given += 1
        token = f"ya29.given-by-the-test-server-{self.given}"
        self.tokens[token] = (self.clock.now() + timedelta(seconds=self.lasts), found)
        return Answer(data={"access_token": token, "expires_in": self.lasts, "token_type": "Bearer"})

    def _asserted(self, assertion: str) -> set[str] | str:
        try:
            claims = jwt.decode(
                assertion,
                self.public_key,
                algorithms=["RS256"],
                audience=self.token_url,
                options={"verify_exp": False, "verify_iat": False, "require": ["iss", "scope", "aud", "exp", "iat"]},
            )
        except jwt.PyJWTError as error:
            return f"Invalid JWT Signature: {error}"
        now = self.clock.now().timestamp()
        if claims["iss"] != ROBOT:
            return "account not found"
        if not now - 300 <= claims["iat"] <= now + 300 or claims["exp"] - claims["iat"] > 3600 or claims["exp"] <= now:
            return "Token must be a short-lived token (60 minutes) and in a reasonable timeframe"
        self.subjects.append(claims.get("sub"))
        return set(claims["scope"].split(" "))


ALL_SCOPES = frozenset(
    {
        "https://www.googleapis.com/auth/calendar.events",
        "https://www.googleapis.com/auth/calendar.freebusy",
        "https://www.googleapis.com/auth/drive.readonly",
    }
)


class CalendarServer(GoogleServer):
    """One calendar. `delegated`: the account may invite; `page`: events a page."""

    def __init__(self, *, clock: Clock, public_key: str) -> None:
        super().__init__(clock=clock, public_key=public_key)
        self.events: dict[str, dict[str, Any]] = {}
        self.invitations: list[str] = []
        self.delegated = True
        self.page = 250

    def add(self, start: datetime, length: timedelta, **more: Any) -> str:
        event_id = f"other{len(self.events):05d}"
        self.events[event_id] = {
            "id": event_id,
            "status": "confirmed",
            "start": {"dateTime": start.isoformat()},
            "end": {"dateTime": (start + length).isoformat()},
            **more,
        }
        return event_id

    def serve(self, asked: Asked, scopes: set[str]) -> Answer:
        events = f"/calendars/{CALENDAR}/events"
        if asked.line == "POST /freeBusy":
            return self._free_busy(asked.data, scopes)
        if not asked.path.startswith(events):
            return no(404, "notFound", "Not Found")
        if not any(scope.endswith("calendar.events") for scope in scopes):
            return no(403, "insufficientPermissions", "Insufficient Permission")
        if asked.line == f"POST {events}":
            return self._insert(asked)
        if asked.line == f"GET {events}":
            return self._list(asked)
        found = self.events.get(asked.path.rpartition("/")[2])
        return Answer(data=found) if found else no(404, "notFound", "Not Found")

    def _free_busy(self, body: dict[str, Any], scopes: set[str]) -> Answer:
        if not any(scope.endswith("calendar.freebusy") for scope in scopes):
            return no(403, "insufficientPermissions", "Insufficient Permission")
        start, end = (datetime.fromisoformat(body[name]) for name in ("timeMin", "timeMax"))
        assert start.tzinfo is not None
        assert end - start < timedelta(days=60), "timeRangeTooLong"
        answered: dict[str, Any] = {}
        for one in body["items"]:
            if one["id"] != CALENDAR:
                answered[one["id"]] = {"errors": [{"domain": "global", "reason": "notFound"}], "busy": []}
                continue
            taken = [event for event in self.events.values() if event["status"] != "cancelled"]
            busy = [{"start": _utc(event, "start"), "end": _utc(event, "end")} for event in taken]
            answered[CALENDAR] = {"busy": [x for x in busy if x["start"] < body["timeMax"]]}
        return Answer(data={"kind": "calendar#freeBusy", "calendars": answered, **body})

    def _insert(self, asked: Asked) -> Answer:
        event = asked.data
        if not re.fullmatch(r"[a-v0-9]{5,1024}", event["id"]):
            return no(400, "invalid", "Invalid resource id value.")
        if event["id"] in self.events:
            return no(409, "duplicate", "The requested identifier already exists.")
        for name in ("start", "end"):
            assert datetime.fromisoformat(event[name]["dateTime"]).tzinfo is not None
        if event.get("attendees") and not self.delegated:
            return no(
                403,
                "forbiddenForServiceAccounts",
                "Service accounts cannot invite attendees without Domain-Wide Delegation of Authority.",
            )
        if asked.query.get("sendUpdates") == "all":
            self.invitations += [one["email"] for one in event.get("attendees", [])]
        kept = {**event, "status": "confirmed", "htmlLink": f"https://calendar.example/{event['id'][:8]}"}
        self.events[event["id"]] = kept
        return Answer(data=kept)

    def _list(self, asked: Asked) -> Answer:
        everything = sorted(self.events.values(), key=lambda event: _utc(event, "start"))
        size = min(int(asked.query.get("maxResults", "250")), self.page)
        start = int(asked.query.get("pageToken", "p0").removeprefix("p"))
        data: dict[str, Any] = {"kind": "calendar#events", "items": everything[start : start + size]}
        if start + size < len(everything):
            data["nextPageToken"] = f"p{start + size}"
        return Answer(data=data)


@dataclass
class Kept:
    """A file or folder of the drive."""

    id: str
    name: str
    kind: str
    parents: list[str]
    content: bytes = b""
    modified: str = "2026-01-05T09:00:00.000Z"
    readers: list[dict[str, Any]] = field(default_factory=list)
    trashed: bool = False
    shown: bool = True
    drive: str | None = None
    downloadable: bool = True


class DriveServer(GoogleServer):
    """A drive with a change log. What the account cannot see (`shown=False`) answers 404 and is told as removed."""

    def __init__(self, *, clock: Clock, public_key: str) -> None:
        super().__init__(clock=clock, public_key=public_key)
        self.kept: dict[str, Kept] = {}
        self.log: list[str] = []
        self.page = 100
        self.tells_members = True
        self.forgotten = 0

    def put(self, file_id: str, *, parent: str, kind: str = "text/plain", content: str = "", **more: Any) -> Kept:
        """Add a file, or give it a new content."""
        found = Kept(id=file_id, name=more.pop("name", f"{file_id}.txt"), kind=kind, parents=[parent], **more)
        found.content = content.encode()
        found.readers = found.readers or [{"type": "user", "emailAddress": ROBOT}]
        self.kept[file_id] = found
        self.log.append(file_id)
        return found

    def change(self, file_id: str, **changes: Any) -> None:
        for name, value in changes.items():
            setattr(self.kept[file_id], name, value)
        self.log.append(file_id)

    def serve(self, asked: Asked, scopes: set[str]) -> Answer:
        if not any(scope.endswith("drive.readonly") for scope in scopes):
            return no(403, "insufficientPermissions", "Insufficient Permission")
        lists: dict[str, Callable[[Asked], Answer]] = {
            "/files": self._list,
            "/changes": self._changes,
            "/changes/startPageToken": self._start,
        }
        if asked.path in lists:
            return lists[asked.path](asked)
        found = re.fullmatch(r"/files/([^/]+)(/export|/permissions)?", asked.path)
        kept = self.kept.get(found[1]) if found else None
        if found is None or kept is None or not kept.shown:
            return no(404, "notFound", f"File not found: {asked.path.rpartition('/')[2]}.")
        if asked.query.get("supportsAllDrives") != "true" and found[2] != "/export" and kept.drive:
            return no(404, "notFound", "File not found")
        acts: dict[str | None, Callable[[Asked, Kept], Answer]] = {
            "/export": self._export,
            "/permissions": self._permissions,
            None: self._get,
        }
        return acts[found[2]](asked, kept)

    def _start(self, _asked: Asked) -> Answer:
        return Answer(data={"kind": "drive#startPageToken", "startPageToken": str(len(self.log))})

    def _get(self, asked: Asked, kept: Kept) -> Answer:
        if asked.query.get("alt") != "media":
            return Answer(data=self._about(kept))
        if kept.kind.startswith("application/vnd.google-apps."):
            return no(403, "fileNotDownloadable", "Only files with binary content can be downloaded.")
        return Answer(raw=kept.content, headers={"Content-Type": kept.kind})

    def _export(self, asked: Asked, kept: Kept) -> Answer:
        if not kept.kind.startswith("application/vnd.google-apps."):
            return no(403, "fileNotExportable", "Export only supports Docs Editors files.")
        if len(kept.content) > 10_000_000:
            return no(403, "exportSizeLimitExceeded", "This file is too large to be exported.")
        offered = {DOCUMENT: {"text/markdown", "text/plain"}, SHEET: {"text/csv"}}.get(kept.kind, {"text/plain"})
        if asked.query["mimeType"] not in offered:
            return no(400, "badRequest", "The requested conversion is not supported.")
        return Answer(raw=kept.content, headers={"Content-Type": asked.query["mimeType"]})

    def _permissions(self, asked: Asked, kept: Kept) -> Answer:
        if not self.tells_members:
            return no(403, "insufficientFilePermissions", "The user does not have sufficient permissions.")
        return self._paged(asked, "permissions", kept.readers)

    def _list(self, asked: Asked) -> Answer:
        assert asked.query["includeItemsFromAllDrives"] == "true"
        pattern = r"'([\w-]+)' in parents and trashed = false( and mimeType = '([^']+)')?"
        found = re.fullmatch(pattern, asked.query["q"])
        if found is None:
            return no(400, "invalid", "Invalid Value")
        folder = self.kept.get(found[1])
        if folder is None or not folder.shown:
            return no(404, "notFound", "File not found: .")
        within = asked.query["driveId"] if asked.query.get("corpora") == "drive" else None
        there = [one for one in self.kept.values() if one.shown and not one.trashed and one.drive == within]
        inside = [one for one in there if found[1] in one.parents]
        return self._paged(asked, "files", [self._about(one) for one in inside if found[3] in {None, one.kind}])

    def _changes(self, asked: Asked) -> Answer:
        token = asked.query["pageToken"]
        if not token.isdecimal() or int(token) < self.forgotten:
            return no(400, "invalid", "Invalid Value")
        start = int(token)
        told = []
        for file_id in self.log[start : start + self.page]:
            kept = self.kept.get(file_id)
            gone = kept is None or not kept.shown
            change: dict[str, Any] = {"changeType": "file", "removed": gone, "fileId": file_id}
            told.append(change if gone or kept is None else {**change, "file": self._about(kept)})
        following = start + len(told)
        mark = "newStartPageToken" if following >= len(self.log) else "nextPageToken"
        return Answer(data={"changes": told, mark: str(following)})

    def _paged(self, asked: Asked, items: str, everything: list[dict[str, Any]]) -> Answer:
        start = int(asked.query.get("pageToken", "0"))
        size = min(self.page, int(asked.query.get("pageSize", "100")))
        data: dict[str, Any] = {items: everything[start : start + size]}
        if start + size < len(everything):
            data["nextPageToken"] = str(start + size)
        return Answer(data=data)

    def _about(self, kept: Kept) -> dict[str, Any]:
        about: dict[str, Any] = {
            "id": kept.id,
            "name": kept.name,
            "mimeType": kept.kind,
            "modifiedTime": kept.modified,
            "trashed": kept.trashed,
            "parents": kept.parents,
            "capabilities": {"canDownload": kept.downloadable},
        }
        if not kept.kind.startswith("application/vnd.google-apps."):
            about["md5Checksum"] = f"{hash(kept.content) & 0xFFFFFFFF:032x}"
            about["size"] = str(len(kept.content))
        if kept.drive:
            return {**about, "driveId": kept.drive}  # on a shared drive permissions are told one by one
        return {**about, "permissions": kept.readers}


def no(status: int, reason: str, message: str) -> Answer:
    error = {"domain": "global", "reason": reason, "message": message}
    return Answer(status=status, data={"error": {"code": status, "message": message, "errors": [error]}})


def calendar_path() -> str:
    return f"/calendars/{quote(CALENDAR, safe='')}/events"


def _utc(event: dict[str, Any], name: str) -> str:
    return datetime.fromisoformat(event[name]["dateTime"]).astimezone(UTC).isoformat().replace("+00:00", "Z")
