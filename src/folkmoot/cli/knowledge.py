"""`folkmoot knowledge`: hand documents over, list and delete them, search as an agent does, follow folders."""

from pathlib import Path
from typing import Annotated, Any

import typer

from folkmoot.cli.output import AsJson, as_json, table

app = typer.Typer(help="Documents that agents may search, by scope.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def add(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders with everything below them.")],
    scope: Annotated[str, typer.Option("--scope", "-s", help="Who may find it, as in marketing.")],
    title: Annotated[str | None, typer.Option(help="A title; else the one that the document gives itself.")] = None,
    json: AsJson = False,
) -> None:
    """Keep documents in a scope; the same name again replaces, the same content again changes nothing."""
    import asyncio

    from folkmoot.cli.adding import add_files, files_in

    done = asyncio.run(add_files(files_in(paths), scope=scope, title=title, quiet=json))
    if json:
        as_json(done)
    else:
        table(
            f"added to {scope}",
            ("document", "name", "chunks", "status"),
            ((one.get("document_id"), one["name"], one.get("chunks"), _state(one)) for one in done),
        )
    if any(one["status"] == "failed" for one in done):
        raise typer.Exit(1)


@app.command()
def ls(
    scope: Annotated[str | None, typer.Option(help="Only this scope.")] = None,
    text: Annotated[str, typer.Option(help="Only names with this in them.")] = "",
    json: AsJson = False,
) -> None:
    """Show the documents."""
    from folkmoot.cli.adding import everything
    from folkmoot.cli.connection import Caller, with_workplace

    async def act(caller: Caller) -> list[dict[str, Any]]:
        return await everything(caller, {"text": text} | ({"scope": scope} if scope else {}))

    found = with_workplace(act)
    if json:
        as_json(found)
        return
    table(
        f"{len(found)} documents",
        ("document", "name", "scope", "chunks", "status"),
        ((one["document_id"], one["name"], one["scope"], one["chunks"], _state(one)) for one in found),
    )


@app.command()
def rm(
    documents: Annotated[list[str], typer.Argument(help="Ids of documents, or their names with --scope.")],
    scope: Annotated[str | None, typer.Option(help="The scope in which a name is looked for.")] = None,
    json: AsJson = False,
) -> None:
    """Delete documents to the last word."""
    from folkmoot.cli.adding import meant
    from folkmoot.cli.connection import Caller, with_workplace

    async def act(caller: Caller) -> list[Any]:
        ids = [one for wanted in documents for one in await meant(caller, wanted, scope)]
        return [await caller.call("DELETE", f"/api/knowledge/{one}") for one in ids]

    gone = with_workplace(act)
    if json:
        as_json(gone)
        return
    for one in gone:
        typer.echo(f"deleted {one['document_id']} with {one['chunks']} chunks")


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    agent: Annotated[str | None, typer.Option(help="As this agent sees it.")] = None,
    role: Annotated[str | None, typer.Option(help="As somebody in this role sees it, as in CMO.")] = None,
    scope: Annotated[str | None, typer.Option(help="Only this scope.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many results at most.")] = 5,
    json: AsJson = False,
) -> None:
    """Search the documents."""
    from folkmoot.cli.connection import Caller, with_workplace

    wanted: dict[str, Any] = {"query": query, "limit": limit, "filters": {"scope": scope} if scope else {}}
    wanted |= {name: value for name, value in (("agent_id", agent), ("role", role)) if value}

    async def act(caller: Caller) -> Any:
        return await caller.call("POST", "/api/knowledge/search", json=wanted)

    found = with_workplace(act)
    if json:
        as_json(found)
        return
    if found["notice"]:
        typer.echo(found["notice"], err=True)
    for number, one in enumerate(found["results"], start=1):
        where = ", ".join(filter(None, (one["source"], one["heading"], f"page {one['page']}" if one["page"] else "")))
        typer.echo(f"{number}. {where} [{one['scope']}, {one['score']:.2f}]")
        typer.echo(f"   {' '.join(one['text'].split())[:400]}")
    if not found["results"]:
        typer.echo("nothing was found")


@app.command()
def scopes(json: AsJson = False) -> None:
    """Show the scopes and how much is in each."""
    from folkmoot.cli.connection import Caller, with_workplace

    async def act(caller: Caller) -> Any:
        return await caller.call("GET", "/api/knowledge/scopes")

    found = with_workplace(act)
    if json:
        as_json(found)
        return
    rows = ((one["scope"], one["documents"], one["chunks"]) for one in found["items"])
    table("scopes", ("scope", "documents", "chunks"), rows)


@app.command()
def sync(
    source: Annotated[str | None, typer.Argument(help="Only this folder; else every one.")] = None,
    json: AsJson = False,
) -> None:
    """Bring followed folders up to date now, and show how they are."""
    from folkmoot.cli.connection import Caller, with_workplace

    async def act(caller: Caller) -> list[Any]:
        page = await caller.call("GET", "/api/knowledge/sources")
        wanted = [source] if source else [one["source_id"] for one in page["items"]]
        return [await caller.call("POST", f"/api/knowledge/sources/{one}/sync") for one in wanted]

    done = with_workplace(act)
    if json:
        as_json(done)
        return
    if not done:
        typer.echo("no folder is followed; GDRIVE_CONFIG_PATH names folders of Google Drive")
        return
    rows = ((one["source_id"], one["documents"], one["failed"], one["error"]) for one in done)
    table("followed folders", ("source", "documents", "failed", "error"), rows)


def _state(one: dict[str, Any]) -> str:
    return f"{one['status']}: {one['error']}" if one.get("error") else str(one["status"])
