"""Workouts: what somebody trained, and when."""

from typing import Annotated, Any, Final

from pydantic import Field

from folkmoot.tools.diary.days import Day, Span, day_of
from folkmoot.tools.diary.entries import Entry, add, shown
from folkmoot.tools.errors import ToolFailedError
from folkmoot.tools.model import ToolContext
from folkmoot.tools.specify import tool

Times = Annotated[int, Field(ge=1, le=100_000)]
Amount = Annotated[float, Field(gt=0, le=100_000)]
Words = Annotated[str, Field(min_length=1, max_length=300)]
# How people begin a sentence that asks to keep something, or leave that out.
NOTE: Final = "[(note|log|record|remember|save|write|keep) [down] [a note] [that]]"
NOTIERE: Final = "[(notiere|notier|merke|merk|speichere) [(dir|mir)] [dass]]"
_MOVED: Final = "{exercise:ran|jogged|swam|cycled|walked|hiked|rowed|danced|went running|went for a run|went swimming}"
_BEWEGT: Final = "{exercise:gelaufen|gejoggt|geschwommen|geradelt|Rad gefahren|gewandert|gerudert|spazieren gegangen}"
_KM: Final = "(km|k|kilometres|kilometers|kilometre|Kilometer)"
_MIN: Final = "(min|mins|minutes|minute|Minuten)"
_UNITS: Final = (("kilometres", "km"), ("minutes", "min"), ("kilograms", "kg"))


def _worded(entry: Entry) -> str:
    sets, repetitions = entry.get("sets"), entry.get("repetitions")
    parts = [str(entry.get("exercise", "training"))]
    if sets and repetitions:
        parts.append(f"{sets} sets of {repetitions}")
    elif sets or repetitions:
        parts.append(f"{sets} sets" if sets else f"{repetitions} times")
    parts += [f"{entry[name]:g} {unit}" for name, unit in _UNITS if isinstance(entry.get(name), int | float)]
    parts += [str(entry["note"])] if entry.get("note") else []
    return ", ".join(parts)


@tool(
    effect="write",
    said_like=(
        f"{NOTE} I did {{sets}} (sets of|x) {{repetitions}} [{{exercise}}] [with {{kilograms}} (kg|kilos)] [{{when}}]",
        f"{NOTE} I did {{repetitions}} {{exercise}} [{{when}}]",
        f"{NOTE} I did {{minutes}} {_MIN} of {{exercise}} [{{when}}]",
        f"{NOTE} I {_MOVED} {{kilometres}} {_KM} [in {{minutes}} {_MIN}] [{{when}}]",
        f"{NOTE} I {_MOVED} [for] {{minutes}} {_MIN} [{{when}}]",
        "{when} I did {sets} (sets of|x) {repetitions} [{exercise}]",
        "{when} I did {repetitions} {exercise}",
        f"{{when}} I {_MOVED} {{kilometres}} {_KM} [in {{minutes}} {_MIN}]",
        f"{{when}} I {_MOVED} [for] {{minutes}} {_MIN}",
        "(log|record) [a] workout {exercise} [{when}]",
        f"{NOTIERE} ich habe [{{when}}] {{sets}} (Sätze|x) [(mit|à|von|zu)] {{repetitions}} {{exercise}} gemacht",
        f"{NOTIERE} ich habe [{{when}}] {{repetitions}} {{exercise}} gemacht",
        "{when} habe ich {sets} (Sätze|x) [(mit|à|von|zu)] {repetitions} {exercise} gemacht",
        "{when} habe ich {repetitions} {exercise} gemacht",
        f"{NOTIERE} ich (bin|habe) [{{when}}] {{kilometres}} {_KM} [in {{minutes}} {_MIN}] {_BEWEGT}",
        f"{NOTIERE} ich (bin|habe) [{{when}}] {{minutes}} {_MIN} {_BEWEGT}",
        f"{{when}} (bin|habe) ich {{kilometres}} {_KM} [in {{minutes}} {_MIN}] {_BEWEGT}",
        f"{{when}} (bin|habe) ich {{minutes}} {_MIN} {_BEWEGT}",
    ),
)
async def log_workout(
    context: ToolContext,
    exercise: Words = "training",
    sets: Times | None = None,
    repetitions: Times | None = None,
    minutes: Amount | None = None,
    kilometres: Amount | None = None,
    kilograms: Amount | None = None,
    when: Day = "today",
    note: Annotated[str, Field(max_length=1000)] = "",
) -> dict[str, Any]:
    """Note a workout that the user did, in their file workouts.json.

    Args:
        exercise: What they did, in their words: squats, ran, yoga.
        sets: How many sets.
        repetitions: How many in each set.
        minutes: How long it took.
        kilometres: How far it was.
        kilograms: With which weight.
        note: Anything else worth keeping.
    """
    if exercise == "training" and not (sets or repetitions or minutes or kilometres or note):
        raise ToolFailedError("say what was done: an exercise, or how many, how long or how far")
    return await add(
        context,
        "workout",
        day=day_of(when, context.clock.now().date()),
        worded=_worded,
        exercise=exercise,
        sets=sets,
        repetitions=repetitions,
        minutes=minutes,
        kilometres=kilometres,
        kilograms=kilograms,
        note=note,
    )


@tool(
    effect="read",
    kept=lambda result: {"total": result["total"]} if isinstance(result, dict) else None,
    said_like=(
        "what did I (do|train) [{span}]?",
        "what have I (done|trained) [{span}]?",
        "what was my [last] (training|workout) [{span}]?",
        "(show|list) [me] [all] my (workouts|trainings|workout) [(of|for)] [{span}]?",
        "[what are] my workouts [(of|for)] [{span}]?",
        "how much did I (train|run) [{span}]?",
        "was habe ich [{span}] (gemacht|trainiert)?",
        "(zeig|zeige) [mir] [alle] [meine] (Trainings|Workouts) [von] [{span}]?",
    ),
)
async def list_workouts(context: ToolContext, span: Span = "all") -> dict[str, Any]:
    """The workouts that were noted for the user, from their file workouts.json."""
    return await shown(context, "workout", span=span, worded=_worded)
