"""`folkmoot db`: the schema of the database, up and down."""

import asyncio
from typing import Annotated

import typer

app = typer.Typer(help="The database schema.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def upgrade(revision: Annotated[str, typer.Argument(help="Up to this revision.")] = "head") -> None:
    """Bring the schema up to date (`serve` does so by itself)."""
    from folkmoot.assembly import load_settings
    from folkmoot.assembly.schema import current_revision
    from folkmoot.assembly.schema import upgrade as apply
    from folkmoot.assembly.workplace import on_database

    async def act() -> str | None:
        async with on_database(load_settings()) as database:
            await apply(database, revision)
            return await current_revision(database)

    typer.echo(f"the schema is at {asyncio.run(act())}")


@app.command()
def downgrade(
    revision: Annotated[
        str, typer.Argument(help="Down to this revision; `base` drops everything, `-1` goes one back.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take the schema back; the data of dropped tables is lost."""
    from folkmoot.assembly import load_settings
    from folkmoot.assembly.schema import current_revision
    from folkmoot.assembly.schema import downgrade as apply
    from folkmoot.assembly.workplace import on_database

    if not yes:
        typer.confirm("Data of dropped tables is lost. Go on?", abort=True)

    async def act() -> str | None:
        async with on_database(load_settings()) as database:
            await apply(database, revision)
            return await current_revision(database)

    typer.echo(f"the schema is at {asyncio.run(act()) or 'nothing'}")


@app.command()
def current() -> None:
    """Print the revision that the schema is at."""
    from folkmoot.assembly import load_settings
    from folkmoot.assembly.schema import current_revision
    from folkmoot.assembly.workplace import on_database

    async def act() -> str | None:
        async with on_database(load_settings(), own=False) as database:
            return await current_revision(database)

    typer.echo(asyncio.run(act()) or "nothing")
