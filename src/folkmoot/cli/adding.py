"""What `folkmoot knowledge` does with many documents: finds the files of a folder, uploads them, finds them by name."""

import asyncio
import os
import sys
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import typer

from folkmoot.cli.connection import Caller, RefusedError
from folkmoot.home import Home
from folkmoot.kernel import FolkmootError

ENDINGS: Final = frozenset({".md", ".markdown", ".txt", ".html", ".htm", ".xhtml", ".pdf", ".docx", ".csv", ".tsv"})
_POLL_SECONDS: Final = 0.5
_PATIENCE_SECONDS: Final = 2.0
_READ_WITHIN: Final = 20  # one request waits so long; what takes longer is asked about again and again


class NothingToAddError(FolkmootError):
    """No file was named that can be read."""

    code = "nothing_to_add"


def files_in(paths: Sequence[Path]) -> list[tuple[Path, str]]:
    """The files with the names they get: those of a folder are named by their way through it."""
    found: list[tuple[Path, str]] = []
    for path in paths:
        if not path.exists():
            raise NothingToAddError(f"there is no file {path}")
        if path.is_dir():
            found += [(one, one.relative_to(path).as_posix().replace("/", " - ")) for one in _readable(path)]
        else:
            found.append((path, path.name))
    if not found:
        raise NothingToAddError(f"there is no document in it; {', '.join(sorted(ENDINGS))} can be read")
    return found


def _readable(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden and path.suffix.casefold() in ENDINGS:
            yield path


async def add_files(
    files: Sequence[tuple[Path, str]], *, scope: str, title: str | None, quiet: bool
) -> list[dict[str, Any]]:
    """Hand the files over, each under its name: to the server that runs, else to the documents of the home alone.

    One that cannot be read is told by its status.
    """
    from folkmoot.assembly import load_settings
    from folkmoot.assembly.joining import joined

    settings = load_settings()
    if _is_served(Home(settings.home)):
        async with joined(settings=settings) as (http, url):
            caller = Caller(http, url=url)
            return [await _send(caller, file, name, scope, title, quiet=quiet) for file, name in files]
    from folkmoot.assembly.ground import library_on
    from folkmoot.telemetry import configure_logging

    configure_logging(level="ERROR", file=settings.log_file, secrets=settings.secrets)
    async with library_on(settings) as library:
        return [await _keep(library, file, name, scope, title) for file, name in files]


def _is_served(home: Home) -> bool:
    owner = home.owner()
    return bool(os.environ.get("FOLKMOOT_URL") or (owner is not None and owner.url) or home.is_expected())


async def _keep(library: Any, file: Path, name: str, scope: str, title: str | None) -> dict[str, Any]:
    from folkmoot.reading import ReadingError
    from folkmoot.security.model import administrator

    try:
        # Whoever may write in the home may do everything in it.
        kept = await library.add(file, name=name, scope=scope, title=title or "", principal=administrator(), wait=None)
    except ReadingError as error:
        return {"name": name, "scope": scope, "status": "failed", "error": error.message}
    shown = ("document_id", "name", "title", "scope", "media_type", "size", "chunks", "version", "error", "sha256")
    return {**{field: getattr(kept, field) for field in shown}, "status": kept.status.value}


async def _send(caller: Caller, file: Path, name: str, scope: str, title: str | None, *, quiet: bool) -> dict[str, Any]:
    data = {"scope": scope, "name": name} | ({"title": title} if title else {})
    try:
        kept = await _upload(caller, file, data)
    except RefusedError as error:
        if error.fields.get("status") not in {HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}:
            raise
        return {"name": name, "scope": scope, "status": "failed", "error": error.message}
    while kept["status"] == "reading":
        if not quiet and sys.stderr.isatty():
            typer.echo(f"{name} is being read ...", err=True)
        await asyncio.sleep(_POLL_SECONDS)
        kept = await caller.call("GET", f"/api/knowledge/{kept['document_id']}")
    return dict(kept)


async def _upload(caller: Caller, file: Path, data: dict[str, str]) -> dict[str, Any]:
    while True:
        with file.open("rb") as body:
            try:
                kept: dict[str, Any] = await caller.call(
                    "POST",
                    "/api/knowledge",
                    params={"wait": _READ_WITHIN},
                    data=data,
                    files={"file": (file.name, body)},
                )
            except RefusedError as error:
                # Many files at once come faster than a server takes uploads from one person.
                if error.fields.get("status") != HTTPStatus.TOO_MANY_REQUESTS:
                    raise
            else:
                return kept
        await asyncio.sleep(_PATIENCE_SECONDS)


async def everything(caller: Caller, wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """Every document that fits, page after page."""
    found: list[dict[str, Any]] = []
    cursor: str | None = "0"
    while cursor is not None:
        page = await caller.call("GET", "/api/knowledge", params={**wanted, "limit": 500, "cursor": cursor})
        found += page["items"]
        cursor = page["next"]
    return found


async def meant(caller: Caller, wanted: str, scope: str | None) -> list[str]:
    """The ids that were meant: an id, or a name in a scope."""
    if scope is None:
        return [wanted]
    named = [one for one in await everything(caller, {"scope": scope, "text": wanted}) if one["name"] == wanted]
    if not named:
        raise NothingToAddError(
            f"there is no document {wanted} in {scope}; `folkmoot knowledge ls` shows what there is"
        )
    return [one["document_id"] for one in named]
