"""What an agent's model may call: its tools, each a call over the desk for the asking user.

`search_knowledge` is a tool like any other, with the search that the agent has at that moment in its place. What the
model asks for beside its tools is put before the desk as well, so that it is denied there and stands in the log.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from folkmoot.agents.about import Telling
from folkmoot.agents.behalf import Handling
from folkmoot.kernel import FolkmootError, words
from folkmoot.models import Source, search_tool
from folkmoot.models.knowledge import ABOUT_TOOL, MAX_RESULTS, SEARCH_TOOL, OfferedTool, Toolbox, as_found
from folkmoot.tools import CallStatus, ToolContext, ToolDesk, ToolOutcome, ToolSkippedError, ToolSpec, tool
from folkmoot.tools.specify import Act

Cited = Callable[[str, int], Awaitable[Sequence[Source]]]
# A model's protocol has no dots in the names of functions, and sources of tools put one behind their own name.
_DOT: Final = "."
_INSTEAD: Final = "__"
_LONGEST_NAME: Final = 64
_SAID: Final[Mapping[CallStatus, str]] = {
    CallStatus.STARTED: "is being carried out; its outcome is not known yet",
    CallStatus.FAILED: "failed",
    CallStatus.UNKNOWN: "may or may not have happened; a person has to find out, do not call it again",
    CallStatus.SKIPPED: "was skipped, go on without it and say so",
    CallStatus.DENIED: "is not allowed",
    CallStatus.WAITING: "is not made yet, go on and say so; do not call it again",
}


@tool(
    effect="read",
    name=SEARCH_TOOL,
    kept=lambda found: (
        {"found": len(found), "ids": [one.get("id") for one in found if isinstance(one, dict)]}
        if isinstance(found, list)
        else None
    ),
)
async def searching(context: ToolContext, query: str, limit: int = 5) -> list[dict[str, Any]]:
    """Search what you know: your own earlier messages and documents. Cite the source of what you use.

    Args:
        query: What to look for, in the words of the question.
        limit: How many results at most, 1 to 20.
    """
    raise ToolSkippedError(
        f"'{context.agent_id}' searches only while it answers: '{query[:40]}' (up to {limit}) was asked from elsewhere"
    )


async def offer(
    desk: ToolDesk | None,
    *,
    agent_id: str,
    handling: Handling | None,
    cited: Cited,
    about: Telling,
    name: str = "",
) -> Toolbox:
    """The tools of an agent for one answer; without a desk it can search, and nothing else.

    `name` is what people call it, with which they may begin what asks for a tool.
    """
    if desk is None:
        return Toolbox([search_tool(cited)])
    offered = _Offer(desk=desk, agent_id=agent_id, name=name, handling=handling, cited=cited, about=about)
    specs = await desk.offered(agent_id=agent_id, user_id=offered.user_id)
    return Toolbox([offered.tool(one) for one in specs], strayed=offered.strayed)


class _Offer:
    """The calls of one answer."""

    def __init__(
        self,
        *,
        desk: ToolDesk,
        agent_id: str,
        name: str,
        handling: Handling | None,
        cited: Cited,
        about: Telling,
    ) -> None:
        self.user_id = handling.user_id if handling else None
        self._desk = desk
        self._agent_id = agent_id
        self._conversation_id = handling.message.conversation_id if handling else None
        self._files_of = handling.files_of if handling else None
        self._run = handling.run if handling else None
        self._cited = cited
        self._about = about
        self._called = f"[{' '.join(words(name))}]" if words(name) else ""

    def tool(self, spec: ToolSpec) -> OfferedTool:
        """A tool as the model is shown it."""

        async def carried_out(**arguments: Any) -> Any:
            return _told(spec.name, await self._call(spec.name, arguments, act=own.get(spec.name)))

        async def told(_context: ToolContext) -> dict[str, Any]:
            return await self._about()

        own: dict[str, Act] = {ABOUT_TOOL: told}
        return OfferedTool(
            name=_shown(spec.name),
            description=spec.description,
            parameters=spec.parameters,
            call=self._search if spec.name == SEARCH_TOOL else carried_out,
            one_at_a_time=spec.effect.lasting,
            said_like=tuple(f"{self._called} {phrase} {self._called}" for phrase in spec.said_like),
        )

    async def strayed(self, name: str, arguments: dict[str, Any]) -> None:
        """Put what was not offered before the desk, which denies it."""
        await self._call(name.replace(_INSTEAD, _DOT), arguments)

    async def _search(self, **arguments: Any) -> Any:
        fault: list[FolkmootError] = []

        async def found(_context: ToolContext, query: str, limit: int = 5) -> list[dict[str, Any]]:
            try:
                return as_found(await self._cited(query, max(1, min(limit, MAX_RESULTS))))
            except FolkmootError as error:
                fault.append(error)
                raise

        outcome = await self._call(SEARCH_TOOL, arguments, act=found)
        if fault:
            raise fault[0]  # an answer without what the agent knows would be a wrong one: the message is tried again
        return _told(SEARCH_TOOL, outcome)

    async def _call(self, name: str, arguments: dict[str, Any], *, act: Act | None = None) -> ToolOutcome:
        return await self._desk.call(
            name,
            arguments,
            agent_id=self._agent_id,
            user_id=self.user_id,
            conversation_id=self._conversation_id,
            run=self._run,
            act=act,
            files_of=self._files_of,
        )


def _shown(name: str) -> str:
    """The name as a model's protocol takes it: no dots, at most 64 characters, and still one of its own."""
    plain = name.replace(_DOT, _INSTEAD)
    if len(plain) <= _LONGEST_NAME:
        return plain
    return f"{plain[: _LONGEST_NAME - 9]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _told(name: str, outcome: ToolOutcome) -> Any:
    """What the model hears of a call."""
    if outcome.succeeded:
        return outcome.result if outcome.error is None else {"result": outcome.result, "note": outcome.error}
    return {
        "status": str(outcome.status),
        "note": f"'{name}' {_SAID[outcome.status]}: {outcome.error or 'no word why'}",
    }
