"""The tools as agents call them: through the desk and its log, one for each service and more."""

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from folkmoot.security import Principal
from folkmoot.storage import Database
from folkmoot.telemetry import configure_logging
from folkmoot.tools import CallStatus, ToolSpec
from folkmoot.tools.decide import Decisions
from folkmoot.tools.integrations import (
    Connection,
    GoogleCalendar,
    HubSpot,
    SendGrid,
    calendar_tools,
    crm_tools,
    mail_tools,
)
from folkmoot.tools.model import Effect, Resolution
from tests.integrations.hasty import HastyClock
from tests.integrations.servers.google import CalendarServer
from tests.integrations.servers.hubspot import TOKEN, HubSpotServer
from tests.integrations.servers.sendgrid import KEY, SENDER, SendGridServer
from tests.integrations.servers.wire import Refuse, Vanish
from tests.tools.shop import Shop, open_shop
from tests.waiting import wait_until

WEB, MARKETING, LEADS = "web_development", "digital_marketing", "lead_qualification"
PERSON = {"email": "Zoe@kunde.example", "name": "Zoe Marie Müller"}
ADMIN = Principal(user_id="admin", name="admin", role="admin")


@pytest.fixture
async def shop(
    database: Database,
    hasty: HastyClock,
    tmp_path: Path,
    hubspot: HubSpot,
    sendgrid: SendGrid,
    calendar: GoogleCalendar,
) -> AsyncIterator[Shop]:
    """All three services are configured."""
    specs = (
        *crm_tools(Connection(service="HubSpot", client=hubspot)),
        *mail_tools(Connection(service="SendGrid", client=sendgrid), inbox="sales@acme.example"),
        *calendar_tools(Connection(service="Google Calendar", client=calendar)),
    )
    shop = open_shop(database, hasty, tmp_path, *specs, known=(TOKEN, KEY))
    yield shop
    await shop.desk.stop()


def unconfigured() -> tuple[ToolSpec, ...]:
    return (
        *crm_tools(Connection[HubSpot](service="HubSpot", client=None, why_not="set CRM_API_KEY")),
        *mail_tools(Connection[SendGrid](service="SendGrid", client=None, why_not="set EMAIL_API_KEY"), inbox=""),
        *calendar_tools(Connection[GoogleCalendar](service="Google Calendar", client=None, why_not="set CALENDAR_ID")),
    )


async def test_a_project_lead_becomes_contact_deal_and_note(shop: Shop, hubspot_server: HubSpotServer) -> None:
    arguments = {**PERSON, "project": "A shop", "company": "Kunde", "budget": "20k", "requirements": "4,000 products"}
    outcome = await shop.desk.call("create_project_lead", arguments, agent_id=WEB, user_id="zoe", key="k")
    assert outcome.status is CallStatus.SUCCEEDED, outcome.error
    [contact], [deal], [note] = (hubspot_server.made(name) for name in ("contacts", "deals", "notes"))
    assert outcome.result == {"contact_id": contact.id, "deal_id": deal.id, "note_id": note.id, "new_contact": True}
    assert contact.properties == {
        "email": "zoe@kunde.example",
        "firstname": "Zoe",
        "lastname": "Marie Müller",
        "company": "Kunde",
        "lifecyclestage": "lead",
    }
    assert deal.properties["dealname"] == "A shop (Kunde)"
    assert "Budget: 20k" in deal.properties["description"]
    assert note.to == {("contacts", contact.id), ("deals", deal.id)}
    logged = await shop.ledger.find(outcome.call_id)
    assert (logged.action, logged.status) == ("tool_execution:create_project_lead", CallStatus.SUCCEEDED)


async def test_a_marketing_lead_and_a_qualified_one(shop: Shop, hubspot_server: HubSpotServer) -> None:
    marketing = {**PERSON, "goal": "More visits", "channels": ["search", "mail"]}
    qualified = {**PERSON, "message": "We need <b>help</b>", "score": 81.5, "services": ["seo"], "lead_id": "lead_1"}
    first = await shop.desk.call("create_marketing_lead", marketing, agent_id=MARKETING, user_id=None)
    second = await shop.desk.call("sync_lead_to_crm", qualified, agent_id=LEADS, user_id=None)
    assert first.succeeded, first.error
    assert second.succeeded, second.error
    assert [one.properties["dealname"] for one in hubspot_server.made("deals")] == [
        "Marketing: More visits (Zoe Marie Müller)"
    ]
    [contact] = hubspot_server.made("contacts")
    texts = [one.properties["hs_note_body"] for one in hubspot_server.made("notes")]
    assert "Channels: search, mail" in texts[0]
    assert "Score: 81.5 of 100<br>Services: seo<br>Message: We need &lt;b&gt;help&lt;/b&gt;" in texts[1]
    assert contact.properties["email"] == "zoe@kunde.example"


async def test_mails_of_each_kind(shop: Shop, sendgrid_server: SendGridServer) -> None:
    proposal = {"to": PERSON["email"], "name": "Zoe", "company": "Kunde", "proposal": "Ads & <i>mail</i>.",
                "services": ["SEO"]}  # fmt: skip
    notice = {"lead_name": "Zoe", "lead_email": "zoe@kunde.example", "summary": "Wants a shop.", "score": 90,
              "priority": "high", "actions": ["Call her"]}  # fmt: skip
    answer = {"to": "zoe@kunde.example", "subject": "Thank you", "text": "We will be in touch."}
    for name, arguments, agent in (
        ("send_marketing_proposal", proposal, MARKETING),
        ("send_qualification_notification", notice, LEADS),
        ("send_mail", answer, LEADS),
    ):
        outcome = await shop.desk.call(name, arguments, agent_id=agent, user_id=None, key=name)
        assert outcome.succeeded, outcome.error
    first, second, third = sendgrid_server.sent
    assert first.letter["subject"] == "Marketing proposal for Kunde"
    assert "Dear Zoe,\n\nAds & <i>mail</i>.\n\nWhat it holds:\n- SEO" in first.text
    assert "Ads &amp; &lt;i&gt;mail&lt;/i&gt;." in first.html
    assert (second.to, second.letter["reply_to"]) == ("sales@acme.example", {"email": "zoe@kunde.example"})
    assert second.letter["subject"] == "Lead (high): Zoe"
    assert "Score: 90 of 100" in second.text
    assert third.letter["custom_args"] == {"folkmoot_key": "send_mail"}


@pytest.mark.parametrize(
    ("name", "minutes"),
    [
        ("schedule_technical_consultation", 60),
        ("schedule_strategy_session", 45),
        ("schedule_qualification_call", 30),
    ],
)
async def test_meetings_of_each_kind(name: str, minutes: int, shop: Shop, calendar_server: CalendarServer) -> None:
    arguments = {**PERSON, "topic": "A shop", "timezone": "Europe/London", "earliest": "2026-01-06T10:00:00"}
    outcome = await shop.desk.call(name, arguments, agent_id=WEB, user_id=None)
    assert outcome.succeeded, outcome.error
    [event] = calendar_server.events.values()
    end = f"2026-01-06T{'11:00' if minutes == 60 else f'10:{minutes}'}+00:00"
    assert outcome.result == {
        "event_id": event["id"],
        "start": "2026-01-06T10:00+00:00",
        "end": end,
        "timezone": "Europe/London",
        "link": event["htmlLink"],
        "invited": True,
        "new": True,
    }
    assert "Zoe Marie Müller - A shop" in event["summary"]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("schedule_qualification_call", {**PERSON, "timezone": "Europe/Nowhere"}),
        ("schedule_qualification_call", {**PERSON, "minutes": 5}),
        ("schedule_qualification_call", {**PERSON, "earliest": "soon"}),
        ("schedule_qualification_call", {**PERSON, "email": "zoe"}),
        ("send_mail", {"to": "a@b.example, c@d.example", "subject": "s", "text": "t"}),
        ("create_project_lead", {**PERSON, "email": "zoe@", "project": "x"}),
        ("sync_lead_to_crm", {**PERSON, "score": 101}),
        ("sync_lead_to_crm", {**PERSON, "message": "half a \ud800 sign"}),
        ("sync_lead_to_crm", {**PERSON, "nonsense": 1}),
    ],
)
async def test_wrong_arguments_do_nothing_and_are_told(
    name: str,
    arguments: dict[str, object],
    shop: Shop,
    hubspot_server: HubSpotServer,
    sendgrid_server: SendGridServer,
    calendar_server: CalendarServer,
) -> None:
    outcome = await shop.desk.call(name, arguments, agent_id=LEADS, user_id=None)
    assert outcome.status is CallStatus.FAILED
    assert outcome.error
    assert not hubspot_server.asked
    assert not sendgrid_server.asked
    assert not calendar_server.events


async def test_what_is_not_configured_is_skipped_with_the_reason(
    database: Database, hasty: HastyClock, tmp_path: Path
) -> None:
    shop = open_shop(database, hasty, tmp_path, *unconfigured())
    calls = {
        "create_project_lead": ({**PERSON, "project": "x"}, "HubSpot is not configured: set CRM_API_KEY"),
        "send_qualification_notification": (
            {"lead_name": "Z", "lead_email": "z@k.example", "summary": "s"},
            "SendGrid is not configured: set EMAIL_API_KEY",
        ),
        "schedule_strategy_session": ({**PERSON, "topic": "x"}, "Google Calendar is not configured: set CALENDAR_ID"),
    }
    for name, (arguments, said) in calls.items():
        outcome = await shop.desk.call(name, arguments, agent_id=WEB, user_id=None)
        assert (outcome.status, outcome.error) == (CallStatus.SKIPPED, said)
    logged, total = await shop.ledger.page()
    assert total == 3
    assert {one.status for one in logged} == {CallStatus.SKIPPED}
    await shop.desk.stop()


def test_every_tool_of_the_contract_is_there_and_reaches_outside() -> None:
    specs = {one.name: one for one in unconfigured()}
    assert set(specs) == {
        "create_project_lead",
        "create_marketing_lead",
        "sync_lead_to_crm",
        "send_mail",
        "send_marketing_proposal",
        "send_qualification_notification",
        "schedule_technical_consultation",
        "schedule_strategy_session",
        "schedule_qualification_call",
    }
    for spec in specs.values():
        assert spec.effect is Effect.EXTERNAL
        described = spec.parameters["properties"].values()
        assert all(one.get("description") for one in described), spec.name


async def test_a_service_that_is_down_is_skipped(shop: Shop, hubspot_server: HubSpotServer) -> None:
    await hubspot_server.stop()
    outcome = await shop.desk.call("sync_lead_to_crm", PERSON, agent_id=LEADS, user_id=None)
    assert outcome.status is CallStatus.SKIPPED
    assert outcome.error is not None
    assert "HubSpot cannot be reached" in outcome.error


async def test_a_letter_whose_answer_is_lost_waits_for_a_person(shop: Shop, sendgrid_server: SendGridServer) -> None:
    letter = {"to": "zoe@kunde.example", "subject": "s", "text": "t"}
    sendgrid_server.fail(Vanish(done=True))
    outcome = await shop.desk.call("send_mail", letter, agent_id=LEADS, user_id=None, key="k")
    assert outcome.status is CallStatus.UNKNOWN
    again = await shop.desk.call("send_mail", letter, agent_id=LEADS, user_id=None, key="k")
    assert (again.status, again.call_id) == (CallStatus.UNKNOWN, outcome.call_id)
    assert len(sendgrid_server.sent) == 1


async def test_a_lead_that_is_half_done_is_finished_without_doubles(shop: Shop, hubspot_server: HubSpotServer) -> None:
    """The deal is there and the note is not, as the CRM goes away between them; a person lets it be made again."""
    hubspot_server.fail(Refuse(500), times=5, when="GET /crm/v4")
    arguments = {**PERSON, "project": "A shop"}
    outcome = await shop.desk.call("create_project_lead", arguments, agent_id=WEB, user_id=None, key="k")
    assert outcome.status is CallStatus.UNKNOWN
    assert outcome.error is not None
    assert outcome.error.startswith("half done: deal")
    assert (len(hubspot_server.made("deals")), len(hubspot_server.made("notes"))) == (1, 0)
    hubspot_server._faults.clear()
    decisions = Decisions(desk=shop.desk, ledger=shop.ledger, registry=shop.registry, walls=shop.rules)
    await decisions.resolve(outcome.call_id, Resolution.AGAIN, by=ADMIN)

    async def ended() -> bool:
        return (await shop.ledger.find(outcome.call_id)).status is CallStatus.SUCCEEDED

    await wait_until(ended)
    made = {name: len(hubspot_server.made(name)) for name in ("contacts", "deals", "notes")}
    assert made == {"contacts": 1, "deals": 1, "notes": 1}


@pytest.mark.slow
async def test_the_crm_is_down_for_an_hour(shop: Shop, hubspot_server: HubSpotServer, hasty: HastyClock) -> None:
    """A lead every two minutes. Agents go on; nobody knocks at a closed door all the time; each is there once at last.

    What the log calls skipped is done again later under another key, as a later round does.
    """

    async def sync(number: int, attempt: int) -> CallStatus:
        person = {"email": f"lead-{number}@kunde.example", "name": f"Lead {number}"}
        outcome = await shop.desk.call(
            "sync_lead_to_crm", person, agent_id=LEADS, user_id=None, key=f"lead-{number}:{attempt}"
        )
        return outcome.status

    found = {0: await sync(0, 0)}
    assert found[0] is CallStatus.SUCCEEDED
    before = len(hubspot_server.asked)
    hubspot_server.fail(Refuse(503), times=10_000)
    began = hasty.now()
    number = 0
    while hasty.now() - began < timedelta(hours=1):
        number += 1
        found[number] = await sync(number, 0)
        hasty.advance(timedelta(minutes=2))
    assert number >= 25
    assert set(found.values()) == {CallStatus.SUCCEEDED, CallStatus.SKIPPED}
    # Five to open it, then one trial a rest: half a minute, one, two, four, then five at most.
    knocked = len(hubspot_server.asked) - before
    assert 5 <= knocked <= 25

    hubspot_server._faults.clear()
    hasty.advance(timedelta(minutes=5))
    late = [number for number, status in found.items() if status is CallStatus.SKIPPED]
    hubspot_server.fail(Vanish(done=True), when="POST /crm/v3/objects/notes")
    hubspot_server.fail(Vanish(done=True), when="POST /crm/v3/objects/contacts")
    for attempt, one in enumerate(late):
        assert await sync(one, 1) is CallStatus.SUCCEEDED
        hasty.advance(timedelta(seconds=10 * (attempt + 1)))
    addresses = [one.properties["email"] for one in hubspot_server.made("contacts")]
    assert sorted(addresses) == sorted(f"lead-{one}@kunde.example" for one in found)
    assert len(hubspot_server.made("notes")) == len(found)
    assert len({contact for note in hubspot_server.made("notes") for _, contact in note.to}) == len(found)


@pytest.fixture
def own_log(tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Everything that is logged, down to what the libraries say to themselves; undone afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logging(level="DEBUG", file=tmp_path / "house.log")
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield (tmp_path / "house.log").read_text
    for handler in root.handlers[:]:
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.NOTSET)


async def test_no_key_is_in_the_log_of_calls_or_of_the_house(
    shop: Shop, hubspot_server: HubSpotServer, sendgrid_server: SendGridServer, own_log: Callable[[], str]
) -> None:
    """The services repeat the keys they were given, in refusals that end up in every kind of log."""
    said = {"message": f"the key {TOKEN} is tired", "errors": [{"message": f"the key {KEY} is tired"}]}
    hubspot_server.fail(Refuse(401, said))
    sendgrid_server.fail(Refuse(500, said))
    for name, arguments in (
        ("sync_lead_to_crm", PERSON),
        ("send_mail", {"to": SENDER, "subject": "s", "text": "t"}),
    ):
        outcome = await shop.desk.call(name, arguments, agent_id=LEADS, user_id=None)
        assert outcome.error is not None
        assert "is tired" in outcome.error
        logged = await shop.ledger.find(outcome.call_id)
        for secret in (TOKEN, KEY):
            assert secret not in f"{outcome} {logged} {own_log()}"
    assert own_log().count("a call to a service failed") == 2
    assert "receive_response_headers" in own_log()
