"""`folkmoot twin`: look into an export, build a twin from it, show what was learned, forget."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from folkmoot.cli.output import AsJson, as_json, fields, table

app = typer.Typer(help="Digital twins and what they learned from.", no_args_is_help=True, rich_markup_mode=None)
Person = Annotated[str, typer.Argument(help="The person's name.")]
ExportFile = Annotated[Path, typer.Argument(help="An export: .txt, .zip, .csv, .jsonl, a git log or repository.")]
Platform = Annotated[str | None, typer.Option(help="whatsapp, linkedin, git, jsonl or csv; else recognised.")]
TimeZone = Annotated[str | None, typer.Option(help="Zone of the export's times, as in Europe/Berlin.")]
DateOrder = Annotated[str | None, typer.Option(help="dmy, mdy or ymd, where the file leaves it open.")]
Columns = Annotated[str | None, typer.Option(help="Named columns, as in author=who,text=body,ts=when.")]


@app.command()
def preview(
    file: ExportFile,
    platform: Platform = None,
    timezone: TimeZone = None,
    date_order: DateOrder = None,
    columns: Columns = None,
    json: AsJson = False,
) -> None:
    """Read an export without storing anything; needs no consent."""
    from itertools import islice

    from folkmoot.twins.importers import preview as read

    lines: Iterator[dict[str, Any]] = read(file, platform, _options(timezone, date_order, columns))
    if json:
        import orjson

        for line in lines:
            sys.stdout.buffer.write(orjson.dumps(line) + b"\n")
        return
    rows: list[dict[str, Any]] = []
    account: dict[str, Any] = {}
    for line in lines:
        if line["kind"] == "account":
            account = line
        elif len(rows) < 20:  # noqa: PLR2004  # a screenful
            rows.append(line)
    table(
        f"{file.name}, the first entries",
        ("when", "author", "kind", "text"),
        ((row["ts"], row["author"], row["kind"], row["text"][:100]) for row in islice(rows, 20)),
    )
    skipped = ", ".join(f"{count} {reason}" for reason, count in account["skipped"].items()) or "none"
    typer.echo(f"{account['total']} entries: {account['parsed']} parsed, skipped: {skipped}")


@app.command()
def setup(
    person: Person,
    email: Annotated[str, typer.Argument(help="Where the person is reached.")],
    platforms: Annotated[list[str] | None, typer.Argument(help="Platforms that the person permits.")] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="For how many days.")] = 365,
    json: AsJson = False,
) -> None:
    """Create the twin of PERSON and record a consent for each platform."""
    from folkmoot.cli.connection import Caller, with_workplace
    from folkmoot.cli.consent import request

    async def act(caller: Caller) -> Any:
        twin = await caller.call("POST", "/api/twins", json={"person": person, "email": email})
        purposes = ["import", "profile", "train", "chat"]
        granted = [
            await caller.call("POST", "/api/consents", json=request(person, email, platform, purposes, days))
            for platform in platforms or []
        ]
        return {"twin": twin, "consents": granted}

    done = with_workplace(act)
    if json:
        as_json(done)
        return
    typer.echo(f"the twin of {person} is agent {done['twin']['agent_id']}")
    for one in done["consents"]:
        typer.echo(f"consent for {one['platform']}: {one['consent_id']}, token (shown once): {one['token']}")


@app.command("import")
def import_(
    person: Person,
    file: ExportFile,
    platform: Platform = None,
    author: Annotated[
        str | None, typer.Option(help="Which name in the file is the person; else the same name.")
    ] = None,
    timezone: TimeZone = None,
    date_order: DateOrder = None,
    columns: Columns = None,
    json: AsJson = False,
) -> None:
    """Learn from an export; needs the person's consent for `import` on that platform."""
    from folkmoot.cli.importing import import_file

    result = import_file(
        person=person,
        file=file,
        form={
            "platform": platform,
            "author": author,
            "timezone": timezone,
            "date_order": date_order,
            "columns": columns,
        },
        quiet=json,
    )
    if json:
        as_json(result)
        return
    skipped = ", ".join(f"{count} {reason}" for reason, count in result["skipped"].items()) or "none"
    redacted = ", ".join(f"{count} {kind}" for kind, count in result["redactions"].items()) or "nothing"
    typer.echo(f"{result['messages']} messages imported ({result['own']} by {person}); skipped: {skipped}")
    typer.echo(f"redacted: {redacted}")
    for one in result["problems"]:
        typer.echo(f"note: {one}")


@app.command("list")
def list_(json: AsJson = False) -> None:
    """Show the twins."""
    from folkmoot.cli.connection import Caller, with_workplace

    async def act(caller: Caller) -> Any:
        return await caller.call("GET", "/api/twins")

    page = with_workplace(act)
    if json:
        as_json(page)
        return
    table(
        "twins",
        ("person", "agent", "messages", "own", "platforms"),
        (
            (one["person"], one["agent_id"], one["messages"], one["own_messages"], ", ".join(one["platforms"]))
            for one in page["items"]
        ),
    )


@app.command()
def profile(person: Person, json: AsJson = False) -> None:
    """Show what was learned of PERSON, with the messages that show it."""
    from folkmoot.cli.connection import Caller, with_workplace

    async def act(caller: Caller) -> Any:
        return await caller.call("GET", f"/api/twins/{person}/profile")

    learned = with_workplace(act)
    if json:
        as_json(learned)
        return
    for heading in ("style", "preferences", "decisions"):
        fields(f"{heading} of {person}", ((name, _shown(trait)) for name, trait in learned[heading].items()))
    table(
        "skills",
        ("skill", "level", "shown by"),
        ((one["name"], f"{one['level']:.2f}", f"{one['messages']} messages") for one in learned["skills"]),
    )


@app.command()
def forget(
    person: Person,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: AsJson = False,
) -> None:
    """Delete everything of PERSON, everywhere; prints the receipt."""
    from folkmoot.cli.connection import Caller, with_workplace

    if not yes:
        typer.confirm(f"Everything of {person} is deleted for good. Go on?", abort=True)

    async def act(caller: Caller) -> Any:
        return await caller.call("DELETE", f"/api/twins/{person}")

    receipt = with_workplace(act)
    if json:
        as_json(receipt)
        return
    fields(f"receipt: {person} is forgotten", receipt.items())


def _shown(trait: Any) -> str | None:
    """A measure with what it rests on, a greeting list, or the busiest hours."""
    if isinstance(trait, dict):
        return f"{trait['value']:.2f}  (from {trait['messages']} messages)"
    if isinstance(trait, list) and trait and isinstance(trait[0], dict):
        return ", ".join(f"{one['text']} ({one['messages']})" for one in trait)
    if isinstance(trait, list) and any(trait):
        busiest = sorted(range(len(trait)), key=lambda hour: -trait[hour])[:4]
        return "mostly at " + ", ".join(f"{hour:02d}h" for hour in sorted(busiest))
    return None


def _options(timezone: str | None, date_order: str | None, columns: str | None) -> Any:
    from folkmoot.twins.importers import ReadOptions

    return ReadOptions.of(timezone=timezone, date_order=date_order, columns=columns)
