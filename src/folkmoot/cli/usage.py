"""`folkmoot usage`: what models used and cost, and the budgets that bound it."""

from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from folkmoot.cli.output import AsJson, as_json, table

app = typer.Typer(help="What models used and cost, and budgets.", invoke_without_command=True, rich_markup_mode=None)


@app.callback()
def show(
    context: typer.Context,
    by: Annotated[str, typer.Option(help="model, agent, user, day, conversation, workflow or kind.")] = "model",
    days: Annotated[int, typer.Option(min=1, max=3650, help="How many days back, today included.")] = 30,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    json: AsJson = False,
) -> None:
    """What models used and cost, and budgets. Without a command: use, summed by model, agent, user or day."""
    if context.invoked_subcommand is not None:
        return
    from folkmoot.cli.connection import Caller, with_workplace
    from folkmoot.kernel import SystemClock

    midnight = SystemClock().now().replace(hour=0, minute=0, second=0, microsecond=0)
    query = {"group_by": by, "since": _from(midnight, days), "limit": limit}

    async def act(caller: Caller) -> Any:
        return await caller.call("GET", "/api/usage", params=query)

    found = with_workplace(act)
    if json:
        as_json(found)
        return
    table(
        f"use of models in {days} days, by {by}",
        (by, "requests", "tokens in", "tokens out", "cost (USD)", "seconds", "failed"),
        (_row(one["key"] or "(nobody)", one) for one in found["items"]),
    )
    typer.echo(f"in all: {' · '.join(_whole(found['whole']))}")


@app.command()
def budgets(json: AsJson = False) -> None:
    """Show every budget and what is left of it."""
    from folkmoot.cli.connection import Caller, with_workplace

    async def act(caller: Caller) -> Any:
        return await caller.call("GET", "/api/usage/budgets")

    found = with_workplace(act)
    if json:
        as_json(found)
        return
    table(
        f"{found['total']} budgets",
        ("budget", "bounds", "used"),
        ((one["budget_id"], one["name"], _used(one)) for one in found["items"]),
    )


@app.command("set-budget")
def set_budget(
    subject: Annotated[str, typer.Argument(help="workplace, user, agent or model.")],
    subject_id: Annotated[str, typer.Argument(help="Which one; nothing for the workplace.")] = "",
    period: Annotated[str, typer.Option(help="day, month or total.")] = "day",
    tokens: Annotated[int | None, typer.Option(min=0, help="Input and output together.")] = None,
    usd: Annotated[float | None, typer.Option(min=0, help="What it may cost, in USD.")] = None,
    json: AsJson = False,
) -> None:
    """Bound what a user, an agent, a model or the workplace may use in a period."""
    from folkmoot.cli.connection import Caller, with_workplace

    body = {"subject": subject, "subject_id": subject_id, "period": period, "tokens": tokens, "cost_usd": usd}

    async def act(caller: Caller) -> Any:
        return await caller.call("PUT", "/api/usage/budgets", json=body)

    kept = with_workplace(act)
    as_json(kept) if json else typer.echo(f"{kept['name']}: {kept['share']:.0%} used")


@app.command("lift-budget")
def lift_budget(budget_id: Annotated[str, typer.Argument(help="As `usage budgets` shows it.")]) -> None:
    """Take a budget away."""
    from folkmoot.cli.connection import Caller, with_workplace

    async def act(caller: Caller) -> Any:
        return await caller.call("DELETE", f"/api/usage/budgets/{budget_id}")

    with_workplace(act)
    typer.echo(f"{budget_id} was lifted")


def _from(midnight: datetime, days: int) -> str:
    return (midnight - timedelta(days=days - 1)).isoformat()


def _row(name: str, one: dict[str, Any]) -> tuple[object, ...]:
    cost = f"{one['cost_usd']:.4f}" + (" + unknown" if one["unpriced_requests"] else "")
    return (
        name,
        one["requests"],
        one["input_tokens"],
        one["output_tokens"],
        cost,
        one["seconds"],
        one["failed_requests"],
    )


def _whole(one: dict[str, Any]) -> list[str]:
    said = [f"{one['requests']} requests", f"{one['total_tokens']:,} tokens", f"{one['cost_usd']:.4f} USD"]
    if one["unpriced_requests"]:
        said.append(f"{one['unpriced_requests']} requests whose price is not known")
    return said


def _used(one: dict[str, Any]) -> str:
    said = [f"{one['used_tokens']:,} tokens"] if one["tokens"] is not None else []
    said += [f"{one['used_cost_usd']:.4f} USD"] if one["cost_usd"] is not None else []
    return f"{one['share']:.0%}: {', '.join(said)}"
