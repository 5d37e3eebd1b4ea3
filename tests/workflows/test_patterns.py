"""Who speaks when. The patterns are given a way to ask; nobody here needs a model."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from folkmoot.workflows.flow_document import Member
from folkmoot.workflows.model import Utterance
from folkmoot.workflows.patterns import autonomous, group_chat, sequential
from folkmoot.workflows.speaker_selection import estimated

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
ADA, BO, CY = Member(name="ada", persona="You list steps."), Member(name="bo"), Member(name="cy")
FIRST = Utterance(sender="me", recipient="ada", content="Plan the steps of an evening.", timestamp=NOW)


class Asked:
    """Remembers who was asked, after what; says what a test gave it."""

    def __init__(self, **texts: str | None) -> None:
        self.texts = texts
        self.heard: list[tuple[str, list[str]]] = []

    async def __call__(self, member: Member, said: Sequence[Utterance], *, recipient: str) -> Utterance | None:
        self.heard.append((member.name, [one.sender for one in said]))
        await asyncio.sleep(0)
        text = self.texts.get(member.name, f"{member.name} speaks")
        if text is None:
            return None
        return Utterance(sender=member.name, recipient=recipient, content=text, timestamp=NOW)

    @property
    def order(self) -> list[str]:
        return [name for name, _ in self.heard]


async def by_estimate(said: Sequence[Utterance], candidates: Sequence[Member]) -> Member | None:
    return estimated(said, candidates)


async def first_there(_said: Sequence[Utterance], candidates: Sequence[Member]) -> Member | None:
    return candidates[0]


async def test_one_after_another_each_sees_what_was_said() -> None:
    ask = Asked()
    said = await sequential(ask, [ADA, BO, CY], first=FIRST)
    assert ask.heard == [("ada", ["me"]), ("bo", ["me", "ada"]), ("cy", ["me", "ada", "bo"])]
    assert [(one.sender, one.recipient) for one in said] == [("ada", "bo"), ("bo", "cy"), ("cy", "me")]


async def test_whoever_says_nothing_is_passed_over() -> None:
    ask = Asked(bo=None)
    assert [one.sender for one in await sequential(ask, [ADA, BO, CY], first=FIRST)] == ["ada", "cy"]
    assert ask.heard[-1] == ("cy", ["me", "ada"])


async def test_all_at_once_nobody_sees_the_others() -> None:
    ask = Asked()
    said = await autonomous(ask, [ADA, BO, CY], first=FIRST, at_once=3)
    assert ask.heard == [("ada", ["me"]), ("bo", ["me"]), ("cy", ["me"])]
    assert [one.sender for one in said] == ["ada", "bo", "cy"]


async def test_those_asked_at_once_really_wait_for_nobody() -> None:
    there = asyncio.Barrier(3)

    async def together(member: Member, said: Sequence[Utterance], *, recipient: str) -> Utterance | None:
        await asyncio.wait_for(there.wait(), 5)
        return await Asked()(member, said, recipient=recipient)

    assert len(await autonomous(together, [ADA, BO, CY], first=FIRST, at_once=3)) == 3


async def test_one_fault_ends_all_of_them() -> None:
    async def broken(member: Member, said: Sequence[Utterance], *, recipient: str) -> Utterance | None:
        if member is BO:
            raise ValueError("no more money")
        await asyncio.sleep(3600)
        return await Asked()(member, said, recipient=recipient)

    with pytest.raises(ValueError, match="no more money"):
        await autonomous(broken, [ADA, BO, CY], first=FIRST, at_once=3)


async def chat(ask: Asked, choose: object = first_there, **more: object) -> list[Utterance]:
    usual = {"group": "table", "rounds": 12, "allow_repeat_speaker": False, "ends_with": "TERMINATE"}
    return await group_chat(ask, choose, [ADA, BO, CY], first=FIRST, **{**usual, **more})  # type: ignore[arg-type]


async def test_nobody_speaks_twice_in_a_row_and_it_ends_after_its_rounds() -> None:
    said = await chat(Asked(), rounds=7)
    assert [one.sender for one in said] == ["ada", "bo", "ada", "bo", "ada", "bo", "ada"]


async def test_it_may_be_allowed_to_speak_twice_in_a_row() -> None:
    assert [one.sender for one in await chat(Asked(), rounds=3, allow_repeat_speaker=True)] == ["ada", "ada", "ada"]


async def test_the_word_that_ends_it_ends_it() -> None:
    assert [one.sender for one in await chat(Asked(bo="That is all. TERMINATE."))] == ["ada", "bo"]


async def test_it_ends_when_nobody_has_anything_to_say() -> None:
    ask = Asked(ada=None, bo=None, cy=None)
    assert await chat(ask) == []
    assert len(ask.order) == 6, "each is asked twice at most"


async def test_nobody_says_more_than_its_document_allows() -> None:
    ask = Asked()
    ada = Member(name="ada", most_replies=1)
    said = await group_chat(
        ask, first_there, [ada, BO], first=FIRST, group="t", rounds=9, allow_repeat_speaker=False, ends_with="STOP"
    )
    assert [one.sender for one in said] == ["ada", "bo"]


async def test_the_estimate_begins_with_the_nearest_persona_and_lets_each_speak_once() -> None:
    said = await chat(Asked(), by_estimate)
    assert said[0].sender == "ada", "the steps are hers"
    assert sorted(one.sender for one in said) == ["ada", "bo", "cy"]


async def test_whoever_is_spoken_to_answers() -> None:
    said = await chat(Asked(ada="What do you think, cy?", cy="Good."), by_estimate)
    assert [one.sender for one in said][:2] == ["ada", "cy"]
