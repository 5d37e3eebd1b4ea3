"""What a twin may draw on when it answers: its person's own messages, searched, as far as the person permits now."""

from dataclasses import replace

from folkmoot.consent import ConsentGate, Purpose, person_key
from folkmoot.memory import Filters, Found, KnowledgeIndex, twin_scope
from folkmoot.twins.permission import permitted


class TwinRecall:
    """Searches twins' messages behind the consent gate."""

    def __init__(self, *, index: KnowledgeIndex, gate: ConsentGate) -> None:
        self._index = index
        self._gate = gate

    async def search(
        self,
        person: str,
        query: str,
        *,
        limit: int = 10,
        purpose: Purpose = Purpose.CHAT,
        filters: Filters | None = None,
    ) -> list[Found]:
        """A person's own messages that fit `query`, the best first; nothing where no live consent covers `purpose`.

        For an answer by a model outside this machine or network, `purpose` is `remote_model`.
        """
        usable = await permitted(self._gate, person, purpose)
        if not usable:
            return []
        narrowed = replace(filters or Filters(), consents=frozenset(usable))
        return await self._index.search(query, scopes=[twin_scope(person_key(person))], limit=limit, filters=narrowed)
