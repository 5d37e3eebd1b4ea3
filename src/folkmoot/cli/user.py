"""`folkmoot user`: who may come in, and as what.

Passwords are asked for or read from a file, never taken as arguments: those stand in the list of processes and in the
shell's history.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from folkmoot.cli.output import AsJson, as_json, fields, table

app = typer.Typer(help="Accounts: who may come in, and as what.", no_args_is_help=True, rich_markup_mode=None)
Who = Annotated[str, typer.Argument(help="A user's name or id.")]
PasswordFile = Annotated[Path | None, typer.Option("--password-file", help="A file that holds the password.")]
A_PAGE = 500


class Role(StrEnum):
    """What a user may do."""

    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What the user is called, and signs in as.")],
    role: Annotated[Role, typer.Option(help="admin may everything, a viewer changes nothing.")] = Role.MEMBER,
    email: Annotated[str, typer.Option(help="Where the user is reached.")] = "",
    person: Annotated[str | None, typer.Option(help="The person whose twin is theirs.")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="A scope of knowledge; can be repeated; * is all.")] = None,
    password_file: PasswordFile = None,
    no_password: Annotated[bool, typer.Option("--no-password", help="Keys alone open this account.")] = False,
    json: AsJson = False,
) -> None:
    """Make an account; asks for a password unless a file holds it."""
    from folkmoot.cli.connection import Caller, with_workplace

    body: dict[str, Any] = {
        "name": name,
        "role": role.value,
        "email": email,
        "person": person,
        "knowledge_scopes": None if scope == ["*"] else scope or [],
        "password": None if no_password else _password(password_file),
    }

    async def act(caller: Caller) -> Any:
        return await caller.call("POST", "/api/users", json=body)

    made = with_workplace(act)
    as_json(made) if json else _print(made)


@app.command("ls")
def list_(json: AsJson = False) -> None:
    """Show all accounts."""
    from folkmoot.cli.connection import with_workplace

    found = with_workplace(everybody)
    if json:
        as_json({"items": found, "total": len(found)})
        return
    table(
        f"{len(found)} users",
        ("user", "name", "role", "twin of", "state"),
        (
            (one["user_id"], one["name"], one["role"], one["person"], "disabled" if one["disabled"] else "")
            for one in found
        ),
    )


@app.command("set-role")
def set_role(who: Who, role: Annotated[Role, typer.Argument(help="admin, member or viewer.")]) -> None:
    """Give an account another role; it holds with its next request."""
    _change(who, {"role": role.value}, said=f"is {role.value} now")


@app.command("set-person")
def set_person(
    who: Who,
    person: Annotated[str | None, typer.Argument(help="The person whose twin is theirs; none: nobody's.")] = None,
) -> None:
    """Say whose twin belongs to an account."""
    _change(who, {"person": person}, said=f"owns the twin of {person}" if person else "owns no twin")


@app.command()
def disable(who: Who, undo: Annotated[bool, typer.Option("--undo", help="Enable it again.")] = False) -> None:
    """Shut an account: whatever it is signed in with ends at once."""
    _change(who, {"disabled": not undo}, said="is enabled" if undo else "is disabled")


@app.command()
def passwd(who: Who, password_file: PasswordFile = None) -> None:
    """Set an account's password; its sign-ins end."""
    _change(who, {"password": _password(password_file)}, said="has another password")


@app.command()
def rm(who: Who, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Remove an account with its keys; what it made stays."""
    from folkmoot.cli.connection import Caller, with_workplace

    if not yes:
        typer.confirm(f"Remove the account {who} with all its keys?", abort=True)

    async def act(caller: Caller) -> Any:
        user = await find(caller, who)
        await caller.call("DELETE", f"/api/users/{user['user_id']}")
        return user

    typer.echo(f"{with_workplace(act)['name']} is removed")


async def everybody(caller: Any) -> list[dict[str, Any]]:
    """Every account, by name."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        query = {"limit": A_PAGE} | ({"cursor": cursor} if cursor else {})
        page = await caller.call("GET", "/api/users", params=query)
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            return found


async def find(caller: Any, who: str) -> dict[str, Any]:
    """The account of this id or name; raises `RefusedError`."""
    from folkmoot.cli.connection import RefusedError

    wanted = " ".join(who.split()).casefold()
    for one in await everybody(caller):
        if one["user_id"] == who or one["name"].casefold() == wanted:
            return one
    raise RefusedError(f"there is no user {who}; `folkmoot user ls` shows those there are")


def _change(who: str, changes: dict[str, Any], *, said: str) -> None:
    from folkmoot.cli.connection import Caller, with_workplace

    async def act(caller: Caller) -> Any:
        user = await find(caller, who)
        return await caller.call("PATCH", f"/api/users/{user['user_id']}", json=changes)

    typer.echo(f"{with_workplace(act)['name']} {said}")


def _password(file: Path | None) -> str:
    if file is None:
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{file} cannot be read: {error}", param_hint="--password-file") from error


def _print(user: dict[str, Any]) -> None:
    fields(
        user["name"],
        (
            ("id", user["user_id"]),
            ("role", user["role"]),
            ("e-mail", user["email"]),
            ("twin of", user["person"]),
            ("knowledge", "all" if user["knowledge_scopes"] is None else ", ".join(user["knowledge_scopes"])),
        ),
    )
