"""The words behind a reason: looked up when somebody reads it, never sent and never kept with what was said.

What agents say to each other is kept in mailboxes, in recorded steps and in rows; a person's own texts stand in the
twins' rows alone, and go with the consent. So a reason carries ids, and here they become words: for the report of a
task, and for the prompt of an agent's own model.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from folkmoot.storage import Database
from folkmoot.tasks import store
from folkmoot.tasks.talk import Consultation, Ground, Negotiation, Position, Quotation, Utterance

_REMEMBERED: Final = 50_000  # times of texts; they never change


class Texts(Protocol):
    """The consented texts of people; `folkmoot.twins` keeps them."""

    async def quoted(self, ids: Collection[str], *, person: str | None = None) -> Mapping[str, Quotation]:
        """Those of these texts that may be shown now, by id; with `person` (a key) only that person's own."""
        ...


class NoTexts:
    """Nobody has texts."""

    async def quoted(self, ids: Collection[str], *, person: str | None = None) -> Mapping[str, Quotation]:  # noqa: ARG002  # see `Texts`
        return {}


class Quoting(Protocol):
    """What an agent looks up of the evidence its reasons rest on."""

    async def of(self, ids: Iterable[str], *, person: str | None = None) -> Mapping[str, Quotation]: ...

    async def times(self, ids: Collection[str], *, person: str | None = None) -> Mapping[str, datetime]: ...


class NoQuotations:
    """Nothing is looked up: how a history is replayed."""

    async def of(self, ids: Iterable[str], *, person: str | None = None) -> Mapping[str, Quotation]:  # noqa: ARG002  # see `Quoting`
        return {}

    async def times(self, ids: Collection[str], *, person: str | None = None) -> Mapping[str, datetime]:  # noqa: ARG002  # see `Quoting`
        return {}


class Quotations:
    """Looks up texts and outcomes of tasks by the ids that reasons carry."""

    def __init__(self, *, database: Database, texts: Texts) -> None:
        self._database = database
        self._texts = texts
        self._times: OrderedDict[str, datetime] = OrderedDict()

    async def of(self, ids: Iterable[str], *, person: str | None = None) -> dict[str, Quotation]:
        """What stands behind these ids and may be shown now; of an outcome, the title of its task."""
        wanted = [one for one in dict.fromkeys(ids) if not one.startswith("agent:")]
        done = [one for one in wanted if one.startswith("task_")]
        said = [one for one in wanted if not one.startswith("task_")]
        found: dict[str, Quotation] = {}
        if any("/" in one for one in done):
            async with self._database.read() as session:
                found |= await store.select_outcome_titles(session, done, person=person)
        if said:
            found |= await self._texts.quoted(said, person=person)
        return found

    async def times(self, ids: Collection[str], *, person: str | None = None) -> dict[str, datetime]:
        """When these were written or done, as far as that is known."""
        unknown = [one for one in ids if one not in self._times]
        if unknown:
            for one in (await self.of(unknown, person=person)).values():
                if one.at is not None:
                    self._times[one.id] = one.at
            while len(self._times) > _REMEMBERED:
                self._times.popitem(last=False)
        return {one: self._times[one] for one in ids if one in self._times}

    async def into(
        self, answers: Sequence[Consultation], negotiation: Negotiation
    ) -> tuple[tuple[Consultation, ...], Negotiation]:
        """Both with the words that their reasons rest on."""
        spoken: list[Consultation | Utterance | Position] = list(answers)
        for round_ in negotiation.rounds:
            spoken += [*round_.messages, *round_.positions]
        grounds = [ground for one in spoken for ground in (*one.reasons, *getattr(one, "concerns", ()))]
        words = await self.of(evidence for ground in grounds for evidence in ground.evidence)
        if not words:
            return tuple(answers), negotiation
        rounds = tuple(
            round_.model_copy(
                update={
                    "messages": tuple(_with(one, words) for one in round_.messages),
                    "positions": tuple(_with(one, words) for one in round_.positions),
                }
            )
            for round_ in negotiation.rounds
        )
        return tuple(_with(one, words) for one in answers), negotiation.model_copy(update={"rounds": rounds})


def quoted(grounds: Sequence[Ground], words: Mapping[str, Quotation]) -> tuple[Ground, ...]:
    """The grounds, each with those of `words` that it rests on."""
    return tuple(
        one.model_copy(update={"quotes": tuple(words[id_] for id_ in one.evidence if id_ in words)}) for one in grounds
    )


def _with(said: Any, words: Mapping[str, Quotation]) -> Any:
    update = {"reasons": quoted(said.reasons, words)}
    if isinstance(said, Consultation):
        update["concerns"] = quoted(said.concerns, words)
    return said.model_copy(update=update)
