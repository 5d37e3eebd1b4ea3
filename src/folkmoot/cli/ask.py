"""`folkmoot ask`: one question to one agent, and its answer."""

from typing import Annotated, Any

import typer

from folkmoot.cli.output import AsJson, as_json
from folkmoot.kernel import FolkmootError


def ask(
    agent: Annotated[str, typer.Argument(help="An agent's id, type or role.")],
    question: Annotated[str, typer.Argument(help="What to ask.")],
    json: AsJson = False,
) -> None:
    """Ask an agent and print what it answers, with its sources."""
    from folkmoot.cli.connection import Caller, with_workplace

    async def act(caller: Caller) -> Any:
        body = {"agent_type": agent, "input_data": {"message": question}}
        return await caller.call("POST", "/api/agents/invoke", json=body)

    said = with_workplace(act)
    if json:
        as_json(said)
        return
    if said["status"] != "success":
        raise FolkmootError(f"{said['agent_id']} did not answer: {said['error']}")
    typer.echo(said["result"].get("answer") or "")
    sources = list(dict.fromkeys(one["source"] for one in said["result"].get("sources", [])))
    if sources:
        typer.echo("\nsources:")
    for source in sources:
        typer.echo(f"- {source}")
