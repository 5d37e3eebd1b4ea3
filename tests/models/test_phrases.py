"""Phrases that tools declare: what fits one means the tool, and what only resembles it does not."""

from typing import Any

import pytest

from folkmoot.models.phrases import Phrases, asked_for
from folkmoot.tools.diary import DIARY_TOOLS

TOOLS = {one.name: Phrases(phrases=one.said_like, schema=one.parameters) for one in DIARY_TOOLS}
LIGHTS = {
    "dim": Phrases(
        phrases=["(dim|lower) [the] lights [in [the] {room}] [to {level} percent]"],
        schema={
            "properties": {
                "room": {"type": "string", "enum": ["kitchen", "hall"]},
                "level": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
            }
        },
    ),
    "is_lit": Phrases(phrases=["is there light [in [the] {room}]?"], schema={"properties": {"room": {}}}),
}


@pytest.mark.parametrize(
    ("said", "tool", "arguments"),
    [
        ("Dim the lights", "dim", {}),
        ("please lower lights in the Kitchen to 20 percent!", "dim", {"room": "kitchen", "level": 20}),
        ("dim the lights to twenty percent", "dim", {"level": 20}),
        ("Is there light in the big hall?", "is_lit", {"room": "big hall"}),
        ("is there light", "is_lit", {}),
    ],
)
def test_a_sentence_that_fits_asks_for_the_tool(said: str, tool: str, arguments: dict[str, Any]) -> None:
    (asked,), rest = asked_for(said, LIGHTS)
    assert (asked.tool, asked.arguments, asked.sentence) == (tool, arguments, said)
    assert rest == ""


@pytest.mark.parametrize(
    "said",
    [
        "Should I dim the lights?",  # a question, where the phrase is none
        "dim the lights?",
        "dim the lights in the cellar",  # no such room
        "dim the lights to 2.5 percent",  # no whole number
        "dim the lights to 20 percent when we come home",
        "I would never dim the lights",
        "dimthelights",
        "x" * 400,
    ],
)
def test_what_only_resembles_it_asks_for_nothing(said: str) -> None:
    assert asked_for(said, LIGHTS) == ([], said)


def test_each_sentence_is_looked_at_and_the_rest_is_left() -> None:
    asked, rest = asked_for("Dim the lights. Who is Ada? Is there light in the hall? Version 2.0 is out.", LIGHTS)
    assert [one.tool for one in asked] == ["dim", "is_lit"]
    assert rest == "Who is Ada? Version 2.0 is out."


def test_two_tools_as_likely_mean_neither() -> None:
    both = {**LIGHTS, "other": LIGHTS["dim"]}
    assert asked_for("dim the lights", both) == ([], "dim the lights")


@pytest.mark.parametrize(
    ("said", "tool", "arguments"),
    [
        (
            "I did 3 sets of 10 squats today",
            "log_workout",
            {"sets": 3, "repetitions": 10, "exercise": "squats", "when": "today"},
        ),
        ("I did 3x10 push-ups", "log_workout", {"sets": 3, "repetitions": 10, "exercise": "push-ups"}),
        (
            "Note down that I did three sets of ten today.",
            "log_workout",
            {"sets": 3, "repetitions": 10, "when": "today"},
        ),
        (
            "yesterday I ran 5km in 31.5 minutes",
            "log_workout",
            {"exercise": "ran", "kilometres": 5, "minutes": 31.5, "when": "yesterday"},
        ),
        ("I did 20 minutes of yoga on Monday", "log_workout", {"minutes": 20, "exercise": "yoga", "when": "on monday"}),
        (
            "Heute habe ich 20 Liegestütze gemacht",
            "log_workout",
            {"repetitions": 20, "exercise": "Liegestütze", "when": "heute"},
        ),
        (
            "Ich bin gestern 5 Kilometer gelaufen",
            "log_workout",
            {"kilometres": 5, "exercise": "gelaufen", "when": "gestern"},
        ),
        ("what did I do this week?", "list_workouts", {"span": "this week"}),
        ("Show me my workouts", "list_workouts", {}),
        ("Was habe ich diese Woche gemacht?", "list_workouts", {"span": "diese woche"}),
        ("I had porridge with apple for breakfast", "log_meal", {"what": "porridge with apple", "meal": "breakfast"}),
        ("Keep a note that I had porridge this morning.", "log_meal", {"what": "porridge", "when": "this morning"}),
        ("Zum Frühstück hatte ich Haferbrei", "log_meal", {"what": "Haferbrei", "meal": "frühstück"}),
        ("What did I eat yesterday?", "list_meals", {"span": "yesterday"}),
        ("Remember that my goal is eight hours of sleep.", "set_goal", {"goal": "eight hours of sleep"}),
        ("Mein Ziel: 10 Kilometer", "set_goal", {"goal": "10 Kilometer"}),
        ("What are my goals?", "list_goals", {}),
        ("note that I am vegetarian", "set_preference", {"preference": "I am vegetarian"}),
        ("I don't eat pork", "set_preference", {"preference": "I don't eat pork"}),
        ("Ich esse kein Fleisch", "set_preference", {"preference": "Ich esse kein Fleisch"}),
        ("What do you know about me?", "list_preferences", {}),
        ("please remove my last workout", "remove_entry", {"kind": "workout"}),
    ],
)
def test_what_people_tell_a_coach_is_understood(said: str, tool: str, arguments: dict[str, Any]) -> None:
    (asked,), rest = asked_for(said, TOOLS)
    assert (asked.tool, asked.arguments) == (tool, arguments)
    assert rest == ""


@pytest.mark.parametrize(
    "said",
    [
        "How do I do 3 sets of 10 squats?",
        "Did I do 3 sets of 10 squats today?",
        "I did not run 5 km today",
        "If I ran 5 km today, what should I eat?",
        "I want to run 5 km",
        "I never eat breakfast",
        "I ate nothing today",
        "Should I eat porridge this morning?",
        "My friend did 3 sets of 10 squats today",
        "I ran out of milk",
        "What did you eat today?",
        "What are good goals?",
        "How do I remember that?",
        "Is being vegetarian healthy?",
        "Wie viele Liegestütze soll ich machen?",
        "Ich habe heute nichts gegessen",
        "remove my account",
    ],
)
def test_what_is_no_entry_is_not_taken_for_one(said: str) -> None:
    assert asked_for(said, TOOLS)[0] == []
