"""What pages say, without a browser: names, figures, stories, addresses."""

from datetime import UTC, datetime, timedelta

import pytest

from folkmoot.dashboard.components import activity, talk, words
from folkmoot.dashboard.components.dom import path
from folkmoot.dashboard.components.people import People
from folkmoot.dashboard.sign_in import safe_next
from folkmoot.events import Event
from folkmoot.registry import AgentRecord
from folkmoot.tasks.talk import Stance, Utterance

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def agent(agent_id: str, name: str, type: str = "twin") -> AgentRecord:  # noqa: A002  # the vocabulary's word
    return AgentRecord.model_validate(
        {
            "agent_id": agent_id,
            "name": name,
            "type": type,
            "presence": "online",
            "availability": "available",
            "registered_at": NOW,
        }
    )


PEOPLE = People({"lin": agent("lin", "Lin Hsu"), "manager": agent("manager", "Foreman", "manager")})


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Lin Hsu", "LH"), ("Zoë van Müller", "ZM"), ("seo", "S"), ("tom.okafor", "TO"), ("", "?"), ("—", "?")],
)
def test_initials(name: str, shown: str) -> None:
    assert words.initials(name) == shown


def test_times_are_said_as_people_say_them() -> None:
    assert words.ago(NOW - timedelta(seconds=5), NOW) == "just now"
    assert words.ago(NOW - timedelta(minutes=5), NOW) == "5 min ago"
    assert words.ago(NOW - timedelta(hours=5), NOW) == "5 h ago"
    assert words.ago(NOW - timedelta(days=5), NOW) == "31 Dec 2025"
    assert words.span(93_900) == "1 d 2 h"


def test_agents_sentences_name_twins_and_leave_words_alone() -> None:
    said = PEOPLE.said("By the answers to the manager lin is ahead; linoleum and co-lin are not.")
    assert said == "By the answers to the manager Lin Hsu is ahead; linoleum and co-lin are not."


def test_ids_cannot_leave_their_place_in_an_address() -> None:
    assert path("twins", "a/../b?c#d") == "/dashboard/twins/a%2F..%2Fb%3Fc%23d"


@pytest.mark.parametrize(
    ("wanted", "where"),
    [
        (None, "/dashboard/"),
        ("/dashboard/tasks/x", "/dashboard/tasks/x"),
        ("//evil.example/", "/dashboard/"),
        ("https://evil.example/", "/dashboard/"),
        ("/dashboard.evil.example", "/dashboard/"),
        ("/dashboard/\\evil", "/dashboard/"),
        ("/dashboard/sign-out", "/dashboard/"),
        ("/dashboard/a\r\nSet-Cookie: b=c", "/dashboard/"),
    ],
)
def test_signing_in_leads_nowhere_else(wanted: str | None, where: str) -> None:
    assert safe_next(wanted) == where


def event(number: int, type: str, subject: str, **data: str) -> Event:  # noqa: A002  # the field's name
    return Event(id=number, type=type, subject=subject, data={**data}, timestamp=NOW)


def test_events_of_one_kind_are_one_story_and_the_newest_comes_first() -> None:
    told = activity.stories(
        [
            event(1, "task_created", "task_1", title="Mend it"),
            event(2, "task_consulted", "task_1"),
            event(3, "task_consulted", "task_1"),
            event(4, "agent_status", "lin", status="online", availability_status="available"),
            event(5, "task_assigned", "task_1", title="Mend it", assigned_agent="lin"),
        ],
        PEOPLE,
        {"task_1": "Mend it"},
    )
    assert [f"{one.before} {one.what} {one.after}".strip() for one in told] == [
        "Lin Hsu got Mend it",
        "2 agents answered about Mend it",
        "Mend it was handed in",
    ]


def test_one_word_to_several_peers_is_one_bubble_and_positions_come_last() -> None:
    def said(speaker: str, to: str, intent: str, message: str) -> Utterance:
        return Utterance(
            message_id=f"{speaker}-{to}-{intent}",
            round=1,
            speaker=speaker,
            to=to,
            intent=intent,
            stance=Stance.KEEP,
            message=message,
            at=NOW,
        )

    lines = talk.lines(
        [
            said("lin", "manager", "position", "I keep it."),
            said("lin", "mira", "argument", "I did it before."),
            said("lin", "jonas", "argument", "I did it before."),
        ]
    )
    assert [(line.first.intent, line.to) for line in lines] == [
        ("argument", ("mira", "jonas")),
        ("position", ("manager",)),
    ]
