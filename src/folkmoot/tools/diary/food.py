"""Meals: what somebody ate, and when."""

from typing import Any, Final, Literal

from folkmoot.tools.diary.days import Day, Span, day_of
from folkmoot.tools.diary.entries import Entry, add, shown
from folkmoot.tools.diary.training import NOTE, NOTIERE, Words
from folkmoot.tools.model import ToolContext
from folkmoot.tools.specify import tool

Meal = Literal["breakfast", "lunch", "dinner", "snack", "frühstück", "mittagessen", "abendessen"]
_NAMES: Final = {"frühstück": "breakfast", "mittagessen": "lunch", "abendessen": "dinner"}


def _worded(entry: Entry) -> str:
    return f"{entry['meal']}: {entry.get('text', '')}" if entry.get("meal") else str(entry.get("text", ""))


@tool(
    effect="write",
    said_like=(
        f"{NOTE} I (ate|had|have eaten) {{what}} for {{meal}} [{{when}}]",
        f"{NOTE} [{{when}}] I (ate|have eaten) {{what}}",
        f"{NOTE} I (ate|have eaten) {{what}} {{when}}",
        f"{NOTE} I had {{what}} {{when:this morning|this evening|tonight|last night}}",
        f"{NOTE} for {{meal}} I (ate|had) {{what}} [{{when}}]",
        "my {meal} was {what}",
        "log (a|my) {meal} {what} [{when}]",
        f"{NOTIERE} (zum|zu) {{meal}} (hatte|aß) ich [{{when}}] {{what}}",
        f"{NOTIERE} (zum|zu) {{meal}} habe ich [{{when}}] {{what}} gegessen",
        f"{NOTIERE} ich habe [{{when}}] {{what}} gegessen",
        "{when} habe ich {what} gegessen",
    ),
)
async def log_meal(context: ToolContext, what: Words, meal: Meal | None = None, when: Day = "today") -> dict[str, Any]:
    """Note what the user ate, in their file meals.json.

    Args:
        what: What it was, in their words.
        meal: Which meal it was.
    """
    named = _NAMES.get(meal, meal) if meal else None
    return await add(
        context, "meal", day=day_of(when, context.clock.now().date()), worded=_worded, text=what, meal=named
    )


@tool(
    effect="read",
    kept=lambda result: {"total": result["total"]} if isinstance(result, dict) else None,
    said_like=(
        "what did I eat [{span}]?",
        "what have I eaten [{span}]?",
        "(show|list) [me] [all] my meals [(of|for)] [{span}]?",
        "[what are] my meals [(of|for)] [{span}]?",
        "was habe ich [{span}] gegessen?",
        "(zeig|zeige) [mir] [alle] [meine] Mahlzeiten [von] [{span}]?",
    ),
)
async def list_meals(context: ToolContext, span: Span = "all") -> dict[str, Any]:
    """The meals that were noted for the user, from their file meals.json."""
    return await shown(context, "meal", span=span, worded=_worded)
