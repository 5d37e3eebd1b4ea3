"""`folkmoot agent`: who is here, who is free, and agents in a process of their own. Their mail is in `mail.py`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from folkmoot.cli import mail
from folkmoot.cli.output import AsJson, as_json, fields, table

app = typer.Typer(help="Agents: who is here and free.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(mail.app, name="mail")
AgentId = Annotated[str, typer.Argument(help="As `agent list` shows it.")]


@app.command("list")
def list_(
    role: Annotated[str | None, typer.Option()] = None,
    capability: Annotated[str | None, typer.Option()] = None,
    online_only: Annotated[bool, typer.Option("--online")] = False,
    json: AsJson = False,
) -> None:
    """Show the agents."""
    from folkmoot.cli.connection import Caller, with_workplace

    async def act(caller: Caller) -> Any:
        query = {"role": role, "capability": capability, "online_only": online_only or None}
        return await caller.call("GET", "/api/agents", params={k: v for k, v in query.items() if v is not None})

    found = with_workplace(act)
    if json:
        as_json(found)
        return
    table(
        f"{found['total']} agents",
        ("agent", "name", "role", "status", "availability", "load"),
        (
            (
                one["agent_id"],
                one["name"],
                one["role"],
                one["status"],
                one["availability_status"],
                f"{one['current_workload']}/{one['max_capacity']}",
            )
            for one in found["agents"]
        ),
    )


@app.command()
def show(agent_id: AgentId, json: AsJson = False) -> None:
    """Show one agent."""
    from folkmoot.cli.connection import Caller, with_workplace

    async def act(caller: Caller) -> Any:
        return await caller.call("GET", f"/api/agents/{agent_id}")

    one = with_workplace(act)
    if json:
        as_json(one)
        return
    fields(one["name"], one.items())


@app.command()
def availability(
    agent_id: AgentId,
    state: Annotated[str, typer.Argument(help="available, busy, away or offline.")],
    max_capacity: Annotated[int | None, typer.Option(min=0, help="How many tasks at a time.")] = None,
) -> None:
    """Say whether an agent may get work."""
    from folkmoot.cli.connection import Caller, with_workplace

    body: dict[str, Any] = {"availability_status": state}
    if max_capacity is not None:
        body["max_capacity"] = max_capacity

    async def act(caller: Caller) -> Any:
        return await caller.call("PUT", f"/api/agents/{agent_id}/availability", json=body)

    with_workplace(act)
    typer.echo(f"{agent_id} is {state}")


@app.command()
def silence(
    agent_id: AgentId,
    reason: Annotated[str, typer.Option(help="Why; it stands in the registry.")] = "silenced by command",
    json: AsJson = False,
) -> None:
    """Silence an agent at once: no mail, no tools; what it has in hand is cut off and waits."""
    from folkmoot.cli.connection import Caller, with_workplace

    async def act(caller: Caller) -> Any:
        return await caller.call("POST", f"/api/agents/{agent_id}/silence", json={"reason": reason})

    done = with_workplace(act)
    if json:
        as_json(done)
    else:
        typer.echo(f"{done['name']} is silenced: {done['reason']}")


@app.command()
def unsilence(agent_id: AgentId, json: AsJson = False) -> None:
    """Let a silenced agent speak again; the mail that waited comes to it."""
    from folkmoot.cli.connection import Caller, with_workplace

    async def act(caller: Caller) -> Any:
        return await caller.call("DELETE", f"/api/agents/{agent_id}/silence")

    done = with_workplace(act)
    if json:
        as_json(done)
    else:
        typer.echo(f"{done['name']} may speak again")


@app.command()
def reload() -> None:
    """Read the workplace file again: who is new joins, who is gone leaves, who is changed is replaced."""
    from folkmoot.cli.connection import Caller, with_workplace

    async def act(caller: Caller) -> Any:
        return await caller.call("POST", "/api/initialize")

    agents = with_workplace(act)["agents"]
    typer.echo(f"{agents['manager'] or 'nobody'} manages {', '.join(agents['workers']) or 'nobody'}")


@app.command()
def run(
    file: Annotated[Path, typer.Argument(help='workplace.yaml, or the JSON form {"agents": [...]}.')],
    only: Annotated[str, typer.Option(help="Ids of the agents to host, separated by commas; all without it.")] = "",
) -> None:
    """Host the agents of a file in this process, over Redis, until it is told to end; then they drain."""
    from folkmoot.assembly import load_settings
    from folkmoot.assembly.hosting import run_agents

    named = [one for one in (part.strip() for part in only.split(",")) if one]
    run_agents(file, only=named, settings=load_settings(), tell=typer.echo)
