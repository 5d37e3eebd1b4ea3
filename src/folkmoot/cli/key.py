"""`folkmoot key`: API keys of programs; the key itself is printed once, when it is made."""

from typing import Annotated, Any

import typer

from folkmoot.cli.output import AsJson, as_json, table

app = typer.Typer(help="API keys of programs that act for somebody.", no_args_is_help=True, rich_markup_mode=None)
User = Annotated[str | None, typer.Option(help="Whose, by name or id; without it your own.")]


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="What it may, such as tasks:read; can be repeated; else all its user may.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=731, help="Days until it ends.")] = 90,
    user: User = None,
    json: AsJson = False,
) -> None:
    """Make a key and print it, once."""
    from folkmoot.cli.connection import Caller, with_workplace
    from folkmoot.cli.user import find

    async def act(caller: Caller) -> Any:
        body: dict[str, Any] = {"name": name, "scopes": scope or None, "expires_in_days": days}
        if user is not None:
            body["user_id"] = (await find(caller, user))["user_id"]
        return await caller.call("POST", "/api/keys", json=body)

    made = with_workplace(act)
    if json:
        as_json(made)
        return
    typer.echo(f"key {made['key_id']} for {made['name']}, until {made['expires_at']}")
    typer.echo(f"shown once: {made['key']}")


@app.command("ls")
def list_(
    user: User = None,
    everybody: Annotated[bool, typer.Option("--all", help="Everybody's.")] = False,
    json: AsJson = False,
) -> None:
    """Show keys by their beginning, the newest first."""
    from folkmoot.cli.connection import Caller, with_workplace
    from folkmoot.cli.user import find

    async def act(caller: Caller) -> Any:
        query: dict[str, Any] = {"limit": 500}
        if everybody:
            query["user_id"] = "*"
        elif user is not None:
            query["user_id"] = (await find(caller, user))["user_id"]
        return await caller.call("GET", "/api/keys", params=query)

    page = with_workplace(act)
    if json:
        as_json(page)
        return
    table(
        f"{len(page['items'])} of {page['total']} keys",
        ("key", "name", "user", "scopes", "until", "last used"),
        (
            (
                one["key_id"],
                one["name"],
                one["user_id"],
                ", ".join(one["scopes"]) if one["scopes"] else "all",
                f"{one['expires_at'][:10]}{' (expired)' if one['expired'] else ''}",
                (one["last_used_at"] or "")[:16],
            )
            for one in page["items"]
        ),
    )


@app.command()
def rm(key_id: Annotated[str, typer.Argument(help="As `key ls` shows it.")]) -> None:
    """Revoke a key; what uses it is turned away at once."""
    from folkmoot.cli.connection import Caller, with_workplace

    async def act(caller: Caller) -> Any:
        return await caller.call("DELETE", f"/api/keys/{key_id}")

    with_workplace(act)
    typer.echo(f"{key_id} is revoked")
