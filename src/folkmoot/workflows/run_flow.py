"""A flow from its first message to its summary. Nothing is kept here; whoever runs it keeps what comes of it."""

import asyncio
from collections.abc import Callable, Sequence

from folkmoot.kernel import Clock
from folkmoot.models import Caller, ModelHub, ModelsError, Source, Turn, search_tool
from folkmoot.workflows.cast import Cast
from folkmoot.workflows.errors import FlowFailedError, FlowTimeoutError
from folkmoot.workflows.flow_document import FlowDocument, Member
from folkmoot.workflows.model import FlowLimits, FlowResult, Utterance
from folkmoot.workflows.patterns import autonomous, group_chat, sequential
from folkmoot.workflows.speaker_selection import SpeakerSelection, transcript

_SUMMARY = "Answer the question below from what the agents said, shortly and in the question's language. Add nothing."


async def run_flow(
    document: FlowDocument,
    query: str,
    *,
    models: ModelHub,
    clock: Clock,
    caller: Caller,
    limits: FlowLimits | None = None,
    history: Sequence[Turn] = (),
    heard: Callable[[Utterance], None] | None = None,
) -> FlowResult:
    """Let the agents of a document answer a query; `heard` is told what is said as it is said.

    Raises `FlowFailedError` if nobody could answer, `FlowTimeoutError`, and `ModelBudgetExceededError` of a budget.
    """
    limits = limits or FlowLimits()
    started = clock.now()
    cast = Cast(
        models=models,
        clock=clock,
        caller=caller,
        limits=limits,
        members=document.members,
        history=history,
        heard=heard,
    )
    for note in document.notes:
        cast.note(note)
    to = document.group.name if document.group else document.members[0].name
    first = Utterance(sender=document.sender, recipient=to, content=query, timestamp=started)
    try:
        async with asyncio.timeout(limits.time.total_seconds()):
            said = await _spoken(document, cast, first, models=models, caller=caller, limits=limits)
            if not said:
                why = cast.first_fault or "none of its agents said anything"
                raise FlowFailedError(f"the flow has no answer: {why}")
            summary = await _summed_up(document, cast, first, said, models=models, caller=caller)
    except TimeoutError as error:
        seconds = f"{limits.time.total_seconds():g}"
        raise FlowTimeoutError(f"the agents were at it for {seconds} s, as long as a flow may take") from error
    return FlowResult(
        summary=summary,
        messages=(first, *said),
        usage=cast.spent.as_row(),
        notes=tuple(cast.notes),
        started_at=started,
        ended_at=clock.now(),
    )


async def _spoken(
    document: FlowDocument, cast: Cast, first: Utterance, *, models: ModelHub, caller: Caller, limits: FlowLimits
) -> list[Utterance]:
    members = document.members
    if document.group is not None:
        leader = document.group if document.group.models else Member(name="", models=members[0].models)
        choose = SpeakerSelection(
            models=models,
            handle=await cast.handle(leader),
            group=document.group,
            members=members,
            caller=caller,
        )
        return await group_chat(
            cast,
            choose,
            members,
            first=first,
            group=document.group.name,
            rounds=min(document.max_rounds or 2 * len(members) + 1, limits.rounds),
            allow_repeat_speaker=document.allow_repeat_speaker,
            ends_with=document.ends_with,
        )
    if document.pattern == "sequential":
        return await sequential(cast, members, first=first)
    return await autonomous(cast, members, first=first, at_once=limits.at_once)


async def _summed_up(
    document: FlowDocument,
    cast: Cast,
    first: Utterance,
    said: Sequence[Utterance],
    *,
    models: ModelHub,
    caller: Caller,
) -> str:
    """The combined answer: the last word, all of them, or what a model makes of them."""
    if document.summary_method == "none" and len(said) > 1:
        return "\n\n".join(f"**{one.sender}**\n\n{one.content}" for one in said)
    if document.summary_method != "llm" or len(said) == 1:
        return said[-1].content
    handle = await cast.handle(document.group or document.members[0])
    sources = [
        Source(text=one.quotes[0].text if one.quotes else one.content, source=f"{one.sender} in this conversation")
        for one in said
    ]

    async def search(_query: str, limit: int) -> Sequence[Source]:
        return sources[:limit]

    prompt = first.content if handle.offline else f"{first.content}\n\nWhat the agents said:\n\n{transcript(said)}"
    try:
        answer = await models.answer(
            handle,
            instructions=_SUMMARY,
            prompt=prompt,
            tools=[search_tool(search)] if handle.offline else [],
            caller=caller,
        )
    except ModelsError as error:
        cast.note(f"the summary could not be made, the last word stands for it: {error.message}")
        return said[-1].content
    cast.count("summary", handle, answer)
    return answer.text if answer.text.strip() else said[-1].content
