"""The documents as people see them: who may add, list, read and delete which.

A document is seen by everybody who has its scope, changed by whoever added it and by administrators. What somebody may
not see is to them as if it were not there.
"""

import asyncio
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from folkmoot.memory.documents.errors import (
    FollowedDocumentError,
    NotYourDocumentError,
    ScopeNotAllowedError,
    UnknownDocumentError,
)
from folkmoot.memory.documents.ingest import Ingest
from folkmoot.memory.documents.model import Document, DocumentStatus, Order, ScopeSize, plain_name
from folkmoot.memory.documents.store import find_document, scope_sizes, select_chunks, select_document, select_documents
from folkmoot.memory.model import Passage
from folkmoot.reading import ReadingError
from folkmoot.security import Principal
from folkmoot.storage import Database

NOW: Final = timedelta(0)


@dataclass(frozen=True, kw_only=True)
class DocumentPage:
    """A part of a list, and how many there are in all."""

    items: list[Document]
    total: int


class Library:
    """Every document of one database."""

    def __init__(self, *, database: Database, ingest: Ingest) -> None:
        self._database = database
        self._ingest = ingest

    @property
    def largest(self) -> int:
        """The largest file that is taken, in bytes."""
        return self._ingest.largest

    async def add(
        self,
        path: Path,
        *,
        name: str,
        scope: str,
        principal: Principal,
        title: str = "",
        media_type: str = "",
        wait: timedelta | None = NOW,
    ) -> Document:
        """Take a file in; the same name in the same scope replaces what was there.

        Answers once the file is accepted and read, or as far as it is after `wait`. Raises `InvalidDocumentError`,
        `ScopeNotAllowedError`, `NotYourDocumentError`, `DocumentTooLargeError`, and within `wait` the
        `UnreadableDocumentError` that says what is wrong with the file; nothing is kept then.
        """
        order = Order(
            name=plain_name(name),
            scope=scope,
            title=" ".join(title.split())[:300],
            media_type=media_type,
            user_id=principal.user_id,
        )
        _allow(principal, scope)
        async with self._database.read() as session:
            earlier = await find_document(session, scope=scope, source_id="", identity=order.key)
        if earlier is not None:
            _allow_change(principal, earlier)
        try:
            return await self._ingest.put(order, path, wait=wait)
        except ReadingError:
            if earlier is None:
                await self._forget_failed(order)
            raise

    async def add_text(
        self, text: str, *, name: str, scope: str, principal: Principal, wait: timedelta | None = NOW
    ) -> Document:
        """Take in what somebody wrote, read as Markdown; `name` is its title. Raises as `add`."""
        with tempfile.TemporaryDirectory(prefix="folkmoot-text-") as folder:
            path = Path(folder) / "text.md"
            await asyncio.to_thread(path.write_text, text, encoding="utf-8", errors="replace")
            return await self.add(
                path, name=name, title=name, scope=scope, principal=principal, media_type="text/markdown", wait=wait
            )

    async def find(
        self,
        *,
        principal: Principal,
        scope: str | None = None,
        source_id: str | None = None,
        status: DocumentStatus | None = None,
        text: str = "",
        limit: int = 100,
        offset: int = 0,
    ) -> DocumentPage:
        """Documents of the scopes that one has, by name; `text` is looked for in names."""
        scopes: Collection[str] | None = principal.knowledge_scopes
        if scope is not None:
            scopes = [scope] if scopes is None or scope in scopes else []
        async with self._database.read() as session:
            items, total = await select_documents(
                session, scopes=scopes, source_id=source_id, status=status, text=text, limit=limit, offset=offset
            )
        return DocumentPage(items=items, total=total)

    async def titles(self, scopes: Collection[str]) -> list[str]:
        """The titles of the documents in these scopes that can be found, each once, by scope and name."""
        if not scopes:
            return []
        async with self._database.read() as session:
            found, _ = await select_documents(session, scopes=scopes, status=DocumentStatus.READY, limit=100, offset=0)
        return list(dict.fromkeys(one.title or one.name for one in found))

    async def get(self, document_id: str, *, principal: Principal) -> Document:
        """One document; raises `UnknownDocumentError` for one that is not there or not theirs to see."""
        async with self._database.read() as session:
            found = await select_document(session, document_id)
        if found is None or not may_see(principal, found.scope):
            raise UnknownDocumentError(f"there is no document '{document_id[:100]}'", document_id=document_id[:100])
        return found

    async def chunks(
        self, document_id: str, *, principal: Principal, limit: int = 100, offset: int = 0
    ) -> tuple[list[Passage], int]:
        """The chunks of a document in its order, and how many there are. Raises `UnknownDocumentError`."""
        document = await self.get(document_id, principal=principal)
        async with self._database.read() as session:
            return await select_chunks(session, document.document_id, limit=limit, offset=offset)

    async def delete(self, document_id: str, *, principal: Principal) -> int:
        """Remove a document to its last word; how many chunks that were.

        Raises `UnknownDocumentError`, `NotYourDocumentError`, `FollowedDocumentError`.
        """
        document = await self.get(document_id, principal=principal)
        _allow_change(principal, document)
        return await self._ingest.remove([document.document_id])

    async def scopes(self, *, principal: Principal, known: Collection[str] = ()) -> list[ScopeSize]:
        """The scopes that one has, with what is in them; `known` are those that are told though they are empty."""
        async with self._database.read() as session:
            sizes = {one.scope: one for one in await scope_sizes(session)}
        named = set(sizes) | set(known) | set(principal.knowledge_scopes or ())
        return [sizes.get(one, ScopeSize(scope=one)) for one in sorted(named) if may_see(principal, one)]

    async def _forget_failed(self, order: Order) -> None:
        async with self._database.read() as session:
            kept = await find_document(session, scope=order.scope, source_id="", identity=order.key)
        if kept is not None and kept.status is DocumentStatus.FAILED:
            await self._ingest.remove([kept.document_id])


def may_see(principal: Principal, scope: str) -> bool:
    """Whether a scope is one of theirs."""
    return principal.knowledge_scopes is None or scope in principal.knowledge_scopes


def _allow(principal: Principal, scope: str) -> None:
    if not may_see(principal, scope):
        theirs = ", ".join(sorted(principal.knowledge_scopes or ())) or "none yet"
        raise ScopeNotAllowedError(
            f"{principal.name} may not add to '{scope}'; their scopes are: {theirs}. An administrator can give more",
            scope=scope,
        )


def _allow_change(principal: Principal, document: Document) -> None:
    if document.source_id:
        raise FollowedDocumentError(
            f"{document.name} is followed from {document.source_id}: remove or change it there",
            document_id=document.document_id,
        )
    if not principal.is_admin and document.user_id != principal.user_id:
        raise NotYourDocumentError(
            f"{document.name} was added by somebody else; choose another name, or ask them or an administrator",
            document_id=document.document_id,
        )
