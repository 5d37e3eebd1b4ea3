"""What an agent says of itself: who it is, what it can help with, what it has read, and who else is there.

It is a tool, `about_me`, so that every model answers "what can you do?" from the definition and not from its fancy, and
that nothing found is not the end of a conversation.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from folkmoot.agents.definition import AgentDefinition
from folkmoot.kernel import excerpt
from folkmoot.models.knowledge import ABOUT_TOOL
from folkmoot.registry import AgentRecord
from folkmoot.tools import ToolContext, ToolSkippedError, tool

Telling = Callable[[], Awaitable[dict[str, Any]]]
_EXAMPLES: Final = 4
_DOCUMENTS: Final = 8
_OTHERS: Final = 8
_GREETINGS: Final = (
    "hi|hello|hey|good morning|good afternoon|good evening|hallo|guten Tag|guten Morgen|moin|servus|hola|bonjour"
)
_WHAT: Final = "what can you do|what do you do|how can you help|what can you help with|what can you help me with"


@tool(
    effect="read",
    name=ABOUT_TOOL,
    kept=lambda told: {"told": len(told)} if isinstance(told, dict) else None,
    said_like=(
        f"({_GREETINGS}) [(there|everybody|zusammen)]",
        f"[({_GREETINGS})] ({_WHAT}) [(me|for me|with)]?",
        "what can (I ask you|I ask|you tell me)?",
        "(who are you|what are you|what is this|introduce yourself|help|how does this work)?",
        "what do you know [about]?",
        "who else is (there|here)?",
        "(thanks|thank you|thank you that was helpful|many thanks|danke|danke schön|vielen Dank)",
        "was kannst du [alles] [(für mich tun|tun|machen)]?",
        "(wer bist du|wobei kannst du helfen|wobei kannst du mir helfen|wie funktioniert das|hilfe|was weißt du)?",
        "(qué puedes hacer|quién eres|que peux-tu faire|qui es-tu)?",
    ),
)
async def telling(context: ToolContext) -> dict[str, Any]:
    """Who you are, what you can help with, which documents you have, and which other agents there are."""
    raise ToolSkippedError(f"'{context.agent_id}' tells of itself only while it answers")


@dataclass(frozen=True, kw_only=True)
class About:
    """An agent, the titles of the documents it may search, and its colleagues as whoever asks may know them."""

    own: AgentDefinition
    titles: Sequence[str]
    colleagues: Sequence[AgentRecord]

    def told(self) -> dict[str, Any]:
        """It as the tool answers it; `summary` is for people."""
        return {
            "summary": self.summary(),
            "name": self.own.name,
            "role": self.own.role,
            "description": self.own.description,
            "documents": list(self.titles),
            "examples": list(self.own.examples[:_EXAMPLES]),
            "colleagues": [{"agent": one.agent_id, "name": one.name, "role": one.role} for one in self.colleagues],
        }

    def summary(self) -> str:
        """It in a few lines."""
        own = self.own
        role = f", {own.role}" if own.role and own.role.casefold() != own.name.casefold() else ""
        lines = [" ".join(part for part in (f"I am {own.name}{role}.", own.description) if part)]
        if self.titles:
            lines.append(f"I have read {_some([f'“{one}”' for one in self.titles], _DOCUMENTS)}.")
        if own.examples:
            lines.append("You can ask me, for example:")
            lines += [f"- {one}" for one in own.examples[:_EXAMPLES]]
        if self.colleagues:
            named = [f"{one.name} ({_job(one)})" if _job(one) else one.name for one in self.colleagues]
            lines.append(f"Also here: {_some(named, _OTHERS)}.")
        return "\n".join(lines)


def _job(agent: AgentRecord) -> str:
    return agent.role if agent.role.casefold() != agent.name.casefold() else excerpt(agent.description.rstrip("."), 60)


def _some(names: Sequence[str], most: int) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
