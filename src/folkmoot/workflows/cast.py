"""The agents of a flow, asked for their turns: each with its persona, by its model, after what was said.

A model of the document that cannot be asked here is replaced by the workplace's own, which is noted. The offline model
is given the persona and what was said to quote from, by the same tool with which it searches knowledge.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from folkmoot.kernel import Clock
from folkmoot.models import Answer, Caller, ModelHandle, ModelHub, ModelsError, Source, Turn, search_tool
from folkmoot.models.errors import ModelBudgetExceededError
from folkmoot.models.knowledge import Tool
from folkmoot.models.spending.prices import Tokens
from folkmoot.workflows.flow_document import Member
from folkmoot.workflows.model import FlowLimits, Spent, Utterance
from folkmoot.workflows.speaker_selection import transcript

_LONGEST_TURN_SECONDS: Final = 600.0
_SHOWN: Final = 60_000  # characters of what was said in the flow that a model is told


class Cast:
    """The agents of one flow. It is an `Ask`."""

    def __init__(
        self,
        *,
        models: ModelHub,
        clock: Clock,
        caller: Caller,
        limits: FlowLimits,
        members: Sequence[Member],
        history: Sequence[Turn] = (),
        heard: Callable[[Utterance], None] | None = None,
    ) -> None:
        self._models = models
        self._clock = clock
        self._caller = caller
        self._limits = limits
        self._names = [one.name for one in members]
        self._history = history
        self._heard = heard
        self._handles: dict[tuple[str, ...], ModelHandle] = {}
        self.spent = Spent()
        self.notes: dict[str, None] = {}
        self.first_fault: str | None = None

    async def __call__(self, member: Member, said: Sequence[Utterance], *, recipient: str) -> Utterance | None:
        """See `Ask`. Raises `ModelBudgetExceededError`: a budget of the workplace ends the flow."""
        if self.spent.tokens >= self._limits.tokens:
            self.note(f"the flow ended early: it may use {self._limits.tokens} tokens, and has used them")
            return None
        try:
            handle = await self.handle(member)
            async with asyncio.timeout(min(member.timeout or _LONGEST_TURN_SECONDS, _LONGEST_TURN_SECONDS)):
                answer = await self._answer(member, handle, said)
        except ModelBudgetExceededError:
            raise
        except ModelsError as error:
            self._fault(f"{member.name} could not answer: {error.message}")
            return None
        except TimeoutError:
            self._fault(f"{member.name} did not answer in time")
            return None
        self.count(member.name, handle, answer)
        if not answer.text.strip():
            return None
        reply = Utterance(
            sender=member.name,
            recipient=recipient,
            content=answer.text,
            timestamp=self._clock.now(),
            model=answer.model,
            quotes=answer.sources if handle.offline else (),
        )
        if self._heard is not None:
            self._heard(reply)
        return reply

    async def handle(self, member: Member) -> ModelHandle:
        """The first model of the document that can be asked here, else the workplace's own."""
        if member.models not in self._handles:
            self._handles[member.models] = await self._resolved(member)
        return self._handles[member.models]

    def note(self, text: str) -> None:
        """Keep what was not as the document wanted it; each once."""
        self.notes[text] = None

    def count(self, name: str, handle: ModelHandle, answer: Answer) -> None:
        """Count what an answer used."""
        used = Tokens(input=answer.usage.input_tokens, output=answer.usage.output_tokens)
        cost = 0 if handle.offline else self._models.cost(handle, used)
        self.spent.add(name, answer.usage, model=handle.name, cost=cost)

    async def _resolved(self, member: Member) -> ModelHandle:
        for name in member.models:
            # A document names models as OpenAI does.
            for spelled in (name,) if ":" in name else (name, f"openai:{name}"):
                try:
                    return await self._models.resolve(spelled)
                except ModelsError:
                    continue
        handle = await self._models.resolve(None)
        if member.models:
            wanted = ", ".join(repr(one[:80]) for one in member.models[:3])
            self.note(f"{member.name}: the document's model {wanted} cannot be asked here; {handle.name} answered")
        return handle

    async def _answer(self, member: Member, handle: ModelHandle, said: Sequence[Utterance]) -> Answer:
        if handle.offline:
            return await self._models.answer(
                handle,
                instructions=member.persona,
                prompt=said[0].content,
                tools=[_quotable(member, said)],
                caller=self._caller,
            )
        others = [name for name in self._names if name != member.name]
        among = f" Beside you there are: {', '.join(others)}; do not speak for them." if others else ""
        after = f"\n\nWhat was said so far:\n\n{transcript(said[1:])[-_SHOWN:]}" if len(said) > 1 else ""
        return await self._models.answer(
            handle,
            instructions=f"{member.persona}\n\nYou are {member.name}.{among} Answer {said[0].sender}.".strip(),
            prompt=f"{said[0].content}{after}",
            history=self._history,
            caller=self._caller,
        )

    def _fault(self, text: str) -> None:
        self.first_fault = self.first_fault or text
        self.note(text)


def _quotable(member: Member, said: Sequence[Utterance]) -> Tool:
    """What an agent without a language model can say: what it is there for, and what was said last."""
    own = [Source(text=member.persona, source=f"what {member.name} is there for")] if member.persona else []
    heard = [
        # Of somebody who quoted, what they quoted first is what they had to say.
        Source(text=one.quotes[0].text if one.quotes else one.content, source=f"{one.sender} in this conversation")
        for one in reversed(said[1:])
        if one.sender != member.name
    ]
    sources = [*own, *heard]

    async def search(_query: str, limit: int) -> Sequence[Source]:
        return sources[:limit]

    return search_tool(search)
