"""`folkmoot demo`: the acme twins are built from their exports under consent, and share out eight tasks before you."""

import asyncio
from contextlib import aclosing, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from folkmoot.agents import load_workplace
from folkmoot.agents.workplace import ImportSource
from folkmoot.assembly import OpenWorkplace, Settings, open_workplace, team_folder
from folkmoot.assembly.server import listening, serve_on, url_of
from folkmoot.consent import Purpose
from folkmoot.events import Event
from folkmoot.tasks import NewTask, Task, TaskState
from folkmoot.telemetry import configure_logging
from folkmoot.twins import ImportOptions

PATIENCE_SECONDS = 120.0
PURPOSES = [Purpose.IMPORT, Purpose.PROFILE, Purpose.CHAT]
MARK = "acme-demo"
TEAM = "acme"
TOLD = "demo_told"  # after this event there is nothing more to tell
STANCE_COLOURS = {"keep": "green", "counter": "yellow", "concede": "blue", "propose_share": "magenta"}


def run_demo(settings: Settings, *, leave: bool) -> None:
    """Run the demo; with `leave` end after the distribution, else serve on until a signal."""
    configure_logging(level="ERROR", file=settings.log_file)
    with suppress(asyncio.CancelledError):
        asyncio.run(_demo(settings, leave=leave))


async def _demo(settings: Settings, *, leave: bool) -> None:
    console = Console(highlight=False)
    with listening(settings) as bound:
        async with open_workplace(settings, pages=not leave, new_token=True) as workplace:
            url = url_of(settings, bound)
            serving = asyncio.create_task(serve_on(bound, settings, workplace)) if not leave else None
            try:
                await _act(console, workplace)
                if serving is not None:
                    console.print(f"\n[bold]Dashboard[/bold]  {url}/dashboard   [bold]API[/bold]  {url}/docs")
                    token = workplace.new_admin_token
                    shown = token if token else "the one that ADMIN_TOKEN sets"
                    console.print(f"[bold]Token[/bold]      {shown}", soft_wrap=True)
                    console.print("Serving until Ctrl-C.")
                    await serving
            finally:
                if serving is not None and not serving.done():
                    serving.cancel()
                    await asyncio.gather(serving, return_exceptions=True)


async def _act(console: Console, workplace: OpenWorkplace) -> None:
    folder = team_folder(TEAM)
    team = await asyncio.to_thread(load_workplace, folder / "workplace.yaml")
    console.rule(f"[bold]{team.name}")
    console.print(Text(team.description))
    await workplace.parts.team.initialize(TEAM)
    await _build_twins(console, workplace, folder, list(team.imports))
    await _clear_earlier(workplace)
    tasks = await _share_out(console, workplace, folder / "tasks.yaml")
    _summary(console, tasks, {one.agent_id: one.name for one in team.agents})


async def _build_twins(console: Console, workplace: OpenWorkplace, folder: Path, sources: list[ImportSource]) -> None:
    parts = workplace.parts
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"), TimeElapsedColumn())
    counts: dict[str, list[int]] = {}
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("building twins from their exports", total=len(sources))
        for one in sources:
            await _ensure_consent(workplace, one)
            options = ImportOptions(
                platform=one.platform,
                authors=(one.author,) if one.author else (),
                timezone=one.timezone,
                date_order=one.date_order,
            )
            result = await parts.imports.run(one.person, folder / one.file, options)
            count = counts.setdefault(one.person, [0, 0, 0])
            for place, number in enumerate((1, result.own, sum(result.redactions.values()))):
                count[place] += number
            progress.advance(bar)
    sheet = Table("twin", "exports", "messages now", "redacted now", "learned skills", box=None, header_style="bold")
    for person, (files, own, redacted) in counts.items():
        profile = await parts.twins.profile(person)
        skills = ", ".join(one.name for one in profile.skills[:4]) if profile else ""
        total = sum(one.own for one in (await parts.twins.view(person)).messages)
        sheet.add_row(person, str(files), f"{total} (+{own})", str(redacted), skills)
    console.print(sheet)


async def _ensure_consent(workplace: OpenWorkplace, source: ImportSource) -> None:
    parts = workplace.parts
    if all([await workplace.gate.allows(source.person, source.platform, purpose) for purpose in PURPOSES]):
        return
    await parts.consents.grant(
        source.person,
        email=source.email or "",
        platform=source.platform,
        purposes=PURPOSES,
        expires_at=parts.clock.now() + timedelta(days=90),
    )


async def _clear_earlier(workplace: OpenWorkplace) -> None:
    """An earlier demo's open tasks would keep everybody busy."""
    desk = workplace.parts.tasks
    found, _ = await desk.tasks(limit=500)
    for task in found:
        if task.metadata.get("made_by") == MARK and task.status not in {TaskState.COMPLETED, TaskState.CANCELLED}:
            await desk.set_status(task.task_id, TaskState.CANCELLED)


async def _share_out(console: Console, workplace: OpenWorkplace, file: Path) -> list[Task]:
    parts = workplace.parts
    wanted = yaml.safe_load(file.read_text(encoding="utf-8"))["tasks"]
    after = await parts.events.latest_id()
    ids: dict[str, str] = {}
    talk = asyncio.create_task(_tell(console, workplace, after, ids))
    for one in wanted:
        task = await parts.tasks.create(_new_task(one, ids, parts.clock.now()))
        ids[one["title"]] = task.task_id
    console.rule(f"[bold]{len(ids)} tasks")
    waiting = [ids[one["title"]] for one in wanted if one.get("depends_on")]
    await asyncio.gather(
        *(parts.tasks.wait(one, seconds=PATIENCE_SECONDS) for one in ids.values() if one not in waiting)
    )
    for one in wanted:
        for needed in one.get("depends_on") or []:
            console.print(Text(f"\n{needed}: its owner reports it done, so what waits for it can go on.", style="dim"))
            await parts.tasks.set_status(ids[needed], TaskState.COMPLETED)
    tasks = [await parts.tasks.wait(one, seconds=PATIENCE_SECONDS) for one in ids.values()]
    await parts.events.append(TOLD, MARK, {})
    await talk
    return tasks


def _new_task(one: dict[str, Any], ids: dict[str, str], now: datetime) -> NewTask:
    days = one.get("deadline_in_days")
    return NewTask(
        title=one["title"],
        description=" ".join(one["description"].split()),
        task_type=one["task_type"],
        priority=one["priority"],
        estimated_hours=one["estimated_hours"],
        deadline=now + timedelta(days=days) if days else None,
        required_skills=tuple(one.get("required_skills") or ()),
        dependencies=tuple(ids[title] for title in one.get("depends_on") or ()),
        metadata={"made_by": MARK},
    )


async def _tell(console: Console, workplace: OpenWorkplace, after: int, ids: dict[str, str]) -> None:
    """Print what happens to these tasks as it happens."""
    async with aclosing(workplace.parts.events.follow(after=after)) as events:
        async for event in events:
            if event.type == TOLD:
                return
            title = next((title for title, task_id in ids.items() if task_id == event.subject), None)
            if title is not None and (line := _line(event, title)) is not None:
                console.print(line)


def _line(event: Event, title: str) -> Text | None:
    data = event.data
    short = title if len(title) <= 34 else title[:33] + "…"  # noqa: PLR2004  # a column
    head = Text(f"{short:<35}", style="dim")
    match event.type:
        case "task_consulted":
            mark = "yes" if data.get("can_do") else "no " if data.get("can_do") is not None else "—  "
            said = f"{data.get('agent_id', ''):<8} {mark} {float(data.get('confidence') or 0):.0%}  {data.get('message', '')}"
            return head + Text(said, style="" if data.get("can_do") else "dim")
        case "task_negotiated":
            colour = STANCE_COLOURS.get(str(data.get("stance")), "")
            return head + Text(f"{data.get('from_agent')} → {data.get('to_agent')}: {data.get('message')}", style=colour)
        case "task_assigned":
            return head + Text(f"assigned to {data.get('assigned_agent')}: {data.get('reasoning')}", style="bold green")
        case "task_unassigned":
            return head + Text(f"unassigned: {data.get('reasoning') or data.get('reasons')}", style="bold red")
    return None


def _summary(console: Console, tasks: list[Task], names: dict[str, str]) -> None:
    console.rule("[bold]who does what, and why")
    sheet = Table("task", "owner", "why", header_style="bold", show_lines=True)
    for task in tasks:
        helpers = f" with {', '.join(names.get(one, one) for one in task.assignment.helpers)}" if task.assignment and task.assignment.helpers else ""
        owner = names.get(task.owner or "", task.owner or "nobody") + helpers
        why = task.assignment.reasoning if task.assignment else "; ".join(task.shortfall.reasons if task.shortfall else ())
        sheet.add_row(Text(task.title), Text(owner), Text(why))
    console.print(sheet)
