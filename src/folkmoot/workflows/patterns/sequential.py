"""One after another, in the document's order; each sees what was said before."""

from collections.abc import Sequence

from folkmoot.workflows.flow_document import Member
from folkmoot.workflows.model import Utterance
from folkmoot.workflows.patterns.asking import Ask


async def sequential(ask: Ask, members: Sequence[Member], *, first: Utterance) -> list[Utterance]:
    """What was said, `first` left out. Whoever says nothing is passed over."""
    said = [first]
    for index, member in enumerate(members):
        recipient = members[index + 1].name if index + 1 < len(members) else first.sender
        if (reply := await ask(member, said, recipient=recipient)) is not None:
            said.append(reply)
    return said[1:]
