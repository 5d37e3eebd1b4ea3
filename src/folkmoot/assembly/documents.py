"""Documents, made from the settings and joined to the index and to the folders of others that are followed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from folkmoot.assembly.ground import ingest_on
from folkmoot.assembly.integrations import Integrations
from folkmoot.assembly.settings import Settings
from folkmoot.assembly.upkeep import Chore
from folkmoot.events import EventLog
from folkmoot.home import Home
from folkmoot.kernel import Clock
from folkmoot.memory import KnowledgeIndex
from folkmoot.memory.documents import FolderFollower, FollowedFolder, Ingest, Library
from folkmoot.storage import Database


@dataclass(frozen=True, kw_only=True)
class Documents:
    """What the house uses of them."""

    library: Library
    follower: FolderFollower
    ingest: Ingest
    chores: Sequence[Chore]


def build_documents(
    settings: Settings,
    *,
    home: Home,
    database: Database,
    clock: Clock,
    events: EventLog,
    index: KnowledgeIndex,
    services: Integrations,
) -> Documents:
    """Make them."""
    ingest = ingest_on(settings, home=home, database=database, clock=clock, events=events, index=index)
    folders = [
        FollowedFolder(
            source_id=f"google-drive:{one.folder_id}",
            name=f"Google Drive: {one.name}",
            folder=one.folder,
            readers=one.readers,
        )
        for one in services.folders
    ]
    follower = FolderFollower(database=database, clock=clock, ingest=ingest, folders=folders)
    every = timedelta(seconds=settings.knowledge_sync_seconds)
    chores = [Chore(name="documents", every=timedelta(minutes=10), act=ingest.resume_running)]
    if folders:
        chores.append(Chore(name="followed folders", every=every, act=follower.sync_all))
    return Documents(library=Library(database=database, ingest=ingest), follower=follower, ingest=ingest, chores=chores)
