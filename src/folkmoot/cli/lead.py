"""`folkmoot lead`: submit, ls, show, analyze, set-status, rm, restore."""

from typing import Annotated, Any

import typer

from folkmoot.cli.output import AsJson, as_json, fields, table

app = typer.Typer(help="Leads: who asked for what, and how serious it is.", no_args_is_help=True, rich_markup_mode=None)
LeadId = Annotated[str, typer.Argument(help="As `lead ls` shows it.")]


@app.command()
def submit(
    name: Annotated[str, typer.Argument(help="Who wrote.")],
    email: Annotated[str, typer.Argument(help="Their address.")],
    message: Annotated[str, typer.Argument(help="What they wrote; - reads it from the standard input.")] = "",
    company: Annotated[str | None, typer.Option()] = None,
    phone: Annotated[str | None, typer.Option()] = None,
    service: Annotated[list[str] | None, typer.Option(help="A service asked for; can be repeated.")] = None,
    budget: Annotated[str | None, typer.Option(help="As they said it, such as 50000-80000.")] = None,
    timeline: Annotated[str | None, typer.Option(help="As they said it, such as '3 months'.")] = None,
    source: Annotated[str, typer.Option(help="Where it came from.")] = "command line",
    analyze: Annotated[bool, typer.Option(help="Analyse it at once.")] = True,
    respond: Annotated[bool, typer.Option(help="Send a confirmation to whoever wrote.")] = False,
    json: AsJson = False,
) -> None:
    """Keep a lead, and analyse it."""
    from folkmoot.cli.connection import Caller, with_workplace

    text = typer.get_text_stream("stdin").read() if message == "-" else message
    data = {
        "name": name,
        "email": email,
        "company": company,
        "phone": phone,
        "message": text,
        "services_interested": service or [],
        "budget_range": budget,
        "timeline": timeline,
        "source": source,
    }

    async def act(caller: Caller) -> Any:
        body = {"lead_data": data, "analyze": analyze, "auto_respond": respond}
        made = await caller.call("POST", "/api/leads/submit", json=body)
        return await caller.call("GET", f"/api/leads/{made['lead_id']}")

    lead = with_workplace(act)
    as_json(lead) if json else _print(lead)


@app.command()
def ls(
    status: Annotated[str | None, typer.Option(help="new, contacted, qualified, proposal, won or lost.")] = None,
    priority: Annotated[str | None, typer.Option(help="high, medium or low.")] = None,
    source: Annotated[str | None, typer.Option()] = None,
    min_score: Annotated[float | None, typer.Option(min=0, max=100)] = None,
    search: Annotated[str | None, typer.Option(help="Part of a name, company or address.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    json: AsJson = False,
) -> None:
    """Show leads, the newest first."""
    from folkmoot.cli.connection import Caller, with_workplace

    query = {
        "status": status,
        "priority": priority,
        "source": source,
        "min_score": min_score,
        "q": search,
        "limit": limit,
    }

    async def act(caller: Caller) -> Any:
        return await caller.call("GET", "/api/leads", params={k: v for k, v in query.items() if v is not None})

    page = with_workplace(act)
    if json:
        as_json(page)
        return
    table(
        f"{len(page['items'])} of {page['total']} leads",
        ("lead", "name", "company", "status", "score", "priority"),
        (
            (
                one["lead_id"],
                one["lead_data"]["name"],
                one["lead_data"]["company"],
                one["status"],
                one["score"],
                one["priority"],
            )
            for one in page["items"]
        ),
    )


@app.command()
def show(lead_id: LeadId, json: AsJson = False) -> None:
    """Show one lead: what was said, its score with the reasons, and what happened to it."""
    lead = _call("GET", lead_id)
    as_json(lead) if json else _print(lead)


@app.command()
def analyze(lead_id: LeadId, json: AsJson = False) -> None:
    """Analyse a lead anew."""
    analysis = _call("POST", lead_id, "/analyze")
    as_json(analysis) if json else _print(_call("GET", lead_id))


@app.command("set-status")
def set_status(
    lead_id: LeadId,
    status: Annotated[str, typer.Argument(help="contacted, qualified, proposal, won or lost; one step at a time.")],
    note: Annotated[str | None, typer.Option(help="Kept in the history.")] = None,
) -> None:
    """Move a lead on."""
    lead = _call("PATCH", lead_id, json={"status": status, "note": note})
    typer.echo(f"{lead_id} is {lead['status']}")


@app.command()
def note(lead_id: LeadId, text: Annotated[str, typer.Argument(help="What to keep in the history.")]) -> None:
    """Put a note to a lead."""
    _call("PATCH", lead_id, json={"note": text})
    typer.echo("kept")


@app.command()
def rm(lead_id: LeadId) -> None:
    """Delete a lead; it can be brought back for a week."""
    gone = _call("DELETE", lead_id)
    typer.echo(f"deleted; until {gone['restorable_until']} `folkmoot lead restore {lead_id}` brings it back")


@app.command()
def restore(lead_id: LeadId) -> None:
    """Bring a deleted lead back."""
    _call("POST", lead_id, "/restore")
    typer.echo(f"{lead_id} is back")


def _call(method: str, lead_id: str, below: str = "", **request: Any) -> Any:
    from urllib.parse import quote

    from folkmoot.cli.connection import Caller, with_workplace

    async def act(caller: Caller) -> Any:
        return await caller.call(method, f"/api/leads/{quote(lead_id, safe='')}{below}", **request)

    return with_workplace(act)


def _print(lead: dict[str, Any]) -> None:
    data, analysis = lead["lead_data"], lead["analysis"] or {}
    score, value = analysis.get("lead_score") or {}, analysis.get("estimated_value") or {}
    fields(
        data["name"],
        [
            ("lead", lead["lead_id"]),
            ("status", lead["status"]),
            ("email", data["email"]),
            ("company", data["company"]),
            ("phone", data["phone"]),
            ("message", data["message"]),
            ("score", f"{score['score']:g} of 100, {score['priority']} priority" if score else "not analysed"),
            ("sure", f"{score['confidence']:.0%}" if score else ""),
            ("worth", _worth(value) if value else ""),
            ("services", ", ".join(analysis.get("recommended_services", []))),
            ("actions", "\n".join(analysis.get("suggested_actions", []))),
            ("checked", "\n".join(analysis.get("checked", []))),
            ("problem", lead["problem"]),
        ],
    )
    if score:
        table(
            "why",
            ("factor", "value", "adds", "because"),
            ((one["name"], one["value"], f"{one['points']:+.2f}", one["explanation"]) for one in score["factors"]),
        )
    if lead.get("history"):
        table("history", ("when", "by", "what"), ((one["at"], one["by"], one["text"]) for one in lead["history"]))


def _worth(value: dict[str, Any]) -> str:
    span = f"{value['low']:,.0f}" if value["low"] == value["high"] else f"{value['low']:,.0f} to {value['high']:,.0f}"
    return f"{span} {value['currency']}"
