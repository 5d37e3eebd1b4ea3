"""Goals and preferences: what somebody wants, and how they want it."""

from typing import Any, Final

from folkmoot.tools.diary.entries import Entry, add, plain, shown
from folkmoot.tools.diary.training import NOTE, NOTIERE, Words
from folkmoot.tools.model import ToolContext
from folkmoot.tools.specify import tool

_KEEP: Final = "(note|remember|keep in mind|write down|save|record) [that]"
_AM: Final = (
    "I am vegetarian|I'm vegetarian|I am vegan|I'm vegan|I am a vegetarian|I'm a vegetarian|I am a vegan|"
    "I am pescatarian|I am allergic to *|I'm allergic to *|I don't eat *|I do not eat *|I don't like *|"
    "I do not like *|I can't eat *|I cannot eat *|I prefer *|I am lactose intolerant|I'm lactose intolerant|"
    "I have coeliac disease"
)
_BIN: Final = (
    "ich bin Vegetarier|ich bin Vegetarierin|ich bin vegetarisch|ich bin Veganer|ich bin Veganerin|ich bin vegan|"
    "ich esse kein *|ich esse keine *|ich esse keinen *|ich mag kein *|ich mag keine *|ich mag keinen *|"
    "ich bin allergisch gegen *|ich vertrage kein *|ich vertrage keine *"
)


def _goal(entry: Entry) -> str:
    return f"{plain(entry)}, by {entry['by']}" if entry.get("by") else plain(entry)


@tool(
    effect="write",
    said_like=(
        f"{NOTE} my [new] goal is [to] {{goal}}",
        "set [(myself|me)] (a|the|my) goal [to] {goal}",
        "my goal [is] {goal}",
        f"{NOTIERE} mein [neues] Ziel ist [es] {{goal}}",
        f"{NOTIERE} mein [neues] Ziel {{goal}}",
    ),
)
async def set_goal(context: ToolContext, goal: Words, by: str = "") -> dict[str, Any]:
    """Note a goal of the user, in their file goals.json.

    Args:
        goal: What they want to reach, in their words.
        by: Until when, in their words.
    """
    return await add(context, "goal", day=context.clock.now().date(), worded=_goal, text=goal, by=by[:100])


@tool(
    effect="read",
    said_like=(
        "what (is|are) my (goal|goals)?",
        "(show|list) [me] [all] my goals?",
        "my goals?",
        "(was ist mein Ziel|was sind meine Ziele)?",
        "(zeig|zeige) [mir] meine Ziele?",
    ),
)
async def list_goals(context: ToolContext) -> dict[str, Any]:
    """The goals that were noted for the user, from their file goals.json."""
    return await shown(context, "goal", span="all", worded=_goal)


@tool(
    effect="write",
    said_like=(
        f"{_KEEP} {{preference}}",
        f"{{preference:{_AM}}}",
        f"{NOTIERE} {{preference:{_BIN}}}",
        "(notiere|merke|merk) [(dir|mir)] [dass] {preference}",
    ),
)
async def set_preference(context: ToolContext, preference: Words) -> dict[str, Any]:
    """Note how the user wants things, or what has to be minded of them, in their file preferences.json.

    Args:
        preference: The preference in their words, such as: I am vegetarian.
    """
    return await add(context, "preference", day=context.clock.now().date(), worded=plain, text=preference)


@tool(
    effect="read",
    said_like=(
        "what (are|were) my preferences?",
        "what do you (know|remember) about me?",
        "what did I tell you [about me]?",
        "(show|list) [me] [all] my preferences?",
        "was weißt du über mich?",
        "was sind meine Vorlieben?",
        "(zeig|zeige) [mir] meine Vorlieben?",
    ),
)
async def list_preferences(context: ToolContext) -> dict[str, Any]:
    """The preferences that were noted for the user, from their file preferences.json."""
    return await shown(context, "preference", span="all", worded=plain)
