"""Talking to agents as people do: in a browser, with real agents and a model whose words the tests choose."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.faces.accounts import PASSWORD, account
from tests.faces.dashboard.conftest import Window, Windows
from tests.faces.dashboard.test_in_the_browser import CONTRAST
from tests.serving import Served, serve
from tests.stub_model import StubModel, serving

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(180)]
HOSTILE = "Look: <script>document.title='gone'</script> <img src=x onerror=\"document.title='gone'\"> **done**"
COUNTED = " ".join(f"word{number}" for number in range(240))


@pytest.fixture(scope="module")
def stub() -> Iterator[StubModel]:
    with serving(StubModel()) as one:
        one.routes = "manager"
        yield one


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, stub: StubModel) -> Iterator[Served]:
    """A server whose agents answer by the stub."""
    home = tmp_path_factory.mktemp("chat") / "home"
    served = serve(home, MODEL="openai:stub-small", OPENAI_BASE_URL=stub.base_url, OPENAI_API_KEY="none")
    with served.client() as client:
        client.post("/api/initialize", json={"team": "acme"}).raise_for_status()
        for person in ("Lin Hsu", "Mira Okafor", "Jonas Weidner"):
            wanted = {"person": person, "platform": "chat", "purposes": ["chat"], "email": "team@acme.example"}
            client.post("/api/consents", json=wanted).raise_for_status()
    yield served
    served.stop()


@pytest.fixture(autouse=True)
def model(stub: StubModel) -> StubModel:
    """The stub with an empty script."""
    stub.forget()
    return stub


def say(page: Page, text: str) -> None:
    page.get_by_label("Message", exact=True).fill(text)
    page.get_by_role("button", name="Send").click()


def settled(page: Page) -> None:
    """Wait until nothing is being answered."""
    expect(page.locator(".msg.theirs").last.get_by_role("button", name="Again", exact=True)).to_be_visible()


def answers(page: Page) -> list[str]:
    return [one.inner_text().strip() for one in page.locator(".msg.theirs .written").all()]


def test_an_answer_goes_on_after_a_reload_and_in_every_tab_and_is_there_once(window: Window, model: StubModel) -> None:
    page = window.open("/dashboard/chat")
    model.say(COUNTED, pause=0.035)
    say(page, "Count, please")
    page.wait_for_url(re.compile("/dashboard/chat/conv_"))
    other = page.context.new_page()
    other.goto(page.url)
    expect(page.get_by_text("word20 ")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    assert "word239" not in page.locator(".msg.theirs").inner_text()
    settled(page)
    assert answers(page) == [COUNTED]
    settled(other)
    assert answers(other) == [COUNTED]
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    say(other, "And what is said in the other tab?")
    expect(page.locator(".msg.theirs")).to_have_count(2)
    page.reload()
    settled(page)
    assert answers(page)[0] == COUNTED
    assert len(answers(page)) == 2


def test_markup_is_shown_as_the_text_it_is(window: Window, model: StubModel) -> None:
    page = window.open("/dashboard/chat")
    model.say(HOSTILE)
    say(page, HOSTILE)
    settled(page)
    title = page.title()
    expect(page.locator(".msg.mine .bubble")).to_have_text(HOSTILE)
    expect(page.locator(".msg.theirs .written")).to_have_text(HOSTILE.replace("**", ""))
    assert page.locator(".msg.theirs .written strong").inner_text() == "done"
    assert page.locator("#chat-said img, #chat-said script").count() == 0
    page.reload()
    settled(page)
    assert page.title() == title
    assert "gone" not in page.title().split("<")[0]


def test_code_is_copied_and_an_answer_is_stopped_and_asked_again(window: Window, model: StubModel) -> None:
    page = window.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    window.open("/dashboard/chat")
    model.say("Run\n\n```sh\necho one && echo two\n```\n")
    say(page, "How?")
    settled(page)
    page.locator(".code").get_by_role("button", name="Copy").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "echo one && echo two\n"
    model.say(COUNTED, pause=0.2)
    say(page, "Something long")
    expect(page.get_by_text("word3 ")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    last = page.locator(".msg.theirs").last
    expect(last.get_by_text("Stopped", exact=True)).to_be_visible()
    expect(last.locator(".written")).to_contain_text("word3")
    model.say("Short this time.")
    last.get_by_role("button", name="Again", exact=True).click()
    expect(last.locator(".written")).to_contain_text("Short this time.")
    expect(last.get_by_role("group", name="Versions")).to_contain_text("2/2")
    last.get_by_role("button", name="Earlier version").click()
    expect(last.locator(".written")).to_contain_text("word3")
    expect(last.get_by_role("group", name="Versions")).to_contain_text("1/2")


def test_a_failure_says_why_and_can_be_tried_again(window: Window, model: StubModel) -> None:
    page = window.open("/dashboard/chat")
    model.fail(400, message="out of credit")
    say(page, "Is anybody there?")
    note = page.locator(".msg.theirs").get_by_role("note")
    expect(note).to_contain_text("out of credit")
    model.say("Now I am.")
    note.get_by_role("button", name="Try again").click()
    expect(page.locator(".msg.theirs .written")).to_contain_text("Now I am.")
    expect(page.get_by_role("note")).to_have_count(0)


def test_what_was_said_is_edited_and_the_older_branch_is_kept(window: Window, model: StubModel) -> None:
    page = window.open("/dashboard/chat")
    model.say("First answer.")
    say(page, "First question")
    settled(page)
    page.locator(".msg.mine").get_by_role("button", name="Edit").click(force=True)
    box = page.get_by_label("Say instead")
    expect(box).to_be_focused()
    model.say("Second answer.")
    box.fill("Second question")
    box.press("Enter")
    expect(page.locator(".msg.theirs .written")).to_contain_text("Second answer.")
    mine = page.locator(".msg.mine")
    expect(mine.locator(".bubble")).to_have_text("Second question")
    mine.get_by_role("button", name="Earlier version").click()
    expect(page.locator(".msg.theirs .written")).to_contain_text("First answer.")
    expect(page.locator(".msg.mine .bubble")).to_have_text("First question")


def test_who_answers_is_explained_and_can_be_another(window: Window) -> None:
    page = window.open("/dashboard/chat?agent=lin")
    expect(page.get_by_label("Who is to answer")).to_have_value("lin")
    say(page, "Are you Lin?")
    settled(page)
    first = page.locator(".msg.theirs").last
    expect(first.locator(".head a")).to_have_text("Lin Hsu")
    first.get_by_role("button", name="Why Lin Hsu").click()
    dialog = page.get_by_role("dialog", name="Why this agent")
    expect(dialog).to_contain_text("Lin Hsu was chosen")
    dialog.get_by_label("Let another agent answer").select_option("mira")
    dialog.get_by_role("button", name="Answer again").click()
    expect(first.locator(".head a")).to_have_text("Mira Okafor")
    settled(page)
    page.get_by_label("Who is to answer").select_option("jonas")
    expect(page.get_by_role("status").filter(has_text="Jonas Weidner answers here from now on.")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Who is to answer")).to_have_value("jonas")
    say(page, "And who are you?")
    expect(page.locator(".msg.theirs").last.locator(".head a")).to_have_text("Jonas Weidner")


def test_conversations_are_found_opened_named_deleted_and_brought_back(window: Window) -> None:
    page = window.open("/dashboard/chat")
    for text in ("About zebras", "About yaks"):
        page.get_by_role("link", name="New conversation").click()
        page.wait_for_url("**/dashboard/chat")
        say(page, text)
        settled(page)
    shelf = page.get_by_role("complementary", name="Conversations")
    shelf.get_by_role("link", name="About zebras").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("About zebras")
    expect(page.locator(".msg.mine")).to_have_text(re.compile("About zebras"))
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("About yaks")
    page.get_by_role("button", name="Rename", exact=True).click()
    page.get_by_role("dialog").get_by_label("Title").fill("About <i>yaks</i> in summer")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("About <i>yaks</i> in summer")
    page.get_by_label("Search conversations").fill("in summer")
    expect(shelf.get_by_role("link", name="About zebras")).to_have_count(0)
    expect(shelf.get_by_role("link", name="yaks")).to_have_count(1)
    page.get_by_label("Search conversations").fill("")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("New conversation")
    expect(shelf.get_by_role("link", name="yaks")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("About <i>yaks</i> in summer")


def test_files_go_with_a_message_and_are_refused_with_a_reason(window: Window, tmp_path: Path) -> None:
    page = window.open("/dashboard/chat")
    plan, large, strange = tmp_path / "plan.md", tmp_path / "large.txt", tmp_path / "thing.bin"
    plan.write_text("# The plan\n\nPaint it green.")
    large.write_bytes(b"x" * (5 * 2**20 + 1))
    strange.write_bytes(bytes(range(256)))
    page.set_input_files("input[type=file]", [plan, large, strange])
    files = page.locator(".composer .files")
    expect(files).to_contain_text("plan.md")
    expect(page.get_by_role("status").filter(has_text="large.txt: over 5.0 MiB")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="thing.bin was not attached")).to_be_visible()
    expect(files.locator(".file")).to_have_count(1)
    dropped = """(text) => { const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([text], 'dropped.txt'));
      const drop = new DragEvent('drop', {dataTransfer, bubbles: true, cancelable: true});
      document.getElementById('chat-text').dispatchEvent(drop); }"""
    page.evaluate(dropped, "dropped words")
    expect(files).to_contain_text("dropped.txt")
    page.get_by_role("button", name="Do not attach dropped.txt").click()
    expect(files.locator(".file")).to_have_count(1)
    say(page, "What does the plan say?")
    settled(page)
    expect(files.locator(".file")).to_have_count(0)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save plan.md").click()
    assert Path(download.value.path()).read_text() == plan.read_text()


def test_too_much_is_not_sent_and_what_was_typed_is_kept(window: Window) -> None:
    page = window.open("/dashboard/chat")
    box = page.get_by_label("Message", exact=True)
    box.fill("a" * 10_001)
    expect(page.locator("#chat-left")).to_have_text("10,001 / 10,000")
    box.press("Enter")
    expect(page.get_by_role("status").filter(has_text="more than 10,000 characters")).to_be_visible()
    assert page.locator(".msg").count() == 0
    box.fill("line one")
    box.press("Shift+Enter")
    box.type("line two")
    page.reload()
    expect(box).to_have_value("line one\nline two")
    box.press("Enter")
    expect(page.locator(".msg.mine .bubble")).to_have_text("line one\nline two")
    settled(page)
    expect(box).to_have_value("")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_can_be_read(windows: Windows, model: StubModel, scheme: str) -> None:
    window = windows.new(viewport={"width": 390, "height": 800}, color_scheme=scheme, has_touch=True, is_mobile=True)
    window.sign_in()
    page = window.open("/dashboard/chat")
    assert window.overflow() == 0
    line = "x = 1  # " + "a comment that is wider than the window " * 4
    model.say(f"# Look\n\n```python\ndef f():\n    {line}\n```\n\n| {' | '.join('abcdefghijklmn')} |\n|{'---|' * 14}\n")
    say(page, "Show me code " + "w" * 200)
    settled(page)
    expect(page.locator(".written pre")).to_be_visible()
    assert window.overflow() == 0
    page.wait_for_function("document.getAnimations().every((one) => one.effect.getTiming().iterations === Infinity)")
    ratio, text = page.evaluate(CONTRAST)
    assert ratio >= 4.5, text
    shelf = page.get_by_role("complementary", name="Conversations")
    expect(shelf).to_be_hidden()
    page.get_by_role("button", name="Conversations").tap()
    expect(shelf).to_be_visible()
    expect(page.get_by_role("button", name="Close the list of conversations")).to_be_focused()
    page.keyboard.press("Escape")
    expect(shelf).to_be_hidden()
    expect(page.get_by_role("button", name="Conversations")).to_be_focused()


def test_the_keyboard_is_enough(window: Window) -> None:
    page = window.open("/dashboard/chat")
    box = page.get_by_label("Message", exact=True)
    expect(box).to_be_focused()
    page.keyboard.type("By keyboard alone")
    page.keyboard.press("Enter")
    settled(page)
    expect(box).to_be_focused()
    for _ in range(60):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.title") == "Why this agent":
            break
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Why this agent")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    nameless = """() => [...document.querySelectorAll('button, a, input, select, textarea')].filter(
      (e) => e.checkVisibility() && !(e.innerText || e.ariaLabel || e.labels?.length)).length"""
    assert page.evaluate(nameless) == 0
    assert page.get_by_role("heading", level=1).count() == 1


def test_everybody_sees_their_own_and_a_viewer_only_reads(server: Served, chromium: Browser, windows: Windows) -> None:
    window = windows.new()
    window.sign_in()
    page = window.open("/dashboard/chat")
    say(page, "A secret of the administrator")
    settled(page)
    with account(server, role="viewer", password=True) as one:
        own: httpx.Response = one.client.get("/api/users/me")
        assert own.status_code == 200
        theirs = Windows(chromium, server.url)
        other = theirs.new()
        other.page.goto(f"{server.url}/dashboard/sign-in")
        other.page.get_by_label("Name").fill(one.name)
        other.page.get_by_label("Password").fill(PASSWORD)
        other.page.get_by_role("button", name="Sign in", exact=True).click()
        other.page.wait_for_url("**/dashboard/")
        seen = other.open("/dashboard/chat")
        expect(seen.get_by_text("Choose a conversation")).to_be_visible()
        expect(seen.get_by_label("Message", exact=True)).to_have_count(0)
        expect(seen.get_by_text("A secret")).to_have_count(0)
        seen.goto(page.url)
        expect(seen.get_by_role("heading", name="Not found")).to_be_visible()
        theirs.close()
