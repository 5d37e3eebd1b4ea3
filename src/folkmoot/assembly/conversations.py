"""Conversations, made from the settings and joined to the agents that answer and to what reads attachments."""

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from folkmoot.agents import AgentHost
from folkmoot.assembly.settings import Settings
from folkmoot.assembly.upkeep import Chore
from folkmoot.consent import ConsentGate, Purpose
from folkmoot.conversations import ConversationDesk, Lobby, Upload
from folkmoot.conversations.answering import Answering
from folkmoot.conversations.archive import Archive
from folkmoot.conversations.contexts import ContextFiles, Files
from folkmoot.conversations.pick import Picker
from folkmoot.conversations.relay import Relay
from folkmoot.conversations.routing import ModelStage, Router
from folkmoot.conversations.routing.store import OverridesInDatabase
from folkmoot.conversations.studio import Gallery, SessionDesk
from folkmoot.conversations.studio.desk import RENEWED_EVERY
from folkmoot.kernel import Clock
from folkmoot.memory.vectors import Embedder
from folkmoot.messaging import Broker
from folkmoot.models import ModelHub
from folkmoot.models.ngrams import NgramEmbedder
from folkmoot.reading import Chunk, DocumentReader
from folkmoot.registry import AgentRecord, Registry
from folkmoot.storage import Database
from folkmoot.workflows import FlowDesk, FlowLimits

_PLAIN: Final = ("text/", "application/json", "application/xml", "application/yaml", "application/x-yaml")
_DOCUMENTS: Final = (".pdf", ".docx", ".html", ".htm", ".csv", ".md", ".txt")
_LONGEST_TEXT: Final = 200_000


@dataclass(frozen=True, kw_only=True)
class Talking:
    """What the house uses of them."""

    desk: ConversationDesk
    answering: Answering
    relay: Relay
    archive: Archive
    sessions: SessionDesk
    gallery: Gallery
    flows: FlowDesk
    contexts: ContextFiles
    chores: Sequence[Chore]

    def workplace_changed(self, _workplace: object) -> None:
        """Other agents may answer now."""
        self.desk.picker.forget()

    async def start(self) -> None:
        """Take up what was left unanswered; hear what other servers answer."""
        await self.flows.start()
        await self.answering.start()
        self.relay.start()
        await self.contexts.start()

    async def stop(self) -> None:
        """Break off what is being answered; it is kept, and taken up again."""
        await self.contexts.stop()
        await self.flows.stop()
        await self.relay.stop()
        await self.answering.stop()
        await self.desk.stop()


def build_conversations(
    settings: Settings,
    *,
    database: Database,
    clock: Clock,
    broker: Broker,
    registry: Registry,
    host: AgentHost,
    models: ModelHub,
    gate: ConsentGate,
    embedder: Embedder | None,
    files: Files,
    process: str,
) -> Talking:
    """`process` is this process's id among those that share the database. The router sees what words mean only by an
    embedding model that knows it: n-grams it has of its own.
    """
    lobby = Lobby()
    router = Router(
        embedder=None if isinstance(embedder, NgramEmbedder) else embedder,
        model_stage=ModelStage(hub=models),
        overrides=OverridesInDatabase(database=database),
        clock=clock,
    )

    async def speaks(one: AgentRecord) -> bool:
        return one.person is None or bool(await gate.live(one.person, Purpose.CHAT))

    picker = Picker(registry=registry, routes=router, definitions=lambda: host.definitions, clock=clock, speaks=speaks)
    answering = Answering(
        database=database,
        clock=clock,
        broker=broker,
        picker=picker,
        lobby=lobby,
        owner=process,
        patience=timedelta(seconds=settings.chat_timeout),
        alone=database.is_sqlite,
    )
    desk = ConversationDesk(
        database=database,
        clock=clock,
        answering=answering,
        picker=picker,
        lobby=lobby,
        read_text=AttachmentText(DocumentReader(processes=1)),
    )
    alone = database.is_sqlite
    sessions = SessionDesk(database=database, clock=clock, conversations=desk, answering=answering, alone=alone)
    flows = FlowDesk(sessions=sessions, models=models, clock=clock, limits=_flow_limits(settings))
    contexts = ContextFiles(
        database=database, clock=clock, files=files, most_bytes=settings.user_file_bytes, alone=alone
    )
    answering.settled += [flows.settled, contexts.settled]
    chores = [
        Chore(name="deleted conversations", every=timedelta(hours=1), act=desk.purge),
        Chore(name="router", every=timedelta(seconds=5), act=picker.prepare),
        Chore(name="flows", every=RENEWED_EVERY, act=flows.keep_up),
    ]
    return Talking(
        desk=desk,
        answering=answering,
        relay=Relay(database=database, lobby=lobby, answering=answering, alone=alone),
        archive=Archive(database=database, clock=clock),
        sessions=sessions,
        gallery=Gallery(database=database, clock=clock),
        flows=flows,
        contexts=contexts,
        chores=chores,
    )


def _flow_limits(settings: Settings) -> FlowLimits:
    return FlowLimits(
        rounds=settings.flow_rounds, tokens=settings.flow_tokens, time=timedelta(seconds=settings.flow_timeout)
    )


class AttachmentText:
    """The text of an attachment: plain text as it is, documents by a process of their own, None for anything else."""

    def __init__(self, reader: DocumentReader) -> None:
        self._reader = reader

    async def __call__(self, upload: Upload) -> str | None:
        suffix = Path(upload.name).suffix.casefold()
        if upload.media_type.startswith("image/"):
            return None
        if upload.media_type.startswith(_PLAIN) and suffix not in (".html", ".htm"):
            return upload.data.decode(errors="replace")[:_LONGEST_TEXT].replace("\x00", "")
        if suffix not in _DOCUMENTS and upload.media_type != "application/pdf":
            return None
        parts: list[str] = []

        async def take(chunks: Sequence[Chunk]) -> None:
            parts.extend(one.text for one in chunks)

        path = await asyncio.to_thread(_kept, upload.data, suffix or ".pdf")
        try:
            await self._reader.read(path, take, name=upload.name, media_type=upload.media_type)
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)
        return "\n\n".join(parts)[:_LONGEST_TEXT]


def _kept(data: bytes, suffix: str) -> Path:
    with tempfile.NamedTemporaryFile(prefix="folkmoot-", suffix=suffix, delete=False) as file:
        file.write(data)
    return Path(file.name)
