"""The upload behind `folkmoot twin import`: a progress bar, and questions where the file leaves something open."""

import asyncio
import json
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import typer

from folkmoot.cli.connection import Caller, RefusedError, with_workplace
from folkmoot.kernel import FolkmootError

# The problems that a person at the terminal can solve by one answer: code → (form field, question).
QUESTIONS = {
    "ambiguous_dates": ("date_order", "Do its dates have the day first or the month first? (dmy/mdy)"),
    "author_needed": ("author", "Which name in the file is {person}?"),
}


class NoSuchFileError(FolkmootError):
    """There is no file of that name."""

    code = "no_such_file"


def import_file(*, person: str, file: Path, form: Mapping[str, str | None], quiet: bool) -> Any:
    """Upload `file` for `person` and return the import's result; asks at a terminal what the file leaves open."""
    if not file.exists():
        raise NoSuchFileError(f"there is no file {file}")
    given = dict(form)
    while True:
        try:
            return with_workplace(lambda caller: _upload(caller, person, file, given, quiet=quiet))
        except RefusedError as error:
            problem = error.fields.get("problem")
            kind = str(problem.get("type", "")).rsplit("/", 1)[-1] if isinstance(problem, dict) else ""
            if quiet or kind not in QUESTIONS or not sys.stdin.isatty():
                raise
            field, question = QUESTIONS[kind]
            typer.echo(error.message)
            given[field] = typer.prompt(question.format(person=person))


async def _upload(caller: Caller, person: str, file: Path, form: Mapping[str, str | None], *, quiet: bool) -> Any:
    data = {name: value for name, value in form.items() if value is not None}
    with tempfile.TemporaryDirectory() as folder:
        sent = await asyncio.to_thread(_as_one_file, file, Path(folder))
        with sent.open("rb") as body:
            upload = asyncio.create_task(
                caller.call("POST", f"/api/twins/{person}/imports", data=data, files={"file": (sent.name, body)})
            )
            if not quiet and sys.stderr.isatty():
                await _show_progress(caller, person, upload)
            return await upload


def _as_one_file(file: Path, folder: Path) -> Path:
    """A repository is sent as its log, another folder as one archive."""
    if not file.is_dir():
        return file
    if (file / ".git").exists() or (file / "HEAD").is_file():
        from folkmoot.twins.importers import dump_repository

        return dump_repository(file, folder / f"{file.name or 'repository'}.log")
    packed = folder / f"{file.name}.tar.gz"
    with tarfile.open(packed, "w:gz") as archive:
        archive.add(file, arcname=file.name)
    return packed


async def _show_progress(caller: Caller, person: str, upload: "asyncio.Task[Any]") -> None:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("importing"), BarColumn(), TextColumn("{task.fields[said]}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("import", total=None, said="uploading")
        while not upload.done():
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(asyncio.shield(upload), 0.3)
                return
            with suppress(RefusedError, json.JSONDecodeError):
                page = await caller.call("GET", f"/api/twins/{person}/imports", params={"limit": 1})
                if page["items"] and page["items"][0]["state"] == "running":
                    one = page["items"][0]
                    progress.update(bar, said=f"{one['messages']} messages")
