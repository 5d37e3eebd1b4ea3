"""The page of messages as its keeper uses it: what waits, what was given up on, one message whole."""

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.faces.accounts import PASSWORD, account
from tests.faces.dashboard.conftest import Window, Windows
from tests.serving import Served

pytestmark = [pytest.mark.slow, pytest.mark.browser]
HOSTILE = "<img src=x onerror=document.title='gone'>"


def sent(api: httpx.Client, recipient: str = "jonas", intent: str = "custom:juggle", **fields: Any) -> str:
    message_id = uuid.uuid4().hex
    message = {"message_id": message_id, "sender_id": "tester", "recipient_id": recipient, "intent": intent, **fields}
    waits = {"wait": 20} if recipient == "jonas" else {}
    api.post("/api/agents/messages", json=message, params=waits)
    return message_id


@pytest.fixture
def letter(api: httpx.Client) -> Iterator[str]:
    """A dead letter with a payload that wants to be markup."""
    message_id = sent(api, payload={"data": {"text": HOSTILE}})
    yield message_id
    api.delete(f"/api/agents/messages/dead-letters/{message_id}")


@pytest.fixture
def asleep(api: httpx.Client) -> Iterator[str]:
    """An agent that takes no mail."""
    api.post("/api/agents/pavel/silence", json={"reason": "holiday"}).raise_for_status()
    yield "pavel"
    api.delete("/api/agents/pavel/silence").raise_for_status()


def test_what_waits_is_seen_as_it_comes(window: Window, api: httpx.Client, asleep: str) -> None:
    page = window.open("/dashboard/messages")
    assert page.title() == "Messages · Folkmoot"
    boxes = page.get_by_role("region", name="Mailboxes")
    expect(boxes.get_by_role("row", name="Jonas")).to_be_visible()
    waiting = sent(api, asleep, "health_check")
    row = boxes.get_by_role("row", name="Pavel")
    expect(row.get_by_role("meter")).to_be_visible()
    listed = page.get_by_role("region", name="Messages", exact=True)
    expect(listed.locator(f"a[href='/dashboard/messages/{waiting}']")).to_be_visible()
    api.delete(f"/api/agents/{asleep}/silence").raise_for_status()
    expect(row.get_by_role("meter")).to_have_count(0)


def test_messages_are_found_by_id_conversation_agent_and_state(window: Window, api: httpx.Client, letter: str) -> None:
    talk = uuid.uuid4().hex
    in_talk = [sent(api, intent="health_check", conversation_id=talk) for _ in range(2)]
    page = window.open("/dashboard/messages")
    listed = page.get_by_role("region", name="Messages", exact=True).get_by_role("listitem")
    page.get_by_label("Id", exact=True).fill(letter)
    expect(listed).to_have_count(1)
    expect(listed).to_contain_text("Given up")
    page.get_by_label("Id", exact=True).fill(talk)
    expect(listed).to_have_count(2)
    page.get_by_label("Id", exact=True).fill("")
    page.get_by_label("State").select_option("dead")
    expect(listed.filter(has_text="Handled")).to_have_count(0)
    expect(listed.filter(has_text="Given up").first).to_be_visible()
    page.get_by_label("State").select_option("expired")
    page.get_by_label("From or to").select_option("jonas")
    expect(page.get_by_text("No message fits")).to_be_visible()
    page = window.open(f"/dashboard/messages?find={talk}")
    expect(listed).to_have_count(2)
    listed.first.get_by_role("link").click()
    page.wait_for_url(f"**/dashboard/messages/{in_talk[1]}")
    expect(page.get_by_role("region", name="Reply")).to_contain_text("healthy")
    expect(page.get_by_role("region", name="Conversation").get_by_role("listitem")).to_have_count(1)


def test_a_dead_letter_is_read_delivered_again_and_dropped_after_asking(
    window: Window, api: httpx.Client, letter: str
) -> None:
    page = window.open(f"/dashboard/messages/{letter}")
    expect(page.get_by_role("note")).to_contain_text("juggle")
    expect(page.get_by_role("region", name="What it says")).to_contain_text(HOSTILE)
    assert page.title() == "Messages · Folkmoot"  # what was sent is text, whatever it looks like
    before = api.get(f"/api/agents/messages/{letter}").json()["settled_at"]
    page.get_by_role("button", name="Deliver again").click()
    expect(page.get_by_role("status").filter(has_text="delivered again")).to_be_visible()
    expect(page.get_by_role("button", name="Drop", exact=True)).to_be_visible()  # it failed again
    assert api.get(f"/api/agents/messages/{letter}").json()["settled_at"] != before
    page.get_by_role("button", name="Drop", exact=True).press("Enter")
    dialog = page.get_by_role("dialog", name="Drop this dead letter?")
    dialog.get_by_role("button", name="Keep it as it is").click()
    expect(dialog).to_be_hidden()
    assert api.get(f"/api/agents/messages/{letter}").status_code == 200
    page.get_by_role("button", name="Drop", exact=True).click()
    dialog.get_by_role("button", name="Drop it").click()
    page.wait_for_url("**/dashboard/messages")
    assert api.get(f"/api/agents/messages/{letter}").status_code == 404


def test_dead_letters_can_be_dropped_from_the_list_on_a_phone(windows: Windows, api: httpx.Client, letter: str) -> None:
    phone = windows.new(viewport={"width": 390, "height": 800}, color_scheme="dark")
    phone.sign_in()
    phone.open(f"/dashboard/messages/{letter}")
    assert phone.overflow() == 0
    page = phone.open("/dashboard/messages")
    assert phone.overflow() == 0
    card = page.get_by_role("region", name="Dead letters").get_by_role("article").first
    expect(card).to_contain_text("juggle")
    card.get_by_role("button", name="Drop").click()
    page.get_by_role("dialog", name="Drop this dead letter?").get_by_role("button", name="Drop it").click()
    expect(page.get_by_role("status").filter(has_text="Dropped")).to_be_visible()
    assert api.get(f"/api/agents/messages/{letter}").status_code == 404


def test_who_is_no_administrator_sees_their_own_mail_and_a_viewer_no_buttons(
    server: Served, chromium: Browser, letter: str
) -> None:
    windows = Windows(chromium, server.url)
    with account(server, role="viewer", password=True) as one:
        window = windows.new()
        window.page.goto(f"{server.url}/dashboard/sign-in")
        window.page.get_by_label("Name").fill(one.name)
        window.page.get_by_label("Password").fill(PASSWORD)
        window.page.get_by_role("button", name="Sign in", exact=True).click()
        window.page.wait_for_url("**/dashboard/")
        page = window.open("/dashboard/messages")
        expect(page.get_by_text("No messages yet")).to_be_visible()
        expect(page.get_by_role("region", name="Dead letters")).to_have_count(0)
        page.goto(f"{server.url}/dashboard/messages/{letter}")
        expect(page.get_by_text("there is no such message")).to_be_visible()
        expect(page.get_by_role("button", name="Drop")).to_have_count(0)
    windows.close()
