"""What is learned of a person, and that each number can be traced to messages."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from folkmoot.consent import ConsentMissingError
from folkmoot.twins.build_profile import ProfileBuilder, cite
from folkmoot.twins.errors import InvalidOptionError, NoTextsError
from folkmoot.twins.model import TwinMessage
from folkmoot.twins.profile import Measure, Profile, merged
from folkmoot.twins.signals import read_signals
from folkmoot.twins.skill_patterns import SkillPatterns
from tests.twins.workshop import Workshop

START = datetime(2024, 1, 1, 8, 0, tzinfo=UTC)


def message(number: int, text: str, *, own: bool = True, minutes: int | None = None, thread: str = "") -> TwinMessage:
    return TwinMessage(
        message_id=f"m{number}",
        person="zoe vale",
        consent_id="c",
        platform="whatsapp",
        position=number,
        at=START + timedelta(minutes=number * 60 if minutes is None else minutes),
        own=own,
        author="" if own else "Person A",
        text=text,
        kind="message",
        thread=thread,
    )


def profile(messages: list[TwinMessage], *, zone: str = "UTC", patterns: Any = None) -> Profile:
    found = SkillPatterns(patterns) if patterns is not None else SkillPatterns()
    builder = ProfileBuilder(platform="whatsapp", patterns=found, zone=ZoneInfo(zone))
    builder.add(messages)
    cited: dict[str, Any] = {}
    cite(builder.learned_words(), [one for one in messages if one.own], cited)
    return builder.build(cited)


def value(measure: Measure | None) -> float:
    assert measure is not None
    assert measure.evidence
    return measure.value


def test_formal_and_casual_writers_are_told_apart() -> None:
    formal = profile([message(n, "Dear colleagues, please find the report attached. Kind regards.") for n in range(5)])
    casual = profile([message(n, "hey yeah lol gonna do it 😂") for n in range(5)])
    assert value(formal.style.formality) > 0.8
    assert value(casual.style.formality) < 0.2
    assert "formal" in formal.style.labels
    assert casual.style.labels == ["casual", "concise"]
    assert value(casual.style.emoji) == 1.0
    assert formal.style.emoji is not None
    assert (formal.style.emoji.value, formal.style.emoji.evidence) == (0.0, [])
    assert [phrase.text for phrase in casual.style.greetings] == ["hey"]
    assert [phrase.text for phrase in formal.style.greetings] == ["dear"]


def test_collaboration_risk_and_detail_come_from_words_that_say_so() -> None:
    together = profile([message(n, "let's pair on it together, our team can do it") for n in range(3)])
    alone = profile([message(n, "I'll do it myself, it is my thing") for n in range(3)])
    assert value(together.preferences.collaboration) > 0.9
    assert value(alone.preferences.collaboration) < 0.1
    bold = profile([message(n, "just ship it, quick hotfix") for n in range(3)])
    careful = profile(
        [message(n, "wait, check the backup first and test carefully before 14:00, see run.sh") for n in range(3)]
    )
    assert value(bold.decisions.risk) > 0.9
    assert value(careful.decisions.risk) < 0.1
    assert value(careful.decisions.detail) > value(bold.decisions.detail)


def test_a_text_that_tells_nothing_gives_no_number() -> None:
    silent = profile([message(0, "資料を確認しました")])
    assert silent.preferences.collaboration is None
    assert silent.decisions.risk is None
    assert profile([]).style.words is None


def test_words_are_learned_that_are_the_persons_more_than_the_surroundings() -> None:
    own = [message(n, f"the kiln temperature needs glaze number {n}") for n in range(6)]
    own += [message(10 + n, f"lunch is ready soon {n}") for n in range(40)]
    others = [message(100 + n, f"the number of lunch guests is {n} ready", own=False) for n in range(60)]
    skills = {skill.name: skill for skill in profile(own + others).skills}
    assert {"kiln", "glaze", "temperature"} <= skills.keys()
    assert not {"lunch", "ready"} & skills.keys()
    assert skills["kiln"].evidence == [f"m{n}" for n in range(6)]
    assert skills["kiln"].messages == 6
    assert skills["kiln"].level == pytest.approx(6 / 11)


def test_configured_patterns_name_skills() -> None:
    found = profile(
        [message(n, "the K8s pods restart") for n in range(3)], patterns={"orchestration": ["k8s", "pods?"]}
    )
    (skill,) = [one for one in found.skills if one.kind == "pattern"]
    assert (skill.name, skill.messages, skill.evidence) == ("orchestration", 3, ["m0", "m1", "m2"])
    for broken in ("(", "(group)"):
        with pytest.raises(InvalidOptionError, match="orchestration"):
            SkillPatterns({"orchestration": [broken]})
    assert list(SkillPatterns({}).find("anything")) == []


def test_reply_time_is_measured_within_a_conversation_and_hours_in_its_zone() -> None:
    talk = [
        message(0, "question?", own=False, minutes=0, thread="a"),
        message(1, "elsewhere", own=False, minutes=9, thread="b"),
        message(2, "answer", minutes=10, thread="a"),
        message(3, "and more", minutes=50, thread="a"),
        message(4, "reply", minutes=39, thread="b"),
    ]
    found = profile(talk, zone="Asia/Tokyo")
    assert value(found.style.reply_minutes) == pytest.approx(20.0)
    assert found.style.active_hours[17] == 3
    assert found.messages == 3
    assert found.context == 2


def test_every_number_names_messages_that_exist(chat_texts: list[str]) -> None:
    messages = [message(n, text) for n, text in enumerate(chat_texts)]
    found = profile(messages)
    ids = {one.message_id for one in messages}
    style = found.style
    numbers = [
        style.formality,
        style.words,
        found.preferences.collaboration,
        found.decisions.risk,
        found.decisions.detail,
    ]
    for number in [one for one in numbers if one is not None]:
        assert number.evidence
        assert set(number.evidence) <= ids
        assert len(number.evidence) <= number.messages <= len(messages)
    for skill in found.skills:
        assert set(skill.evidence) <= ids


@pytest.fixture
def chat_texts() -> list[str]:
    return [f"hey we should check the deploy of service {n}, just try it" for n in range(120)]


def test_parts_are_put_together_by_the_messages_they_rest_on() -> None:
    one = profile([message(n, "please deploy") for n in range(3)])
    other = profile([message(10 + n, "deploy it now and then have a look") for n in range(9)])
    both = merged([one, other])
    assert both.messages == 12
    assert value(both.style.words) == pytest.approx((3 * 2 + 9 * 8) / 12)
    (deployment,) = [skill for skill in both.skills if skill.name == "deployment"]
    assert deployment.messages == 12
    assert {"m0", "m10"} <= set(deployment.evidence)
    assert merged([one]) == one
    assert Profile.model_validate(one.model_dump(mode="json")) == one


def test_signs_of_odd_texts_do_no_harm() -> None:
    for text in ("", " ", "!!!", "😀", "\u200e", "a" * 100_000, "1. one\n2. two"):
        read_signals(text)


async def test_a_profile_needs_its_own_consent_and_texts(workshop: Workshop) -> None:
    await workshop.grant("John Smith", "whatsapp", "import")
    with pytest.raises(ConsentMissingError, match="profile"):
        await workshop.learning.profile("John Smith")
    await workshop.grant("John Smith", "whatsapp", "profile")
    with pytest.raises(NoTextsError):
        await workshop.learning.profile("John Smith")
