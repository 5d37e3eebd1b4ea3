"""A conversation in an order of its own. Nobody speaks twice in a row unless that is allowed, and it ends: when nobody
has anything to add, when somebody says the word that ends it, and after so many rounds in any case.
"""

from collections import Counter
from collections.abc import Sequence

from folkmoot.workflows.flow_document import Member
from folkmoot.workflows.model import Utterance
from folkmoot.workflows.patterns.asking import Ask, Choose


async def group_chat(
    ask: Ask,
    choose: Choose,
    members: Sequence[Member],
    *,
    first: Utterance,
    group: str,
    rounds: int,
    allow_repeat_speaker: bool,
    ends_with: str,
) -> list[Utterance]:
    """What was said, `first` left out. A member that says nothing twice is not asked again."""
    said = [first]
    spoke, silent = Counter[str](), Counter[str]()
    last = ""
    for _ in range(rounds):
        candidates = [
            one
            for one in members
            if (allow_repeat_speaker or one.name != last)
            and silent[one.name] < 2  # noqa: PLR2004  # see above
            and (one.most_replies is None or spoke[one.name] < max(1, one.most_replies))
        ]
        member = await choose(said, candidates) if candidates else None
        if member is None:
            break
        reply = await ask(member, said, recipient=group)
        if reply is None:
            silent[member.name] += 1
            continue
        said.append(reply)
        spoke[member.name] += 1
        last = member.name
        if reply.content.rstrip().rstrip(".").endswith(ends_with):
            break
    return said[1:]
