"""Every tool of the diary."""

from typing import Final

from folkmoot.tools.diary.aims import list_goals, list_preferences, set_goal, set_preference
from folkmoot.tools.diary.food import list_meals, log_meal
from folkmoot.tools.diary.taking_back import remove_entry
from folkmoot.tools.diary.training import list_workouts, log_workout
from folkmoot.tools.specify import ToolSpec

DIARY_TOOLS: Final[tuple[ToolSpec, ...]] = (
    log_workout,
    list_workouts,
    log_meal,
    list_meals,
    set_goal,
    list_goals,
    set_preference,
    list_preferences,
    remove_entry,
)
