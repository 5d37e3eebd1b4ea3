"""A folder that is kept elsewhere is followed: its files, their changes, and who may read them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from folkmoot.kernel import Family, FolkmootError, SimulatedClock
from folkmoot.memory.documents import (
    DocumentStatus,
    FolderFollower,
    FollowedFolder,
    RemoteChanges,
    RemoteFile,
    SourceState,
)
from folkmoot.memory.documents.errors import FollowedDocumentError, UnknownSourceError
from folkmoot.storage import Database
from tests.memory.shelf import ADMIN, LARGEST, Shelf, shelf_on

READERS = {"group:sales@acme.example": ["sales"], "domain:acme.example": ["product"]}
SALES = frozenset({"group:sales@acme.example", "user:zoe@acme.example"})
EVERYBODY = frozenset({"Domain:ACME.example"})


class AwayError(FolkmootError):
    """The service does not answer."""

    code = "test_away"
    family = Family.UNAVAILABLE


class WithdrawnError(FolkmootError):
    """The file is no longer ours to read."""

    code = "test_withdrawn"
    family = Family.FORBIDDEN


@dataclass(frozen=True)
class File:
    id: str
    name: str
    text: str | bytes
    readers: frozenset[str] = SALES
    revision: str = "1"
    media_type: str = "text/markdown"
    trashed: bool = False


@dataclass(frozen=True)
class Told:
    files: list[File]
    removed: list[str]
    cursor: str


@dataclass
class OwnFolder:
    """A folder in memory that keeps the order of its changes, as a service does."""

    files: dict[str, File] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    read_ids: list[str] = field(default_factory=list)
    faults: dict[str, FolkmootError] = field(default_factory=dict)
    oldest: int = 0  # cursors before this are forgotten
    away: bool = False

    def put(self, file: File) -> None:
        self.files[file.id] = file
        self.log.append(file.id)

    def remove(self, file_id: str) -> None:
        del self.files[file_id]
        self.log.append(file_id)

    async def list(self) -> RemoteChanges:
        self._there()
        return Told([one for one in self.files.values() if not one.trashed], [], str(len(self.log)))

    async def changes(self, cursor: str) -> RemoteChanges | None:
        self._there()
        if int(cursor) < self.oldest:
            return None
        changed = dict.fromkeys(self.log[int(cursor) :])
        here = [self.files[one] for one in changed if one in self.files]
        return Told(here, [one for one in changed if one not in self.files], str(len(self.log)))

    async def read(self, file: RemoteFile) -> AsyncIterator[bytes]:
        self.read_ids.append(file.id)
        if file.id in self.faults:
            raise self.faults[file.id]
        text = self.files[file.id].text
        content = text if isinstance(text, bytes) else text.encode()
        for start in range(0, len(content), 1000):
            yield content[start : start + 1000]

    def _there(self) -> None:
        if self.away:
            raise AwayError("the folder does not answer")


@dataclass
class Following:
    shelf: Shelf
    folder: OwnFolder
    follower: FolderFollower

    async def names(self) -> set[tuple[str, str]]:
        found = await self.shelf.library.find(principal=ADMIN)
        return {(one.name, one.scope) for one in found.items if one.status is DocumentStatus.READY}


@asynccontextmanager
async def following_on(database: Database, clock: SimulatedClock, tmp_path: Path) -> AsyncIterator[Following]:
    folder = OwnFolder()
    folder.put(File("f1", "prices.md", "# Prices\n\nSoap is cheap."))
    folder.put(File("f2", "roadmap.md", "# Roadmap\n\nA quokka comes.", EVERYBODY))
    async with shelf_on(database, clock, tmp_path) as shelf:
        followed = FollowedFolder(source_id="own:1", name="Own", folder=folder, readers=READERS)
        follower = FolderFollower(database=database, clock=clock, ingest=shelf.ingest, folders=[followed])
        yield Following(shelf, folder, follower)


@pytest.fixture
async def following(database: Database, clock: SimulatedClock, tmp_path: Path) -> AsyncIterator[Following]:
    async with following_on(database, clock, tmp_path) as one:
        yield one


@pytest.fixture
async def any_following(any_database: Database, clock: SimulatedClock, tmp_path: Path) -> AsyncIterator[Following]:
    """Once on SQLite and once on PostgreSQL."""
    async with following_on(any_database, clock, tmp_path) as one:
        yield one


async def test_files_come_in_where_their_readers_find_them(following: Following) -> None:
    state = await following.follower.sync("own:1")
    assert (state.documents, state.failed, state.error) == (2, 0, None)
    assert state.synced_at is not None
    assert await following.names() == {("prices.md", "sales"), ("roadmap.md", "product")}
    assert await following.shelf.texts("quokka", "product")
    assert not await following.shelf.texts("quokka", "sales")


async def test_only_what_changed_is_read_again(any_following: Following) -> None:
    await any_following.follower.sync("own:1")
    any_following.folder.read_ids.clear()
    await any_following.follower.sync("own:1")
    assert any_following.folder.read_ids == []
    any_following.folder.put(File("f1", "prices.md", "# Prices\n\nSoap is dear.", revision="2"))
    any_following.folder.put(File("f3", "new.md", "# New\n\nA thing.", SALES | EVERYBODY))
    await any_following.follower.sync("own:1")
    assert any_following.folder.read_ids == ["f1", "f3"]  # once, though it is found in two scopes
    assert await any_following.names() == {
        ("prices.md", "sales"),
        ("roadmap.md", "product"),
        ("new.md", "sales"),
        ("new.md", "product"),
    }
    assert not await any_following.shelf.texts("cheap", "sales")


async def test_what_is_deleted_trashed_or_renamed_is_followed(following: Following) -> None:
    await following.follower.sync("own:1")
    following.folder.remove("f1")
    following.folder.put(replace(following.folder.files["f2"], name="plan.md"))
    await following.follower.sync("own:1")
    assert await following.names() == {("plan.md", "product")}
    assert [one.source for one in await following.shelf.index.search("quokka", scopes=["product"])] == ["plan.md"]
    following.folder.put(replace(following.folder.files["f2"], trashed=True))
    await following.follower.sync("own:1")
    assert await following.names() == set()
    assert not await following.shelf.texts("quokka", "product", "sales")


async def test_whoever_may_no_longer_read_a_file_finds_nothing_of_it(any_following: Following) -> None:
    await any_following.follower.sync("own:1")
    any_following.folder.put(replace(any_following.folder.files["f1"], readers=EVERYBODY))
    any_following.folder.put(replace(any_following.folder.files["f2"], readers=frozenset({"user:zoe@acme.example"})))
    await any_following.follower.sync("own:1")
    assert await any_following.names() == {("prices.md", "product")}
    assert not await any_following.shelf.texts("soap", "sales")
    assert not await any_following.shelf.texts("quokka", "product", "sales")


async def test_a_file_withdrawn_from_us_is_removed_with_every_chunk(following: Following) -> None:
    await following.follower.sync("own:1")
    following.folder.faults["f1"] = WithdrawnError("not yours")
    following.folder.put(replace(following.folder.files["f1"], revision="2"))
    state = await following.follower.sync("own:1")
    assert state.error is None
    assert await following.names() == {("roadmap.md", "product")}
    assert not await following.shelf.texts("soap", "sales")


async def test_a_file_that_is_late_is_tried_again_and_stops_no_other(following: Following) -> None:
    following.folder.faults["f1"] = AwayError("try later")
    state = await following.follower.sync("own:1")
    assert "prices.md" in (state.error or "")
    assert await following.names() == {("roadmap.md", "product")}
    following.folder.faults.clear()
    following.folder.read_ids.clear()
    state = await following.follower.sync("own:1")
    assert (state.error, state.documents) == (None, 2)
    assert following.folder.read_ids == ["f1"]


async def test_a_file_that_cannot_be_read_is_told_and_fetched_again_when_it_changes(following: Following) -> None:
    following.folder.put(File("f3", "broken.pdf", b"%PDF-1.7 nothing", media_type="application/pdf"))
    following.folder.put(File("f4", "huge.txt", b"x" * (LARGEST + 1)))
    state = await following.follower.sync("own:1")
    assert (state.documents, state.failed, state.error) == (2, 2, None)
    failed = await following.shelf.library.find(principal=ADMIN, status=DocumentStatus.FAILED)
    assert [(one.name, "damaged" in (one.error or "")) for one in failed.items] == [
        ("broken.pdf", True),
        ("huge.txt", False),
    ]
    following.folder.read_ids.clear()
    following.folder.oldest = len(following.folder.log) + 1  # all is listed anew: the same revision is not fetched
    await following.follower.sync("own:1")
    assert following.folder.read_ids == []
    following.folder.put(File("f3", "broken.pdf", "Fine now.", revision="2"))
    assert (await following.follower.sync("own:1")).failed == 1


async def test_a_cursor_that_is_too_old_lists_anew_and_drops_what_went_meanwhile(following: Following) -> None:
    await following.follower.sync("own:1")
    following.folder.remove("f1")
    following.folder.oldest = len(following.folder.log)
    following.folder.read_ids.clear()
    await following.follower.sync("own:1")
    assert await following.names() == {("roadmap.md", "product")}
    assert following.folder.read_ids == []


async def test_another_mapping_looks_at_every_file_again(following: Following) -> None:
    await following.follower.sync("own:1")
    everybody = FollowedFolder(source_id="own:1", name="Own", folder=following.folder, readers={"*": ["seo"]})
    following.follower.follow(everybody)
    await following.follower.sync("own:1")
    assert await following.names() == {("prices.md", "seo"), ("roadmap.md", "seo")}


async def test_a_service_that_is_away_is_told_and_changes_nothing(following: Following) -> None:
    await following.follower.sync("own:1")
    following.folder.away = True
    with pytest.raises(AwayError):
        await following.follower.sync("own:1")
    (state,) = await following.follower.sources()
    assert state.error == "the folder does not answer"
    assert len(await following.names()) == 2
    await following.follower.sync_all()  # the chore goes on
    with pytest.raises(UnknownSourceError):
        await following.follower.sync("own:2")


async def test_a_followed_document_is_changed_at_its_source_alone(following: Following) -> None:
    await following.follower.sync("own:1")
    document = (await following.shelf.library.find(principal=ADMIN)).items[0]
    with pytest.raises(FollowedDocumentError):
        await following.shelf.library.delete(document.document_id, principal=ADMIN)
    own = await following.shelf.add("prices.md", "Mine.", scope="sales")  # the same name is another document
    assert own.document_id != document.document_id


async def test_a_sync_that_was_killed_is_gone_through_again(
    database: Database, clock: SimulatedClock, tmp_path: Path, following: Following
) -> None:
    following.folder.faults["f2"] = RuntimeError("killed here")  # type: ignore[assignment]  # no error of ours: it ends the sync
    with pytest.raises(RuntimeError):
        await following.follower.sync("own:1")
    following.folder.faults.clear()
    following.folder.read_ids.clear()
    async with shelf_on(database, clock, tmp_path) as shelf:
        followed = FollowedFolder(source_id="own:1", name="Own", folder=following.folder, readers=READERS)
        follower = FolderFollower(database=database, clock=clock, ingest=shelf.ingest, folders=[followed])
        await follower.sync("own:1")
    assert following.folder.read_ids == ["f2"]
    assert await following.names() == {("prices.md", "sales"), ("roadmap.md", "product")}


def test_a_folder_is_told_of_as_far_as_its_scopes_are_ones_own() -> None:
    whole = SourceState(
        source_id="google-drive:1", name="Drive", error="salaries.pdf: broken", documents=7, failed=1, scopes=("a", "b")
    )
    for scopes in (None, frozenset({"a", "b", "c"})):
        assert whole.seen(scopes) == whole
    assert whole.seen(frozenset({"c"})) is None
    assert SourceState(source_id="x", name="x").seen(frozenset({"a"})) is None
    part = whole.seen(frozenset({"a"}))
    assert part is not None
    assert (part.scopes, part.documents, part.failed) == (("a",), None, None)
    assert "salaries" not in str(part.error)
