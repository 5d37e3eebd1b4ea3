"""`folkmoot demo`: the acme twins are built from their exports under consent, and share out eight tasks before you."""

import asyncio
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
from folkmoot.assembly import Settings, team_folder
from folkmoot.assembly.server import listening, serve_on, url_of
from folkmoot.assembly.signals import run_until_signal
from folkmoot.assembly.workplace import OpenWorkplace, open_workplace
from folkmoot.cli.talk import TOLD, Talk
from folkmoot.consent import Purpose
from folkmoot.tasks import NewTask, Task, TaskState
from folkmoot.telemetry import configure_logging
from folkmoot.twins import ImportOptions

PATIENCE_SECONDS = 120.0
PURPOSES = [Purpose.IMPORT, Purpose.PROFILE, Purpose.CHAT]
MARK = "acme-demo"
TEAM = "acme"


def run_demo(settings: Settings, *, leave: bool) -> None:
    """Run the demo; with `leave` end after the distribution, else serve on until a signal."""
    configure_logging(level="ERROR", file=settings.log_file, secrets=settings.secrets)
    run_until_signal(_demo(settings, leave=leave))


async def _demo(settings: Settings, *, leave: bool) -> None:
    console = Console(highlight=False)
    with listening(settings) as bound:
        async with open_workplace(settings, pages=not leave, new_token=True) as workplace:
            url = url_of(settings, bound)
            serving = None if leave else asyncio.create_task(serve_on(bound, settings, workplace))
            try:
                await _act(console, workplace)
                if serving is not None:
                    _print_address(console, workplace, url)
                    await serving
            finally:
                if serving is not None and not serving.done():
                    serving.cancel()
                    await asyncio.gather(serving, return_exceptions=True)


def _print_address(console: Console, workplace: OpenWorkplace, url: str) -> None:
    token = workplace.new_admin_token or "the one that ADMIN_TOKEN sets"
    console.print(f"\n[bold]Dashboard[/bold]  {url}/dashboard", soft_wrap=True)
    console.print(f"[bold]API[/bold]        {url}/docs", soft_wrap=True)
    console.print(f"[bold]Token[/bold]      {token}", soft_wrap=True)
    console.print("Serving until Ctrl-C.")


async def _act(console: Console, workplace: OpenWorkplace) -> None:
    folder = team_folder(TEAM)
    team = await asyncio.to_thread(load_workplace, folder / "workplace.yaml")
    wanted = yaml.safe_load(await asyncio.to_thread((folder / "tasks.yaml").read_text, "utf-8"))["tasks"]
    names = {one.agent_id: one.name for one in team.agents}
    console.rule(f"[bold]{team.name}")
    console.print(Text(team.description))
    await workplace.parts.team.initialize(TEAM)
    await _build_twins(console, workplace, folder, list(team.imports))
    await _clear_earlier(workplace)
    tasks = await _share_out(console, workplace, wanted, names)
    _summary(console, tasks, names)


async def _build_twins(console: Console, workplace: OpenWorkplace, folder: Path, sources: list[ImportSource]) -> None:
    parts = workplace.parts
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    redacted: dict[str, int] = {}
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
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
            redacted[one.person] = redacted.get(one.person, 0) + sum(result.redactions.values())
            progress.advance(bar)
    sheet = Table("twin of", "messages", "from", "redacted", "knows about", box=None, header_style="bold")
    for person, count in redacted.items():
        view = await parts.twins.view(person)
        platforms = ", ".join(one.platform for one in view.messages)
        skills = ", ".join(one.name for one in view.profile.skills[:4]) if view.profile else ""
        sheet.add_row(person, str(sum(one.own for one in view.messages)), platforms, str(count), Text(skills))
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


async def _share_out(
    console: Console, workplace: OpenWorkplace, wanted: list[dict[str, Any]], names: dict[str, str]
) -> list[Task]:
    """One task after the other, so that the talk about each can be read."""
    parts = workplace.parts
    talk = Talk(console=console, names=names)
    telling = asyncio.create_task(talk.follow(parts.events, after=await parts.events.latest_id()))
    tasks: dict[str, Task] = {}
    for number, one in enumerate(wanted, start=1):
        for needed in one.get("depends_on") or []:
            console.print(Text(f"\n{needed}: its owner reports it done, so what waited for it can go on.", style="dim"))
            tasks[needed] = await parts.tasks.set_status(tasks[needed].task_id, TaskState.COMPLETED)
        console.rule(Text(f"{number}/{len(wanted)} {one['title']}", style="bold"), align="left")
        task = await parts.tasks.create(_new_task(one, tasks, parts.clock.now()))
        talk.about(task.task_id)
        tasks[one["title"]] = await parts.tasks.wait(task.task_id, seconds=PATIENCE_SECONDS)
        await parts.events.append(TOLD, task.task_id, {})
        await talk.told(task.task_id)
    telling.cancel()
    await asyncio.gather(telling, return_exceptions=True)
    return list(tasks.values())


def _new_task(one: dict[str, Any], tasks: dict[str, Task], now: datetime) -> NewTask:
    days = one.get("deadline_in_days")
    return NewTask(
        title=one["title"],
        description=" ".join(one["description"].split()),
        task_type=one["task_type"],
        priority=one["priority"],
        estimated_hours=one["estimated_hours"],
        deadline=now + timedelta(days=days) if days else None,
        required_skills=tuple(one.get("required_skills") or ()),
        dependencies=tuple(tasks[title].task_id for title in one.get("depends_on") or ()),
        metadata={"made_by": MARK},
    )


def _summary(console: Console, tasks: list[Task], names: dict[str, str]) -> None:
    console.rule("[bold]who does what, and why")
    sheet = Table("task", "owner", "why", header_style="bold", show_lines=True)
    for task in tasks:
        given = task.assignment
        owner = names.get(given.owner, given.owner) if given else "nobody"
        if given and given.helpers:
            owner += f" with {', '.join(names.get(one, one) for one in given.helpers)}"
        why = given.reasoning if given else "; ".join(task.shortfall.reasons if task.shortfall else ())
        sheet.add_row(Text(task.title), Text(owner), Text(why))
    console.print(sheet)
