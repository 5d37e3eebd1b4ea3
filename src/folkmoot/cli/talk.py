"""The talk about tasks in the terminal, live: who was asked, what was said, who got it."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from folkmoot.events import Event, EventLog
from folkmoot.kernel import excerpt

TOLD = "talk_told"  # announces that a task's talk has come to its end
STANCES = {
    "keep": ("keeps", "green"),
    "counter": ("counters", "yellow"),
    "concede": ("concedes", "blue"),
    "propose_share": ("proposes to share", "magenta"),
}
LONGEST = 200


class Talk:
    """Prints the events of the tasks it was told about; `names` maps agent ids to what people call them."""

    def __init__(self, *, console: Console, names: Mapping[str, str]) -> None:
        self._console = console
        self._names = names
        self._ended: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._tasks: set[str] = set()
        self._early: defaultdict[str, list[Event]] = defaultdict(list)

    def about(self, task_id: str) -> None:
        """Print this task's talk from now on, and what was said before we knew its id."""
        self._tasks.add(task_id)
        for event in self._early.pop(task_id, []):
            self._print(event)

    async def told(self, task_id: str) -> None:
        """Return when `TOLD` was read for this task: all that was said before it is printed."""
        await self._ended[task_id].wait()

    async def follow(self, log: EventLog, *, after: int) -> None:
        """Read the log without end."""
        async with aclosing(log.follow(after=after)) as events:
            async for event in events:
                if event.type == TOLD:
                    self._ended[event.subject].set()
                elif event.subject in self._tasks:
                    self._print(event)
                else:
                    self._early[event.subject].append(event)

    def _print(self, event: Event) -> None:
        line = self._line(event.type, event.data)
        if line is not None:
            self._console.print(Padding(line, (0, 0, 0, 2)))

    def _line(self, kind: str, data: Mapping[str, Any]) -> Text | None:
        match kind:
            case "task_consulted":
                return self._answer(data)
            case "task_negotiated":
                return self._utterance(data)
            case "task_assigned":
                text = Text(f"→ {self._name(data['assigned_agent'])}", style="bold green")
                return text + Text(f"  {data['reasoning']}", style="green")
            case "task_unassigned":
                return Text(f"→ nobody: {'; '.join(data.get('reasons', []))}", style="bold red")
        return None

    def _answer(self, data: Mapping[str, Any]) -> Text:
        name = Text(f"{self._name(data['agent_id']):<18}", style="bold")
        if data.get("can_do") is None:
            return name + Text(f"  —    {data.get('abstained') or 'no answer'}", style="dim")
        share = f"{float(data['confidence']):>4.0%} "
        said = excerpt(str(data.get("message", "")), LONGEST)
        return name + (Text(f"{share} {said}") if data["can_do"] else Text(f"{share} passes: {said}", style="dim"))

    def _utterance(self, data: Mapping[str, Any]) -> Text:
        word, colour = STANCES.get(str(data.get("stance")), ("says", "default"))
        head = Text(f"{self._name(data['from_agent'])} → {self._name(data['to_agent'])} ", style="bold")
        return head + Text(f"{word}: ", style=colour) + Text(excerpt(str(data.get("message", "")), LONGEST))

    def _name(self, agent_id: str) -> str:
        return self._names.get(agent_id, agent_id)
