"""A folder of Google Drive becomes knowledge: found by whoever may read it there, and gone when they may not."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from folkmoot.assembly.documents import Documents, build_documents
from folkmoot.assembly.integrations import integrations
from folkmoot.assembly.settings import load_settings
from folkmoot.events import EventLog
from folkmoot.home import Home
from folkmoot.memory import KnowledgeIndex
from folkmoot.memory.documents import SourceState
from folkmoot.storage import Database
from tests.integrations.hasty import PATIENT, HastyClock, authorized_user
from tests.integrations.servers.google import DOCUMENT, DriveServer
from tests.integrations.servers.wire import Refuse

SALES = {"type": "group", "emailAddress": "sales@acme.example"}
EVERYBODY = {"type": "domain", "domain": "acme.example"}


@dataclass
class Followed:
    """The folder's documents, and the index they are found in."""

    documents: Documents
    index: KnowledgeIndex

    async def sync(self) -> SourceState:
        return await self.documents.follower.sync("google-drive:root")

    async def found(self, query: str, *scopes: str) -> list[str]:
        return [one.source for one in await self.index.search(query, scopes=scopes)]


@pytest.fixture
async def followed(
    tmp_path: Path, database: Database, hasty: HastyClock, drive_server: DriveServer
) -> AsyncIterator[Followed]:
    readers = {"group:sales@acme.example": ["sales"], "domain:acme.example": ["product"]}
    folder = {"id": "root", "name": "Shared", "readers": readers}
    config = {"credentials": authorized_user(drive_server.token_url), "folders": [folder]}
    (tmp_path / "gdrive.json").write_text(json.dumps(config))
    given = {"GDRIVE_CONFIG_PATH": str(tmp_path / "gdrive.json"), "GDRIVE_URL": drive_server.url}
    settings = load_settings({"FOLKMOOT_HOME": str(tmp_path / "home"), **given}, env_file=None)
    services = integrations(settings, hasty, rules=PATIENT)
    index = KnowledgeIndex(database=database, clock=hasty)
    documents = build_documents(
        settings,
        home=Home(tmp_path / "home"),
        database=database,
        clock=hasty,
        events=EventLog(database=database, clock=hasty),
        index=index,
        services=services,
    )
    yield Followed(documents=documents, index=index)
    await documents.ingest.close()
    await services.close()


async def test_a_withdrawn_permission_removes_every_chunk(followed: Followed, drive_server: DriveServer) -> None:
    drive_server.put("plan", parent="root", kind=DOCUMENT, content="# Plan\n\nThe quokka launch.", readers=[SALES])
    drive_server.put("menu", parent="root", content="Soup on Monday.", readers=[EVERYBODY], name="menu.txt")
    state = await followed.sync()
    assert (state.documents, state.failed, state.error) == (2, 0, None)
    assert len(await followed.found("quokka", "sales")) == 1
    assert await followed.found("soup", "product", "sales") == ["menu.txt"]

    drive_server.change("plan", readers=[EVERYBODY])
    await followed.sync()
    assert not await followed.found("quokka", "sales")
    assert len(await followed.found("quokka", "product")) == 1

    drive_server.change("plan", shown=False)  # no longer shared with the account
    drive_server.change("menu", content=b"Salad on Monday.")
    state = await followed.sync()
    assert not await followed.found("quokka", "product", "sales")
    assert not await followed.found("soup", "product")
    assert await followed.found("salad", "product") == ["menu.txt"]
    assert state.documents == 1


async def test_an_outage_is_told_and_made_up_for(
    followed: Followed, drive_server: DriveServer, hasty: HastyClock
) -> None:
    drive_server.put("menu", parent="root", content="Soup on Monday.", readers=[EVERYBODY])
    await followed.sync()
    drive_server.put("late", parent="root", content="Late news.", readers=[EVERYBODY])
    drive_server.fail(Refuse(503), times=4)
    await followed.documents.follower.sync_all()
    (state,) = await followed.documents.follower.sources()
    assert state.error
    assert await followed.found("soup", "product")
    hasty.advance(timedelta(minutes=10))  # what was left alone is asked again
    await followed.sync()
    assert await followed.found("news", "product")
