"""Leads that came in while the CRM was away are brought into it by themselves, once each."""

from datetime import timedelta
from pathlib import Path

import pytest

from folkmoot.leads.model import AWAY
from folkmoot.storage import Database
from folkmoot.tools import ToolAwayError
from folkmoot.tools.integrations import Connection, HubSpot, crm_tools
from tests.integrations.hasty import HastyClock
from tests.integrations.servers.hubspot import HubSpotServer
from tests.integrations.servers.wire import Refuse
from tests.leads.office import STRONG, WEAK, office
from tests.tools.shop import open_shop

HOUR = timedelta(hours=1)


def test_the_code_is_that_of_the_tools() -> None:
    assert ToolAwayError.code == AWAY


@pytest.mark.parametrize("fault", ["gone", "limited"])
async def test_a_lead_of_the_crms_bad_hour_is_one_contact_in_the_end(
    fault: str, tmp_path: Path, database: Database, hasty: HastyClock, hubspot: HubSpot, hubspot_server: HubSpotServer
) -> None:
    shop = open_shop(database, hasty, tmp_path, *crm_tools(Connection(service="HubSpot", client=hubspot)))
    async with office(tmp_path, tools=shop.desk) as house:
        if fault == "gone":
            await hubspot_server.stop()
        else:
            hubspot_server.fail(Refuse(429), times=1000)
        leads = [await house.desk.submit(one, user_id="ada") for one in (STRONG, WEAK)]
        for lead in leads:
            assert lead.follow_up.crm_sync is not None
            assert (lead.follow_up.crm_sync.status, lead.follow_up.crm_sync.code) == ("skipped", AWAY)
        # The tool of the mail is not there at all: nobody waits for that.
        assert leads[0].follow_up.notification is not None
        assert leads[0].follow_up.notification.code is None
        before = len((await shop.ledger.page())[0])
        assert await house.desk.catch_up() == 0
        assert (
            len((await shop.ledger.page())[0]) == before + 1
        )  # the first finds the door closed: the rest need not try

        if fault == "gone":
            await hubspot_server.start()
        hubspot_server._faults.clear()
        hasty.advance(HOUR)
        assert await house.desk.catch_up() == 2
        assert await house.desk.catch_up() == 0
        contacts = [one.properties["email"] for one in hubspot_server.made("contacts")]
        assert sorted(contacts) == sorted(one.data.email for one in leads)
        assert len(hubspot_server.made("notes")) == 2
        for lead in leads:
            history = await house.desk.history(lead.lead_id, viewer="ada")
            told = [one.details["status"] for one in history if one.details.get("what") == "crm_sync"]
            assert told == ["skipped", "succeeded"]
    await shop.desk.stop()


async def test_what_a_person_has_to_mend_is_not_tried_by_itself(
    tmp_path: Path, database: Database, hasty: HastyClock
) -> None:
    tools = crm_tools(Connection[HubSpot](service="HubSpot", client=None, why_not="set CRM_API_KEY"))
    shop = open_shop(database, hasty, tmp_path, *tools)
    async with office(tmp_path, tools=shop.desk) as house:
        lead = await house.desk.submit(WEAK, user_id="ada")
        assert lead.follow_up.crm_sync is not None
        assert (lead.follow_up.crm_sync.status, lead.follow_up.crm_sync.code) == ("skipped", "tools.skipped")
        assert await house.desk.catch_up() == 0
        assert (await house.desk.find(lead.lead_id, viewer="ada")).round == 1
    await shop.desk.stop()
