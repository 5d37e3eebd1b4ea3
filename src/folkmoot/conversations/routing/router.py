"""The router: one interface over the stages, the classifiers it keeps, and what it learns from overrides.

A classifier is trained once a set of candidates, in a thread; a set of which some are away now is judged by the one
that knows them all. `prepare` trains ahead, in the background; a set that nobody prepared is trained when it is met.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from folkmoot.conversations.routing.ask_model import ModelStage
from folkmoot.conversations.routing.cascade import Findings, decide, unclear
from folkmoot.conversations.routing.errors import NobodyToAnswerError
from folkmoot.conversations.routing.model import Candidate, Decision, Utterance, fingerprint
from folkmoot.conversations.routing.overrides import Override, OverrideBook, OverridesInMemory, gate
from folkmoot.conversations.routing.train import Material, Trained, texts_of, train
from folkmoot.conversations.routing.view import Classified, Share, View
from folkmoot.kernel import Clock, FolkmootError, SystemClock, new_id
from folkmoot.models import Caller
from folkmoot.telemetry import get_logger

_log = get_logger("folkmoot.conversations.routing")
ASK_BELOW: Final = 0.6
_SETS: Final = 8  # classifiers kept
_VIEWS: Final = 64
_AT_ONCE: Final = 64  # texts an embedding model is asked for together
_LONGEST_OVERRIDE: Final = 2000

Matrix = NDArray[np.float32]


class Embedder(Protocol):
    """The part of an embedding model that routing needs; see `folkmoot.memory.vectors.Embedder`."""

    @property
    def name(self) -> str: ...

    async def embed(self, texts: Sequence[str], *, question: bool = False) -> Matrix: ...


class _Kept:
    """A trained classifier, whose lessons it knows, and how messages have been lately."""

    def __init__(self, material: Material, trained: Trained, name: str) -> None:
        self.candidates = material.candidates
        self.lessons = {one.lesson for one in material.candidates}
        self.trained = trained
        self.share = Share(trained.out_share)
        self.name = name


class Router:
    """Decides who answers.

    `embedder`: takes part where there is one; without it, or while it fails, words decide. `model_stage`: asked about
    what is less sure than `ask_below`. `tune`: messages with known answers, for the line and the calibration.
    """

    def __init__(
        self,
        *,
        embedder: Embedder | None = None,
        model_stage: ModelStage | None = None,
        overrides: OverrideBook | None = None,
        tune: Sequence[Utterance] = (),
        ask_below: float = ASK_BELOW,
        clock: Clock | None = None,
    ) -> None:
        self._embedder = embedder
        self._model_stage = model_stage
        self._overrides = overrides or OverridesInMemory()
        self._tune = tuple(tune)
        self._ask_below = ask_below
        self._clock = clock or SystemClock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._views: OrderedDict[tuple[str, ...], View] = OrderedDict()
        self._training: dict[str, asyncio.Task[_Kept]] = {}
        self._learning = asyncio.Lock()

    async def route(
        self,
        text: str,
        *,
        candidates: Sequence[Candidate],
        sticky: str | None = None,
        fallback: str | None = None,
        caller: Caller | None = None,
    ) -> Decision:
        """Who of `candidates` answers. Raises `NobodyToAnswerError` if there are none.

        `sticky` answered last in this conversation, `fallback` answers what is for nobody in particular; either is
        left out of account if it is no candidate. The model is asked for `caller`.
        """
        found = await self.find(text, candidates=candidates, sticky=sticky, fallback=fallback)
        if self._model_stage is not None and unclear(found, below=self._ask_below):
            chosen = await self._model_stage.choose(text, candidates, caller=caller)
            if chosen is not None:
                found = replace(found, asked=chosen[0], model_says=chosen[1], model_reason=chosen[2])
        return decide(found)

    async def find(
        self,
        text: str,
        *,
        candidates: Sequence[Candidate],
        sticky: str | None = None,
        fallback: str | None = None,
        learn_share: bool = True,
    ) -> Findings:
        """What the stages before the language model say. Raises `NobodyToAnswerError`."""
        view = await self._view(candidates)
        vector = await self._vector(text) if view.trained.meaning is not None else None
        return view.judge(text, vector=vector, sticky=sticky, fallback=fallback, learn_share=learn_share)

    def is_unclear(self, found: Findings) -> bool:
        """Whether a language model would be asked."""
        return unclear(found, below=self._ask_below)

    def was_unclear(self, decision: Decision) -> bool:
        """The same of a decision, by its evidence."""
        return self.is_unclear(Findings.from_json(decision.evidence))

    async def classify_all(self, texts: Sequence[str], *, candidates: Sequence[Candidate]) -> list[Classified]:
        """What the classifier alone says of many messages, by words; much quicker than `route` for each."""
        view = await self._view(candidates)
        return await asyncio.to_thread(view.classify_all, texts)

    async def prepare(self, candidates: Sequence[Candidate]) -> None:
        """Train for these, in a thread, unless that was done; call it when agents change. May be left running."""
        if candidates:
            await self._trained(tuple(candidates))

    async def refresh(self) -> None:
        """Train anew what is kept, after overrides were forgotten; meanwhile the former classifiers answer."""
        for kept in list(self._kept.values()):
            fresh = await self._fit(kept.candidates)
            self._keep(fresh, replacing=kept)

    async def learn(
        self,
        text: str,
        *,
        chosen: str,
        instead_of: str | None,
        candidates: Sequence[Candidate],
        user_id: str | None = None,
        conversation_id: str | None = None,
    ) -> None:
        """A user wanted `chosen` for this message. Kept; learned if that makes nothing held out worse."""
        if not text.strip() or chosen not in {one.agent_id for one in candidates}:
            return
        new = Utterance(text=text.strip()[:_LONGEST_OVERRIDE], agent_id=chosen)
        async with self._learning:
            before = await self._utterances()
            verdict = await asyncio.to_thread(gate, candidates, before, new)
            known = new in before
            override = Override(
                override_id=new_id(),
                text=new.text,
                chosen=chosen,
                instead_of=instead_of,
                learned=verdict.passed and not known,
                user_id=user_id,
                conversation_id=conversation_id,
                at=self._clock.now(),
            )
            await self._overrides.keep(override)
            _log.info(
                "an override was weighed",
                chosen=chosen,
                instead_of=instead_of,
                learned=override.learned,
                right_before=verdict.before,
                right_after=verdict.after,
                held_out=verdict.asked,
            )
            if override.learned:
                await self.refresh()

    async def _view(self, candidates: Sequence[Candidate]) -> View:
        if not candidates:
            raise NobodyToAnswerError(
                "no agent is there that could answer; start one, or ask for access to one that is online"
            )
        key = tuple([one.whole for one in candidates])
        view = self._views.get(key)
        if view is None:
            kept = await self._trained(tuple(candidates))
            view = await asyncio.to_thread(View, candidates, kept.trained, fingerprint=kept.name, share=kept.share)
            self._views[key] = view
            while len(self._views) > _VIEWS:
                self._views.popitem(last=False)
        return view

    async def _trained(self, candidates: tuple[Candidate, ...]) -> _Kept:
        wanted = {one.lesson for one in candidates}
        for name, kept in reversed(self._kept.items()):
            if wanted <= kept.lessons:
                self._kept.move_to_end(name)
                return kept
        name = fingerprint(candidates)
        task = self._training.get(name)
        if task is None:
            task = self._training[name] = asyncio.create_task(self._fit(candidates), name=f"train-router-{name}")
            task.add_done_callback(lambda _: self._training.pop(name, None))
        fresh = await asyncio.shield(task)
        if name not in self._kept:
            self._keep(fresh)
        return self._kept[name]

    async def _fit(self, candidates: tuple[Candidate, ...]) -> _Kept:
        learned = tuple(await self._utterances())
        vectors = await self._vectors([text for text, _, _ in texts_of(candidates, learned)])
        tuned = await self._vectors([one.text for one in self._tune]) if vectors is not None and self._tune else None
        if tuned is None and self._tune:
            vectors = None
        material = Material(candidates=candidates, learned=learned, tune=self._tune, vectors=vectors, tuned=tuned)
        trained = await asyncio.to_thread(train, material)
        return _Kept(material, trained, fingerprint(candidates))

    def _keep(self, fresh: _Kept, *, replacing: _Kept | None = None) -> None:
        if replacing is not None:
            fresh.share = replacing.share
            self._kept[fresh.name] = fresh
            self._views.clear()
            return
        self._kept[fresh.name] = fresh
        while len(self._kept) > _SETS:
            self._kept.popitem(last=False)

    async def _utterances(self) -> list[Utterance]:
        return [Utterance(text=one.text, agent_id=one.chosen) for one in await self._overrides.learned()]

    async def _vector(self, text: str) -> Matrix | None:
        rows = await self._vectors([text])
        return None if rows is None else rows[0]

    async def _vectors(self, texts: Sequence[str]) -> Matrix | None:
        if self._embedder is None:
            return None
        try:
            parts = [
                await self._embedder.embed(texts[start : start + _AT_ONCE]) for start in range(0, len(texts), _AT_ONCE)
            ]
        except FolkmootError as error:
            _log.warning(
                "the embedding model does not answer; words decide", model=self._embedder.name, error=error.message
            )
            return None
        return np.concatenate(parts) if parts else np.zeros((0, 0), dtype=np.float32)
