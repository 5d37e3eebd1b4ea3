"""What the team offers, and which of it a lead asks for. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from folkmoot.agents import AgentDefinition, Workplace
from folkmoot.kernel import words

_STEM: Final = 5
_ASKED, _NEAR = 1.0, 0.75
_WORD_WORTH, _WORDS_MOST = 0.3, 0.85
_EMPTY: Final = frozenset(
    words(
        "a an and the of for to in on with our your we need it is are by new more my us from as or at be this that "
        "they their services service company business agency project help work team good best"
    )
)


@dataclass(frozen=True, kw_only=True)
class Offer:
    """Something that customers can buy: `service` is its id, `keywords` how people speak of it.

    `price` is the usual range of a project, in `currency`.
    """

    service: str
    title: str
    keywords: tuple[str, ...] = ()
    price: tuple[float, float] | None = None
    currency: str = "EUR"
    names: tuple[str, ...] = field(default=())  # other spellings that mean exactly this


@dataclass(frozen=True, kw_only=True)
class Match:
    """How well an offer meets a lead: 0..1, and why."""

    offer: Offer
    strength: float
    reason: str


def offers_of(workplace: Workplace) -> list[Offer]:
    """What a workplace offers: the services it names, else the work of every specialist and twin."""
    agents = {one.agent_id: one for one in workplace.agents}
    if workplace.services:
        return [
            Offer(
                service=agents[one.agent].specialty or one.agent,
                title=one.title,
                keywords=_spellings(agents[one.agent]),
                price=None if one.price_from is None or one.price_to is None else (one.price_from, one.price_to),
                currency=one.currency,
                names=(one.agent, agents[one.agent].name),
            )
            for one in workplace.services
        ]
    return [
        Offer(
            service=one.specialty or one.agent_id,
            title=one.role or one.name,
            keywords=_spellings(one),
            names=(one.name,),
        )
        for one in workplace.agents
        if one.type in {"specialist", "twin"} and (one.keywords or one.capabilities)
    ]


def _spellings(agent: AgentDefinition) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*agent.keywords, *(name.replace("_", " ") for name in agent.capabilities)]))


def match_services(interested: Sequence[str], message: str, offers: Sequence[Offer]) -> tuple[list[Match], list[str]]:
    """The offers that meet a lead, the best first, and what it asks for that nobody offers."""
    found: dict[str, Match] = {}
    unknown: list[str] = []
    for asked in interested:
        offer, strength = _named(asked, offers)
        if offer is None:
            unknown.append(asked)
        elif offer.service not in found or strength > found[offer.service].strength:
            found[offer.service] = Match(offer=offer, strength=strength, reason=f"asked for “{asked}”")
    spoken = _spoken(message)
    for offer in offers:
        hits = [keyword for keyword in offer.keywords if _said(keyword, spoken, message)]
        if not hits:
            continue
        strength = min(_WORDS_MOST, _WORD_WORTH * len(hits) + 0.15)
        before = found.get(offer.service)
        said = ", ".join(f"“{one}”" for one in hits[:3])
        if before is None:
            found[offer.service] = Match(offer=offer, strength=strength, reason=f"the message speaks of {said}")
        else:
            together = min(1.0, before.strength + 0.1 * len(hits))
            found[offer.service] = Match(
                offer=offer, strength=together, reason=f"{before.reason}; the message speaks of {said}"
            )
    return sorted(found.values(), key=lambda one: (-one.strength, one.offer.service)), unknown


def _named(asked: str, offers: Sequence[Offer]) -> tuple[Offer | None, float]:
    """The offer that a name in the form means: by its id or title, else by most words in common."""
    plain = _plain(asked)
    for offer in offers:
        if plain in {_plain(offer.service), _plain(offer.title), *map(_plain, offer.names)}:
            return offer, _ASKED
    wanted = {word[:_STEM] for word in plain.split() if word not in _EMPTY}
    best: tuple[float, Offer] | None = None
    for offer in offers:
        own = {word[:_STEM] for name in (offer.service, offer.title, *offer.keywords) for word in _plain(name).split()}
        share = len(wanted & own) / len(wanted) if wanted else 0.0
        if share >= 0.5 and (best is None or share > best[0]):  # noqa: PLR2004  # half of what was asked
            best = (share, offer)
    return (best[1], _NEAR) if best else (None, 0.0)


def _plain(name: str) -> str:
    return " ".join(words(re.sub(r"[_/&-]+", " ", name)))


def _spoken(message: str) -> set[str]:
    said = {word for word in words(message) if word not in _EMPTY}
    return said | {word[:-1] for word in said if word.endswith("s") and len(word) > 3}  # noqa: PLR2004  # no plural of `as`


def _said(keyword: str, spoken: set[str], message: str) -> bool:
    own = [word for word in _plain(keyword).split() if word]
    if not own:
        return False
    if len(own) == 1:
        return own[0] in spoken or (own[0].endswith("s") and own[0][:-1] in spoken)
    return " ".join(own) in _plain(message)
