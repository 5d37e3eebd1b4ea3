"""All at once, each by itself: nobody sees what the others say."""

import asyncio
from collections.abc import Sequence

from folkmoot.workflows.flow_document import Member
from folkmoot.workflows.model import Utterance
from folkmoot.workflows.patterns.asking import Ask


async def autonomous(ask: Ask, members: Sequence[Member], *, first: Utterance, at_once: int) -> list[Utterance]:
    """What was said, in the document's order; `at_once` members are asked at the same time."""
    room = asyncio.Semaphore(at_once)

    async def asked(member: Member) -> Utterance | None:
        async with room:
            return await ask(member, [first], recipient=first.sender)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(asked(member)) for member in members]
    except BaseExceptionGroup as several:  # one fault is enough to say what happened
        raise several.exceptions[0] from several
    return [reply for task in tasks if (reply := task.result()) is not None]
