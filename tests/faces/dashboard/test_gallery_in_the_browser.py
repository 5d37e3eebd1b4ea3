"""Publishing a conversation, reading it as somebody else, going on with it, taking it back; and finding by words."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.faces.accounts import PASSWORD, account
from tests.faces.dashboard.conftest import Window, Windows
from tests.faces.dashboard.test_in_the_browser import CONTRAST
from tests.serving import Served, serve
from tests.stub_model import StubModel, serving

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(180)]
HOSTILE = "<img src=x onerror=\"document.title='gone'\"> is **text**"


@pytest.fixture(scope="module")
def stub() -> Iterator[StubModel]:
    with serving(StubModel()) as one:
        one.routes = "manager"
        yield one


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, stub: StubModel) -> Iterator[Served]:
    """A server whose agents answer by the stub."""
    home = tmp_path_factory.mktemp("gallery") / "home"
    served = serve(home, MODEL="openai:stub-small", OPENAI_BASE_URL=stub.base_url, OPENAI_API_KEY="none")
    with served.client() as client:
        client.post("/api/initialize", json={"team": "acme"}).raise_for_status()
    yield served
    served.stop()


def talked(page: Page, text: str) -> None:
    page.get_by_label("Message", exact=True).fill(text)
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".msg.theirs").last.get_by_role("button", name="Again", exact=True)).to_be_visible()


def test_a_conversation_is_shown_to_others_gone_on_with_and_taken_back(
    window: Window, server: Served, stub: StubModel, chromium: Browser
) -> None:
    page = window.open("/dashboard/chat")
    stub.say(HOSTILE)
    talked(page, "How do we greet a shopper?")
    page.get_by_role("button", name="Publish", exact=True).click()
    dialog = page.get_by_role("dialog", name="Publish to the gallery")
    dialog.get_by_label("Tags").fill("shoppers, words, shoppers")
    dialog.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("status").filter(has_text="it stands in the gallery")).to_be_visible()
    with account(server, role="member", password=True) as one:
        windows = Windows(chromium, server.url)
        other = windows.new(viewport={"width": 390, "height": 800}, color_scheme="dark")
        other.page.goto(f"{server.url}/dashboard/sign-in")
        other.page.get_by_label("Name").fill(one.name)
        other.page.get_by_label("Password").fill(PASSWORD)
        other.page.get_by_role("button", name="Sign in", exact=True).click()
        other.page.wait_for_url("**/dashboard/")
        seen = other.open("/dashboard/gallery")
        assert other.overflow() == 0
        expect(seen.get_by_role("link", name="How do we greet a shopper?")).to_be_visible()
        seen.get_by_label("Words").fill("nothing like that")
        expect(seen.get_by_text("Nothing fits")).to_be_visible()
        seen.get_by_label("Words").fill("")
        seen.get_by_role("button", name="shoppers").click()
        seen.get_by_role("link", name="How do we greet a shopper?").click()
        seen.wait_for_url(re.compile("/dashboard/gallery/gallery_"))
        expect(seen.locator(".msg.theirs .written")).to_have_text(HOSTILE.replace("**", ""))
        expect(seen.locator(".msg.theirs .head")).to_have_text("Foreman")
        expect(seen.get_by_role("button", name="Take it back")).to_have_count(0)
        assert other.overflow() == 0
        ratio, text = seen.evaluate(CONTRAST)
        assert ratio >= 4.5, text
        seen.get_by_role("button", name="Go on with it").click()
        seen.wait_for_url(re.compile("/dashboard/chat/conv_"))
        expect(seen.locator(".msg.mine .bubble")).to_have_text("How do we greet a shopper?")
        talked(seen, "And how do we say goodbye?")
        expect(seen.locator(".msg.theirs")).to_have_count(2)
        windows.close()
    expect(page.locator(".msg.theirs")).to_have_count(1)
    page = window.open("/dashboard/gallery?tag=words")
    page.get_by_role("link", name="How do we greet a shopper?").click()
    page.get_by_role("button", name="Take it back").click()
    page.get_by_role("dialog").get_by_role("button", name="Take it back").click()
    page.wait_for_url("**/dashboard/gallery")
    expect(page.get_by_text("Nothing is shown yet")).to_be_visible()


def test_conversations_are_found_by_what_was_said_in_them(window: Window, stub: StubModel) -> None:
    page = window.open("/dashboard/chat")
    stub.say("The zeppelin leaves at <b>noon</b>.")
    talked(page, "When is it?")
    page.get_by_role("link", name="New conversation").click()
    talked(page, "Something else")
    shelf = page.get_by_role("complementary", name="Conversations")
    page.get_by_label("Search conversations").fill("zeppelins")
    expect(shelf.get_by_role("link", name="When is it?")).to_be_visible()
    expect(shelf.get_by_role("link", name="Something else")).to_have_count(0)
    expect(shelf.locator("mark")).to_have_text("zeppelin")
    expect(shelf.locator(".found")).to_have_text("The zeppelin leaves at <b>noon</b>.")
    page.get_by_label("Search conversations").fill("?!")
    expect(shelf.get_by_text("Nothing was found.")).to_be_visible()
