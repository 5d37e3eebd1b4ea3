"""The CRM: nothing lost, nothing made twice."""

import pytest

from folkmoot.tools.integrations import HubSpot
from folkmoot.tools.integrations.errors import (
    OutcomeUnknownError,
    ServiceAnswerInvalidError,
    ServiceForbiddenError,
    ServiceRefusedError,
)
from folkmoot.tools.integrations.hubspot import KEY_PROPERTY
from tests.integrations.servers.hubspot import HubSpotServer
from tests.integrations.servers.wire import BreakOff, Garble, Refuse, Vanish

EMAIL = "zoe.müller+web@kunde.example".replace("ü", "u")
ZOE = {"firstname": "Zoe", "lastname": "Muller", "company": ""}
LEAD = {"lifecyclestage": "lead"}
DEAL = {"dealname": "A shop (Kunde)"}
FIRST_STAGE = {"pipeline": "sales", "dealstage": "first-call"}
LOST = [Vanish(), Vanish(done=True), BreakOff(), Garble(b"<html>"), Garble(b'{"id": null}'), Refuse(502)]


async def test_a_new_contact_is_made_and_a_known_one_changed(hubspot: HubSpot, hubspot_server: HubSpotServer) -> None:
    first = await hubspot.save_contact(EMAIL, ZOE, at_first=LEAD)
    again = await hubspot.save_contact(EMAIL.upper(), {"phone": "0301234", "lastname": ""}, at_first=LEAD)
    assert (first.new, again.new) == (True, False)
    assert first.id == again.id
    [contact] = hubspot_server.made("contacts")
    assert contact.properties == {"email": EMAIL, "firstname": "Zoe", "lastname": "Muller", "phone": "0301234", **LEAD}


async def test_a_known_contact_keeps_its_stage(hubspot: HubSpot, hubspot_server: HubSpotServer) -> None:
    hubspot_server.add("contacts", email=EMAIL, lifecyclestage="customer")
    await hubspot.save_contact(EMAIL, ZOE, at_first=LEAD)
    assert hubspot_server.made("contacts")[0].properties["lifecyclestage"] == "customer"


async def test_a_contact_that_somebody_made_meanwhile_is_changed(
    hubspot: HubSpot, hubspot_server: HubSpotServer
) -> None:
    """The update finds nobody, the creation finds somebody: 409."""
    hubspot_server.add("contacts", email=EMAIL)
    hubspot_server.fail(Refuse(404, {"message": "resource not found"}), when="PATCH")
    saved = await hubspot.save_contact(EMAIL, ZOE, at_first=LEAD)
    assert not saved.new
    assert hubspot_server.made("contacts")[0].properties["firstname"] == "Zoe"
    assert [line.split(" ")[0] for line in hubspot_server.lines] == ["PATCH", "POST", "PATCH"]


@pytest.mark.parametrize("fault", LOST)
async def test_a_contact_is_made_once_whatever_is_lost(
    fault: Vanish | BreakOff | Garble | Refuse, hubspot: HubSpot, hubspot_server: HubSpotServer
) -> None:
    hubspot_server.fail(fault, when="POST /crm/v3/objects/contacts")
    saved = await hubspot.save_contact(EMAIL, ZOE, at_first=LEAD)
    assert [one.id for one in hubspot_server.made("contacts")] == [saved.id]


async def test_the_first_deal_makes_the_property_by_which_deals_are_found(
    hubspot: HubSpot, hubspot_server: HubSpotServer
) -> None:
    contact = hubspot_server.add("contacts", email=EMAIL)
    one = await hubspot.save_deal("key-1", DEAL, contact=contact.id)
    other = await hubspot.save_deal("key-2", DEAL, contact=contact.id)
    same = await hubspot.save_deal("key-1", DEAL, contact=contact.id)
    assert (one.new, other.new, same.new) == (True, True, False)
    assert one.id == same.id != other.id
    assert KEY_PROPERTY in hubspot_server.unique["deals"]
    assert hubspot_server.lines.count("POST /crm/v3/properties/deals") == 1
    deal = hubspot_server.records["deals"][one.id]
    assert deal.to == {("contacts", contact.id)}
    assert deal.properties == {**DEAL, **FIRST_STAGE, KEY_PROPERTY: "key-1"}


@pytest.mark.parametrize("fault", LOST)
async def test_a_deal_is_made_once_whatever_is_lost(
    fault: Vanish | BreakOff | Garble | Refuse, hubspot: HubSpot, hubspot_server: HubSpotServer
) -> None:
    contact = hubspot_server.add("contacts", email=EMAIL)
    hubspot_server.fail(fault, when="POST /crm/v3/objects/deals")
    saved = await hubspot.save_deal("key-1", DEAL, contact=contact.id)
    assert [one.id for one in hubspot_server.made("deals")] == [saved.id]


async def test_a_deal_that_another_made_at_the_same_moment_is_taken(
    hubspot: HubSpot, hubspot_server: HubSpotServer
) -> None:
    """Between looking and making, somebody with the same key was quicker: HubSpot refuses the second."""
    contact = hubspot_server.add("contacts", email=EMAIL)
    theirs = await hubspot.save_deal("key-1", DEAL, contact=contact.id)
    hubspot_server.fail(Refuse(404, {"message": "resource not found"}), when="GET /crm/v3/objects/deals/key-1")
    ours = await hubspot.save_deal("key-1", DEAL, contact=contact.id)
    assert ours.id == theirs.id
    assert len(hubspot_server.made("deals")) == 1


async def test_a_deal_that_never_appears_is_unknown_and_not_asked_for_ever(
    hubspot: HubSpot, hubspot_server: HubSpotServer
) -> None:
    contact = hubspot_server.add("contacts", email=EMAIL)
    hubspot_server.fail(Refuse(504), times=9, when="POST /crm/v3/objects/deals")
    with pytest.raises(OutcomeUnknownError):
        await hubspot.save_deal("key-1", DEAL, contact=contact.id)
    assert hubspot_server.lines.count("POST /crm/v3/objects/deals") == 3


async def test_without_the_scope_for_the_property_it_says_what_to_do(
    hubspot: HubSpot, hubspot_server: HubSpotServer
) -> None:
    hubspot_server.scopes.discard("crm.schemas.deals.write")
    contact = hubspot_server.add("contacts", email=EMAIL)
    with pytest.raises(ServiceForbiddenError, match=r"give the app the scope crm\.schemas\.deals\.write"):
        await hubspot.save_deal("key-1", DEAL, contact=contact.id)
    assert not hubspot_server.made("deals")


async def test_an_account_without_a_stage_is_told(hubspot: HubSpot, hubspot_server: HubSpotServer) -> None:
    hubspot_server.fail(Garble(b'{"results": [{"id": "empty", "stages": []}]}'), when="GET /crm/v3/pipelines")
    with pytest.raises(ServiceAnswerInvalidError, match="answered without 'id'"):
        await hubspot.save_deal("key-1", DEAL, contact="1")


async def test_a_property_that_is_not_unique_is_refused(hubspot: HubSpot, hubspot_server: HubSpotServer) -> None:
    hubspot_server.properties["deals"].add(KEY_PROPERTY)
    with pytest.raises(ServiceRefusedError, match="does not require unique values"):
        await hubspot.save_deal("key-1", DEAL, contact="1")


async def test_a_note_stands_on_contact_and_deal_and_shows_markup_as_text(
    hubspot: HubSpot, hubspot_server: HubSpotServer
) -> None:
    contact, deal = hubspot_server.add("contacts", email=EMAIL), hubspot_server.add("deals", dealname="x")
    saved = await hubspot.add_note("key-1", "Hello\n<script>alert(1)</script>", contact=contact.id, deal=deal.id)
    note = hubspot_server.records["notes"][saved.id]
    assert note.to == {("contacts", contact.id), ("deals", deal.id)}
    body = "Hello<br>&lt;script&gt;alert(1)&lt;/script&gt;<br>[folkmoot key-1]"
    assert note.properties == {"hs_timestamp": "2026-01-05T09:00:00Z", "hs_note_body": body}


@pytest.mark.parametrize("fault", LOST)
async def test_a_note_is_written_once_whatever_is_lost(
    fault: Vanish | BreakOff | Garble | Refuse, hubspot: HubSpot, hubspot_server: HubSpotServer
) -> None:
    contact = hubspot_server.add("contacts", email=EMAIL)
    hubspot_server.fail(fault, when="POST /crm/v3/objects/notes")
    saved = await hubspot.add_note("key-1", "Hello", contact=contact.id)
    again = await hubspot.add_note("key-1", "Hello", contact=contact.id)
    assert [one.id for one in hubspot_server.made("notes")] == [saved.id] == [again.id]


async def test_a_note_is_found_again_among_many(hubspot: HubSpot, hubspot_server: HubSpotServer) -> None:
    """Three pages of notes, read in batches."""
    hubspot_server.page = 90
    contact = hubspot_server.add("contacts", email=EMAIL)
    made = await hubspot.add_note("key-1", "Hello", contact=contact.id)
    for number in range(220):
        hubspot_server.add("notes", hs_note_body=f"other {number}").to = {("contacts", contact.id)}
    assert (await hubspot.add_note("key-1", "Hello", contact=contact.id)).id == made.id
    assert hubspot_server.lines.count(f"GET /crm/v4/objects/contacts/{contact.id}/associations/notes") == 4


async def test_a_locked_record_and_a_moving_account_are_waited_for(
    hubspot: HubSpot, hubspot_server: HubSpotServer
) -> None:
    hubspot_server.fail(Refuse(423), when="PATCH")
    hubspot_server.fail(Refuse(477, None, {"Retry-After": "2"}), when="PATCH")
    await hubspot.save_contact(EMAIL, ZOE, at_first=LEAD)
    assert len(hubspot_server.made("contacts")) == 1


async def test_a_contact_can_be_read(hubspot: HubSpot, hubspot_server: HubSpotServer) -> None:
    record = hubspot_server.add("contacts", email=EMAIL, firstname="Zoe")
    assert await hubspot.contact(EMAIL, "firstname", "phone") == {"id": record.id, "firstname": "Zoe"}
    assert await hubspot.contact("nobody@kunde.example") is None
