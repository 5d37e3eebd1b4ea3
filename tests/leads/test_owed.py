"""Which leads are caught up with, on both databases."""

from datetime import datetime, timedelta

import pytest

from folkmoot.kernel import SimulatedClock
from folkmoot.leads import Lead, LeadStatus, store
from folkmoot.leads.model import AWAY, Contact, FollowUp
from folkmoot.storage import Database
from tests.leads.office import WEAK


def lead(lead_id: str, at: datetime, *, settled: bool = True, deleted: bool = False, **follow_up: Contact) -> Lead:
    return Lead(
        lead_id=lead_id,
        user_id="ada",
        data=WEAK,
        status=LeadStatus.NEW,
        analysis=None,
        follow_up=FollowUp(**follow_up),
        wanted=("analyze",),
        round=1,
        settled=settled,
        version=1,
        created_at=at,
        updated_at=at,
        deleted_at=at if deleted else None,
    )


async def test_leads_to_which_something_is_owed_are_found(any_database: Database, clock: SimulatedClock) -> None:
    now = clock.now()
    away = Contact(status="skipped", code=AWAY, at=now)
    before = now - timedelta(hours=1)
    leads = [
        lead("synced", now, crm_sync=Contact(status="succeeded", at=now)),
        lead("to_sync", now, crm_sync=away, notification=Contact(status="succeeded", at=now)),
        lead("to_tell", before, notification=away),
        lead("to_answer", now, auto_response=away),
        lead("unconfigured", now, crm_sync=Contact(status="skipped", code="tools.skipped", at=now)),
        lead("doubtful", now, crm_sync=Contact(status="unknown", at=now)),
        lead("at_work", now, settled=False, crm_sync=away),
        lead("deleted", now, deleted=True, crm_sync=away),
        lead("old", now - timedelta(days=20), crm_sync=away),
    ]
    async with any_database.write() as session:
        for one in leads:
            await store.insert_lead(session, one)
    async with any_database.read() as session:
        since = now - timedelta(days=14)
        owed = await store.select_owed(session, since=since, limit=10)
        assert [one.lead_id for one in owed] == ["to_tell", "to_sync", "to_answer"]
        assert [one.follow_up.owed() for one in owed] == [("notify",), ("sync",), ("auto_respond",)]
        assert [one.lead_id for one in await store.select_owed(session, since=since, limit=1)] == ["to_tell"]


@pytest.mark.parametrize("status", ["unknown", "denied", "waiting"])
def test_only_what_was_skipped_is_owed(status: str, clock: SimulatedClock) -> None:
    contact = Contact.model_validate({"status": status, "code": AWAY, "at": clock.now()})
    assert FollowUp(crm_sync=contact).owed() == ()
