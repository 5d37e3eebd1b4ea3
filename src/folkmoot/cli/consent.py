"""`folkmoot consent`: grant, list, revoke."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from folkmoot.cli.output import AsJson, as_json, table

app = typer.Typer(help="What a person permitted: grant, list, revoke.", no_args_is_help=True, rich_markup_mode=None)
DEFAULT_DAYS = 365


@app.command()
def grant(
    person: Annotated[str, typer.Argument(help="The person's name.")],
    email: Annotated[
        str | None, typer.Argument(help="Where the person is reached; else as at the last consent.")
    ] = None,
    *,
    platform: Annotated[str, typer.Option(help="whatsapp, linkedin, git, jsonl or csv.")],
    purpose: Annotated[
        list[str], typer.Option(help="import, profile, train, chat or remote_model; can be repeated.")
    ] = ["import", "profile"],  # noqa: B006  # typer copies it
    days: Annotated[int, typer.Option(min=1, max=3650, help="For how many days.")] = DEFAULT_DAYS,
    json: AsJson = False,
) -> None:
    """Record that PERSON permits these purposes for one platform; prints the token, once."""
    from folkmoot.cli.connection import Caller, with_workplace

    async def act(caller: Caller) -> Any:
        return await caller.call("POST", "/api/consents", json=request(person, email, platform, purpose, days))

    granted = with_workplace(act)
    if json:
        as_json(granted)
        return
    typer.echo(f"{person} permits {', '.join(granted['purposes'])} for {platform} until {granted['expires_at']}")
    typer.echo(f"consent {granted['consent_id']}, token (shown once): {granted['token']}")


@app.command("list")
def list_(
    person: Annotated[str | None, typer.Argument(help="Only this person's.")] = None, json: AsJson = False
) -> None:
    """Show consents."""
    from folkmoot.cli.connection import Caller, with_workplace

    async def act(caller: Caller) -> Any:
        query = {"person": person} if person else {}
        return await caller.call("GET", "/api/consents", params=query)

    page = with_workplace(act)
    if json:
        as_json(page)
        return
    table(
        "consents",
        ("consent", "person", "platform", "purposes", "state", "expires"),
        (
            (
                one["consent_id"],
                one["person"],
                one["platform"],
                ", ".join(one["purposes"]),
                one["status"],
                one["expires_at"],
            )
            for one in page["items"]
        ),
    )


@app.command()
def revoke(consent_id: Annotated[str, typer.Argument(help="As `consent list` shows it.")]) -> None:
    """Withdraw a consent: what was learned under it is deleted at once."""
    from folkmoot.cli.connection import Caller, with_workplace

    async def act(caller: Caller) -> Any:
        return await caller.call("DELETE", f"/api/consents/{consent_id}")

    with_workplace(act)
    typer.echo(f"revoked {consent_id}; what was imported under it is deleted")


def request(person: str, email: str | None, platform: str, purposes: list[str], days: int) -> dict[str, object]:
    expires = datetime.now(UTC) + timedelta(days=days)
    return {
        "person": person,
        "email": email,
        "platform": platform,
        "purposes": purposes,
        "expires_at": expires.isoformat(),
    }
