"""Agents that answer in words: persona, what they may search, and a model (SPEC B6). Only `chat` and
`request_knowledge` enter the model loop; every other handler stays plain.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any

from folkmoot.agents.about import About
from folkmoot.agents.agent import BaseAgent
from folkmoot.agents.behalf import in_hand
from folkmoot.agents.enclosed import KNOWN, both, enclosed, known
from folkmoot.agents.errors import InvalidRequestError, NotConfiguredError
from folkmoot.agents.offer import offer
from folkmoot.kernel import JsonValue
from folkmoot.memory import Found
from folkmoot.memory.conversation import Said, in_mind
from folkmoot.messaging import AgentMessage, Delivery, Reply
from folkmoot.models import Answer, Caller, Limits, ModelHandle, Source, Turn
from folkmoot.registry.permissions import allows

_LONGEST_QUESTION = 20_000
_COLLEAGUES = frozenset({"specialist", "twin"})
Search = Callable[[str, int], Awaitable[Sequence[Found]]]


class AnsweringAgent(BaseAgent):
    """Answers questions by its model, from what it may search.

    `chat` takes `{"message": text, "history": [{"role": "user"|"agent", "text": …}]?, "summary": text?, "model": name?,
    "attachments": [{id, name, media_type, text?}]?, "stream": true?}`, `request_knowledge` `{"query": text}`. The reply
    is `{status, answer, disclosure, notice, sources: [{text, source, score, id}], model, offline, usage}`; streamed,
    chunks `{"chunk": text, "at": characters before it, "attempt": number}` come before it. `custom:stop` with a
    `message_id` breaks off the answer to it.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._at_work: dict[str, tuple[asyncio.Task[Any], str | None]] = {}
        self._stopped: set[asyncio.Task[Any]] = set()

    async def handle_chat(self, message: AgentMessage, delivery: Delivery) -> Reply:
        """Answer what somebody said."""
        return await self._answered(message, delivery, asked_in=("message", "content", "question", "query"))

    async def handle_custom_stop(self, message: AgentMessage) -> Reply:
        """Break off the answer to a message, if it is being made here, for whoever asked for it or for the house."""
        task, asker = self._at_work.get(str(message.payload.data.get("message_id")), (None, None))
        now = in_hand()
        if task is None or (now is not None and now.user_id not in (None, asker)):
            return {"stopped": False}
        self._stopped.add(task)
        return {"stopped": task.cancel()}

    async def handle_request_knowledge(self, message: AgentMessage, delivery: Delivery) -> Reply:
        """Answer a question from what this agent knows."""
        return await self._answered(message, delivery, asked_in=("query", "question", "message", "content"))

    async def instructions(self) -> str:
        """Who the model is to be."""
        own = self.definition
        lines = [
            own.persona
            or f"You are {own.name}, {own.role or 'a specialist'}"
            + (f" in {own.department}." if own.department else "."),
            own.description,
            "Search your knowledge before you answer, cite the sources you use, and say so when you find nothing.",
            "Answer in the language of the question.",
        ]
        return "\n".join(line for line in lines if line)

    async def may_use(self, handle: ModelHandle) -> tuple[ModelHandle, Search, str]:
        """The model to ask really, the search it gets, and a word about it for whoever asked (mostly empty)."""

        async def search(query: str, limit: int) -> Sequence[Found]:
            return await self.search_knowledge(query, limit=limit)

        return handle, search, ""

    async def about(self) -> dict[str, Any]:
        """What it says of itself to whoever asks now, by the tool `about_me`."""
        now, context = in_hand(), self.context
        scopes = await self.searched_scopes()
        titles = await context.shelves.titles(scopes) if context.shelves is not None else []
        others = [
            one
            for one in await context.registry.discover(online_only=True)
            if one.agent_id != self.agent_id and one.type in _COLLEAGUES
        ]
        user = now.user_id if now else None
        seen = [one for one in others if user is None or allows(one.visible_to, user, None)]
        return About(own=self.definition, titles=titles, colleagues=seen).told()

    def disclosure(self, handle: ModelHandle) -> str:  # noqa: ARG002  # a twin's depends on it
        """A sentence that stands before every answer; empty for none."""
        return ""

    async def _answered(self, message: AgentMessage, delivery: Delivery, *, asked_in: Sequence[str]) -> Reply:
        work = asyncio.ensure_future(self._work(message, delivery, _question(message, asked_in)))
        now = in_hand()
        self._at_work[message.message_id] = (work, now.user_id if now else None)
        try:
            return await work
        except asyncio.CancelledError:
            if work not in self._stopped:
                raise
            return {"status": "error", "error": "it was stopped by who asked"}
        finally:
            self._at_work.pop(message.message_id, None)
            self._stopped.discard(work)

    async def _model(self, message: AgentMessage) -> ModelHandle:
        """Its own model; one that the message names, if it is among its own or the workplace's, or is offline.

        Whoever asks chooses among what whoever runs the workplace has chosen: what an agent knows must not be led to
        a service that nobody meant for it.
        """
        models = self.context.models
        own = await models.resolve(self.definition.model)
        wanted = message.payload.data.get("model")
        if not isinstance(wanted, str) or not wanted.strip():
            return own
        offered = {one.name for one in own.members} | {"offline"}
        if not self.definition.model:
            offered |= {one.name for one in (await models.resolve(None)).members}
        if wanted.strip() not in offered:
            raise InvalidRequestError(
                f"'{self.agent_id}' does not answer by '{wanted[:100]}'; it does by {', '.join(sorted(offered))}",
                field="model",
            )
        return await models.resolve(wanted.strip())

    async def _work(self, message: AgentMessage, delivery: Delivery, question: str) -> Reply:
        handle, search, notice = await self.may_use(await self._model(message))
        own, now = self.definition.limits, in_hand()
        cited = _cited(search)
        # The offline model searches by itself, and quotes nothing else.
        shown = [] if handle.offline else await _at_hand(cited, question)
        instructions = [await self.instructions(), known(shown)]
        asking: dict[str, Any] = {
            "instructions": "\n\n".join(part for part in instructions if part),
            "prompt": question,
            "attachments": await enclosed(message, self.context.attached, owner=now.files_of if now else None),
            "history": _in_mind(_history(message), _summary(message)),
            "tools": await offer(
                self.context.tools,
                agent_id=self.agent_id,
                name=self.definition.name,
                handling=now,
                cited=cited,
                about=self.about,
            ),
            "limits": Limits(tokens=own.tokens, cost=own.cost, turns=own.turns),
            "caller": now.caller(self.agent_id) if now else Caller(agent_id=self.agent_id),
        }
        opening = " ".join(part for part in (self.disclosure(handle), notice) if part)
        if message.payload.data.get("stream") is True:
            answer = await _streamed(self.context.models.stream(handle, **asking), delivery, opening)
        else:
            answer = await self.context.models.answer(handle, **asking)
        by = answer.by or handle  # of a chain, the model that answered
        if by != handle and message.payload.data.get("stream") is not True:
            opening = " ".join(part for part in (self.disclosure(by), notice) if part)
        return {
            "status": "success",
            "answer": f"{opening}\n\n{answer.text}" if opening else answer.text,
            "disclosure": self.disclosure(by),
            "notice": notice,
            "sources": both(shown, answer.sources),
            "model": by.name,
            "offline": by.offline,
            "usage": {
                "input_tokens": answer.usage.input_tokens,
                "output_tokens": answer.usage.output_tokens,
                "requests": answer.usage.requests,
            },
        }


async def _streamed(pieces: AsyncGenerator[str | Answer], delivery: Delivery, opening: str) -> Answer:
    at = 0

    async def say(text: str) -> None:
        nonlocal at
        await delivery.stream({"chunk": text, "at": at, "attempt": delivery.attempt})
        at += len(text)

    if opening:
        await say(f"{opening}\n\n")
    whole = Answer(text="", model="")
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, Answer):
                whole = piece
            else:
                await say(piece)
    return whole


async def _at_hand(cited: Callable[[str, int], Awaitable[Sequence[Source]]], question: str) -> Sequence[Source]:
    """What it knows that bears on a question; nothing on a line that has no knowledge at all."""
    try:
        return await cited(question, KNOWN)
    except NotConfiguredError:
        return []


def _cited(search: Search) -> Callable[[str, int], Awaitable[Sequence[Source]]]:
    async def cited(query: str, limit: int) -> list[Source]:
        return [
            Source(
                text=one.text,
                source=f"{one.place}, {one.at:%Y-%m-%d}" if one.at else one.place,
                score=one.score,
                id=one.passage_id,
            )
            for one in await search(query, limit)
        ]

    return cited


def _question(message: AgentMessage, asked_in: Sequence[str]) -> str:
    data: dict[str, JsonValue] = message.payload.data
    for field in asked_in:
        value = data.get(field)
        if isinstance(value, str) and value.strip():
            if len(value) > _LONGEST_QUESTION:
                raise InvalidRequestError(
                    f"'{field}' has {len(value)} characters, more than {_LONGEST_QUESTION}", field=field
                )
            return value.strip()
    raise InvalidRequestError(
        f"a {message.intent} message needs text in '{asked_in[0]}', as in {{'{asked_in[0]}': 'Who knows Rust?'}}",
        field=asked_in[0],
    )


def _in_mind(turns: Sequence[Turn], summary: str) -> list[Turn]:
    """The latest turns, after what was said before in short where it was too much."""
    kept = in_mind([Said(turn.role, turn.text) for turn in turns])
    latest = list(turns[len(turns) - len(kept.turns) :])
    short = "\n".join(part for part in (summary, kept.summary) if part)
    if not short:
        return latest
    return [Turn(role="user", text=f"(What we said before, in short quotes)\n{short}"), *latest]


def _summary(message: AgentMessage) -> str:
    given = message.payload.data.get("summary")
    return given if isinstance(given, str) else ""


def _history(message: AgentMessage) -> list[Turn]:
    given = message.payload.data.get("history", [])
    turns: list[Turn] = []
    for index, entry in enumerate(given if isinstance(given, list) else [given]):
        match entry:
            case {"role": "user" | "agent" as role, "text": str(text)}:
                turns.append(Turn(role=role, text=text))
            case _:
                raise InvalidRequestError(
                    f"history[{index}] must be {{'role': 'user' or 'agent', 'text': …}}", field="history"
                )
    return turns
