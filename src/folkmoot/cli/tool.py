"""`folkmoot tool`: what agents may call, what they called, and what waits for a person's word."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from folkmoot.cli.output import AsJson, as_json, fields, table

app = typer.Typer(help="Tools of agents, and the log of their calls.", no_args_is_help=True, rich_markup_mode=None)
CallId = Annotated[str, typer.Argument(help="As `tool log` shows it.")]
Note = Annotated[str | None, typer.Option(help="Why; it is kept with the call.")]


class Said(StrEnum):
    """What became of a call."""

    HAPPENED = "happened"
    AGAIN = "again"
    DROP = "drop"


@app.command()
def ls(json: AsJson = False) -> None:
    """Show every tool, what it changes, and which agents may call it."""
    from folkmoot.cli.connection import Caller, with_workplace

    async def act(caller: Caller) -> Any:
        return await caller.call("GET", "/api/tools")

    found = with_workplace(act)
    if json:
        as_json(found)
        return
    table(
        f"{found['total']} tools",
        ("tool", "effect", "asks first", "from", "agents"),
        (
            (one["name"], one["effect"], "yes" if one["approval"] else "", one["source"], ", ".join(one["agents"]))
            for one in found["items"]
        ),
    )


@app.command()
def log(
    tool: Annotated[str, typer.Option(help="Only tools whose name begins so.")] = "",
    agent: Annotated[str | None, typer.Option(help="Only calls of this agent.")] = None,
    status: Annotated[str | None, typer.Option(help="started, succeeded, failed, unknown, skipped, …")] = None,
    since: Annotated[datetime | None, typer.Option(help="Only calls from then on (UTC).")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    json: AsJson = False,
) -> None:
    """Show calls, the newest first; `--status waiting` and `--status unknown` are those that wait for a person."""
    from folkmoot.cli.connection import Caller, with_workplace

    query: dict[str, Any] = {"action": f"tool_execution:{tool}", "agent_id": agent, "status": status, "limit": limit}
    if since is not None:
        query["since"] = since.isoformat() + "Z"

    async def act(caller: Caller) -> Any:
        return await caller.call("GET", "/api/logs", params={k: v for k, v in query.items() if v is not None})

    page = with_workplace(act)
    if json:
        as_json(page)
        return
    table(
        f"{len(page['items'])} of {page['total']} calls",
        ("call", "tool", "agent", "for", "status", "ms", "error"),
        (
            (
                one["call_id"],
                one["tool"],
                one["agent_id"],
                one["user_id"],
                one["status"],
                None if one["duration_ms"] is None else f"{one['duration_ms']:.0f}",
                one["error"],
            )
            for one in page["items"]
        ),
    )


@app.command()
def approve(call_id: CallId, note: Note = None, json: AsJson = False) -> None:
    """Let a call that waits be made now, once."""
    _print(_post(f"/api/approvals/{call_id}", {"decision": "approve", "note": note}), json=json)


@app.command()
def reject(call_id: CallId, note: Note = None, json: AsJson = False) -> None:
    """Let a call that waits never be made."""
    _print(_post(f"/api/approvals/{call_id}", {"decision": "reject", "note": note}), json=json)


@app.command()
def resolve(
    call_id: CallId,
    said: Annotated[Said, typer.Argument(help="It happened; it did not, do it again; or let it be.")],
    note: Note = None,
    json: AsJson = False,
) -> None:
    """Say what became of a call whose outcome is unknown."""
    _print(_post(f"/api/logs/{call_id}/resolve", {"resolution": said.value, "note": note}), json=json)


def _post(path: str, body: dict[str, Any]) -> dict[str, Any]:
    from folkmoot.cli.connection import Caller, with_workplace

    async def act(caller: Caller) -> Any:
        return await caller.call("POST", path, json=body)

    call: dict[str, Any] = with_workplace(act)
    return call


def _print(call: dict[str, Any], *, json: bool) -> None:
    if json:
        as_json(call)
        return
    fields(
        call["tool"],
        [
            ("call", call["call_id"]),
            ("agent", call["agent_id"]),
            ("for", call["user_id"]),
            ("status", call["status"]),
            ("result", call["result"]),
            ("error", call["error"]),
        ],
    )
