"""`folkmoot task`: add, list, show, assign, decline, move."""

from datetime import datetime
from typing import Annotated, Any

import typer

from folkmoot.cli.output import AsJson, as_json, fields, table

app = typer.Typer(help="Tasks and who does them.", no_args_is_help=True, rich_markup_mode=None)
TaskId = Annotated[str, typer.Argument(help="As `task list` shows it.")]
UNASSIGNED_EXIT = 3


@app.command()
def add(
    title: Annotated[str, typer.Argument(help="What is to be done, in a line.")],
    description: Annotated[str, typer.Option(help="More about it.")] = "",
    task_type: Annotated[str, typer.Option("--type", help="A kind of work, as the workplace names it.")] = "General",
    priority: Annotated[int, typer.Option(min=1, max=10)] = 5,
    hours: Annotated[float, typer.Option(min=0.1, help="Estimated hours.")] = 1.0,
    deadline: Annotated[datetime | None, typer.Option(help="When it must be done (UTC).")] = None,
    skill: Annotated[list[str] | None, typer.Option(help="A required skill; can be repeated.")] = None,
    wait: Annotated[float, typer.Option(min=0, max=600, help="Seconds to wait for the distribution.")] = 60,
    json: AsJson = False,
) -> None:
    """Add a task; agents are consulted, negotiate, and one gets it."""
    from folkmoot.cli.connection import Caller, with_workplace

    body: dict[str, Any] = {
        "title": title,
        "description": description,
        "task_type": task_type,
        "priority": priority,
        "estimated_hours": hours,
        "required_skills": skill or [],
    }
    if deadline is not None:
        body["deadline"] = deadline.isoformat() + "Z"

    async def act(caller: Caller) -> Any:
        made = await caller.call("POST", "/api/tasks", params={"wait": wait}, json=body)
        return await caller.call("GET", f"/api/tasks/{made['task_id']}")

    task = with_workplace(act)
    as_json(task) if json else _print(task)
    if task["status"] == "unassigned":
        raise typer.Exit(UNASSIGNED_EXIT)


@app.command("list")
def list_(
    status: Annotated[str | None, typer.Option(help="pending, assigned, in_progress, completed, …")] = None,
    agent: Annotated[str | None, typer.Option(help="Only tasks of this agent.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    json: AsJson = False,
) -> None:
    """Show tasks, the newest first."""
    from folkmoot.cli.connection import Caller, with_workplace

    async def act(caller: Caller) -> Any:
        query = {"status": status, "agent": agent, "limit": limit}
        return await caller.call("GET", "/api/tasks", params={k: v for k, v in query.items() if v is not None})

    page = with_workplace(act)
    if json:
        as_json(page)
        return
    table(
        f"{len(page['items'])} of {page['total']} tasks",
        ("task", "title", "status", "owner", "priority"),
        (
            (one["task_id"], one["title"], one["status"], one["assigned_agent"], one["priority"])
            for one in page["items"]
        ),
    )


@app.command()
def show(task_id: TaskId, json: AsJson = False) -> None:
    """Show one task with its consultation and negotiation."""
    from folkmoot.cli.connection import Caller, with_workplace

    async def act(caller: Caller) -> Any:
        return await caller.call("GET", f"/api/tasks/{task_id}")

    task = with_workplace(act)
    as_json(task) if json else _print(task)


@app.command()
def assign(
    task_id: TaskId,
    agent_id: Annotated[str, typer.Argument(help="Who gets it.")],
    reason: Annotated[str, typer.Option(help="Why; it is learned from.")] = "",
) -> None:
    """Give a task to an agent by hand."""
    from folkmoot.cli.connection import Caller, with_workplace

    async def act(caller: Caller) -> Any:
        body = {"assigned_agent": agent_id, "reasoning": reason or None}
        return await caller.call("PUT", f"/api/tasks/{task_id}/assign", json=body)

    with_workplace(act)
    typer.echo(f"{task_id} is with {agent_id}")


@app.command()
def status(task_id: TaskId, state: Annotated[str, typer.Argument(help="in_progress, completed, cancelled, …")]) -> None:
    """Move a task on."""
    from folkmoot.cli.connection import Caller, with_workplace

    async def act(caller: Caller) -> Any:
        return await caller.call("PUT", f"/api/tasks/{task_id}/status", json={"status": state})

    with_workplace(act)
    typer.echo(f"{task_id} is {state}")


@app.command()
def decline(task_id: TaskId, reason: Annotated[str, typer.Option(help="Why; it is learned from.")] = "") -> None:
    """Hand a task back for its owner: the others negotiate again."""
    from folkmoot.cli.connection import Caller, with_workplace

    async def act(caller: Caller) -> Any:
        return await caller.call("POST", f"/api/tasks/{task_id}/decline", json={"reason": reason})

    with_workplace(act)
    typer.echo(f"{task_id} was handed back and is being distributed again")


def _print(task: dict[str, Any]) -> None:
    assignment = task.get("assignment") or {}
    fields(
        task["title"],
        [
            ("task", task["task_id"]),
            ("status", task["status"]),
            ("owner", task.get("assigned_agent")),
            ("helpers", ", ".join(assignment.get("helpers", []))),
            ("reasoning", assignment.get("reasoning")),
            ("why nobody", "; ".join((task.get("shortfall") or {}).get("reasons", []))),
            ("would help", "; ".join((task.get("shortfall") or {}).get("would_help", []))),
        ],
    )
    if task.get("consultation"):
        table(
            "consultation",
            ("agent", "can do", "confidence", "says"),
            ((one["agent"], one["can_do"], one["confidence"], one["message"]) for one in task["consultation"]),
        )
    for number, one in enumerate((task.get("negotiation") or {}).get("rounds", []), start=1):
        table(
            f"negotiation, round {number}",
            ("agent", "to", "stance", "says"),
            ((said["speaker"], said["to"], said["stance"], said["message"]) for said in one["messages"]),
        )
