"""`folkmoot agent mail`: mailboxes, messages and their fates; dead letters tried again or dropped.

What is done to every dead letter at once is in `mail_all.py`.
"""

import json as json_
from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from folkmoot.cli.output import AsJson, as_json, fields, table

app = typer.Typer(
    help="Messages between agents: what waits, what became of each, what was given up on.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
MessageId = Annotated[str, typer.Argument(help="As `agent mail ls` shows it.")]
LetterId = Annotated[str | None, typer.Argument(help="As `agent mail dead` shows it; or --all.")]
Limit = Annotated[int, typer.Option(min=1, max=500, help="How many at most.")]
_PATH: Final = "/api/agents/messages"


class Status(StrEnum):
    """Where a message is."""

    QUEUED = "queued"
    IN_FLIGHT = "in_flight"
    HANDLED = "handled"
    DEAD = "dead"
    EXPIRED = "expired"


@app.command()
def stats(
    agent: Annotated[str | None, typer.Option(help="Only this agent's mailbox.")] = None, json: AsJson = False
) -> None:
    """Show the mailboxes, the fullest first: what waits, how long, and how fast it is handled."""
    found = _get(f"{_PATH}/stats", agent_id=agent)
    if json:
        as_json(found)
        return
    table(
        f"{found['queued']} waiting, the oldest for {found['oldest_seconds']:.0f} s; {found['dead']} dead letters",
        ("agent", "waiting", "in hand", "oldest s", "in/min", "done/min", "again/min", "s each", "dead"),
        (
            (
                one["agent_id"],
                one["queued"],
                one["in_flight"],
                f"{one['oldest_seconds']:.0f}",
                f"{one['accepted_per_minute']:.1f}",
                f"{one['handled_per_minute']:.1f}",
                f"{one['retried_per_minute']:.1f}",
                f"{one['handler_seconds']:.3f}",
                one["dead"],
            )
            for one in found["mailboxes"]
        ),
    )


@app.command()
def ls(
    agent: Annotated[str | None, typer.Option(help="Only messages from or to this agent.")] = None,
    status: Annotated[Status | None, typer.Option(help="Only those that are there.")] = None,
    conversation: Annotated[str | None, typer.Option(help="Only those of this conversation.")] = None,
    limit: Limit = 50,
    json: AsJson = False,
) -> None:
    """Show messages, the newest first."""
    page = _get(
        _PATH, agent_id=agent, status=status.value if status else None, conversation_id=conversation, limit=limit
    )
    if json:
        as_json(page)
        return
    shown, total = len(page["items"]), page["total"]
    more = "" if page["next"] is None else f" of {total}" if total is not None else ", and there are more"
    table(
        f"{shown} messages{more}",
        ("message", "from", "to", "intent", "priority", "status", "tries", "accepted", "error"),
        (
            (
                one["message"]["message_id"],
                one["message"]["sender_id"],
                one["message"]["recipient_id"],
                one["message"]["intent"],
                one["message"]["payload"]["priority"],
                one["status"],
                one["attempts"],
                one["accepted_at"],
                _first_line(one["error"]),
            )
            for one in page["items"]
        ),
    )


@app.command()
def show(message_id: MessageId, json: AsJson = False) -> None:
    """Show one message: its envelope, payload, fate and reply."""
    one = _get(f"{_PATH}/{message_id}")
    if json:
        as_json(one)
        return
    _print(one)


@app.command()
def dead(
    agent: Annotated[str | None, typer.Option(help="Only those in this agent's mailbox.")] = None,
    limit: Limit = 50,
    json: AsJson = False,
) -> None:
    """Show messages that were given up on, with the error, the newest first."""
    page = _get(f"{_PATH}/dead-letters", agent_id=agent, limit=limit)
    if json:
        as_json(page)
        return
    table(
        f"{page['total']} dead letters",
        ("message", "from", "to", "intent", "tries", "given up", "error"),
        (
            (
                one["message"]["message_id"],
                one["message"]["sender_id"],
                one["message"]["recipient_id"],
                one["message"]["intent"],
                one["attempts"],
                one["settled_at"],
                _first_line(one["error"]),
            )
            for one in page["items"]
        ),
    )


@app.command()
def retry(
    message_id: LetterId = None,
    all_: Annotated[bool, typer.Option("--all", help="Every dead letter that there is now.")] = False,
    agent: Annotated[str | None, typer.Option(help="With --all: only those in this agent's mailbox.")] = None,
    json: AsJson = False,
) -> None:
    """Deliver a dead letter again with fresh attempts, or all of them."""
    wanted = _meant(message_id, all_=all_, agent=agent)
    if wanted is None:
        from folkmoot.cli.mail_all import retry_all

        _told(retry_all(agent, quiet=json), "queued again", json=json)
        return
    done = _call("POST", f"{_PATH}/dead-letters/{wanted}/retry")
    if json:
        as_json(done)
    else:
        typer.echo(f"{wanted} waits for {done['message']['recipient_id']} again")


@app.command()
def drop(
    message_id: LetterId = None,
    all_: Annotated[bool, typer.Option("--all", help="Every dead letter that there is now.")] = False,
    agent: Annotated[str | None, typer.Option(help="With --all: only those in this agent's mailbox.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: AsJson = False,
) -> None:
    """Delete a dead letter for good, or all of them."""
    wanted = _meant(message_id, all_=all_, agent=agent)
    if not yes:
        whose = f" of {agent}" if agent else ""
        what = f"Every dead letter{whose}" if wanted is None else f"The dead letter {wanted}"
        typer.confirm(f"{what} is deleted for good. Go on?", abort=True)
    if wanted is None:
        from folkmoot.cli.mail_all import drop_all

        _told(drop_all(agent, quiet=json), "dropped", json=json)
        return
    _call("DELETE", f"{_PATH}/dead-letters/{wanted}")
    if json:
        as_json({"message_id": wanted, "dropped": True})
    else:
        typer.echo(f"{wanted} is dropped")


def _meant(message_id: str | None, *, all_: bool, agent: str | None) -> str | None:
    """The letter that was named, None for all; anything else is a wrong use."""
    if (message_id is None) != all_:
        raise typer.BadParameter("name one dead letter, or --all")
    if agent is not None and not all_:
        raise typer.BadParameter("--agent goes with --all")
    return message_id


def _told(outcome: dict[str, Any], verb: str, *, json: bool) -> None:
    if json:
        as_json(outcome)
    else:
        gone = f"; {outcome['gone']} were gone" if outcome["gone"] else ""
        typer.echo(f"{outcome['done']} {verb}{gone}")
        for one in outcome["refused"]:
            typer.echo(f"{one['message_id']}: {one['error']}", err=True)
    if outcome["refused"]:
        raise typer.Exit(1)


def _get(path: str, **query: Any) -> Any:
    return _call("GET", path, params={name: value for name, value in query.items() if value is not None})


def _call(method: str, path: str, **request: Any) -> Any:
    from folkmoot.cli.connection import Caller, with_workplace

    async def act(caller: Caller) -> Any:
        return await caller.call(method, path, **request)

    return with_workplace(act)


def _print(one: dict[str, Any]) -> None:
    message, reply = one["message"], one["reply"]
    payload = message["payload"]
    fields(
        message["message_id"],
        [
            ("from", message["sender_id"]),
            ("to", message["recipient_id"]),
            ("intent", message["intent"]),
            ("priority", payload["priority"]),
            ("status", one["status"]),
            ("attempts", str(one["attempts"])),
            ("error", one["error"]),
            ("accepted", one["accepted_at"]),
            ("settled", one["settled_at"]),
            ("expires", message["expires_at"]),
            ("conversation", message["conversation_id"]),
            ("correlation", message["correlation_id"]),
            ("answers", message["reply_to"]),
            ("trace", message["trace"]),
            ("data", _text(payload["data"])),
            ("context", _text(payload["context"])),
            ("attachments", str(len(payload["attachments"])) if payload["attachments"] else None),
            ("reply", _text(reply["payload"]["data"]) if reply else None),
        ],
    )


def _text(data: Any) -> str | None:
    return json_.dumps(data, ensure_ascii=False, indent=2) if data else None


def _first_line(error: str | None) -> str | None:
    return error.strip().splitlines()[0] if error and error.strip() else None
