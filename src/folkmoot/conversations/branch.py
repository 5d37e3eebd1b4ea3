"""Versions of what was said: a message that is edited, or an answer that is made again, begins a branch beside the old.

Messages that share a parent are versions of one place; one of them is shown, with what follows it. Nothing is lost: the
others are shown again when a person asks for them.
"""

from collections import defaultdict
from collections.abc import Sequence

from folkmoot.conversations.model import ChatMessage


def branch_of(messages: Sequence[ChatMessage], chosen: ChatMessage) -> list[int]:
    """The numbers of the messages that are shown when `chosen` is: what leads to it, and the latest that follows it."""
    by_id = {one.message_id: one for one in messages}
    following: defaultdict[str | None, list[ChatMessage]] = defaultdict(list)
    for one in messages:
        following[one.parent_id].append(one)
    numbers: list[int] = []
    step: ChatMessage | None = chosen
    while step is not None:
        numbers.append(step.number)
        step = by_id.get(step.parent_id) if step.parent_id is not None else None
    numbers.reverse()
    step = chosen
    while after := following[step.message_id]:
        # The one that was shown with it before, else the newest.
        step = max(after, key=lambda one: (one.active, one.number))
        numbers.append(step.number)
    return numbers


def versions_of(followers: Sequence[tuple[str, str | None, str]], shown: Sequence[ChatMessage]) -> dict[str, list[str]]:
    """For each shown message that has other versions: the ids of all of them, oldest first. `followers`: id, parent and
    role of every message that follows where the shown ones do.
    """
    siblings: defaultdict[tuple[str | None, str], list[str]] = defaultdict(list)
    for message_id, parent_id, role in followers:
        siblings[parent_id, role].append(message_id)
    found = {one.message_id: siblings[one.parent_id, one.role] for one in shown}
    return {message_id: some for message_id, some in found.items() if len(some) > 1}
