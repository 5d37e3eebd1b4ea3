"""The dashboard as people meet it: in a real browser, on a desk and on a phone, by mouse and by keyboard."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from folkmoot.dashboard.frame import SECTIONS
from tests.faces.dashboard.conftest import Window, Windows

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PAGES = (
    *("/dashboard/", "/dashboard/agents", "/dashboard/agents/jonas"),
    *("/dashboard/tasks", "/dashboard/twins", "/dashboard/twins/jonas%20weidner"),
    "/dashboard/people",
)
# The lowest contrast of any text on the page with the background behind it, and where that is (WCAG 2).
CONTRAST = """() => {
  const rgb = (text) => { const c = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    c.fillStyle = text; c.fillRect(0, 0, 1, 1); return [...c.getImageData(0, 0, 1, 1).data]; };
  const over = (top, below) => top.slice(0, 3).map((v, i) => v * top[3] / 255 + below[i] * (1 - top[3] / 255));
  const linear = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = (c) => { const [r, g, b] = c.map(linear);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = (el) => { const stack = [];
    for (let e = el; e; e = e.parentElement) stack.push(rgb(getComputedStyle(e).backgroundColor));
    return stack.reduceRight((below, top) => over(top, below), [255, 255, 255]); };
  let worst = [99, ''];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const el = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !el.checkVisibility()) continue;
    if (el.closest('script, style, .nicegui-error-popup')) continue;
    const back = behind(el), a = light(back), b = light(over(rgb(getComputedStyle(el).color), back));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst[0]) worst = [ratio, el.className + ': ' + walk.currentNode.data.slice(0, 60)];
  }
  return worst;
}"""


def test_without_a_token_every_page_leads_to_the_sign_in(windows: Windows) -> None:
    window = windows.new()
    window.page.goto(f"{window.base}/dashboard/tasks")
    expect(window.page.get_by_role("heading", name="Sign in")).to_be_visible()
    window.page.get_by_label("Token").fill("not-the-token-at-all")
    window.page.get_by_role("button", name="Sign in").click()
    expect(window.page.get_by_role("alert")).to_contain_text("not known")
    assert window.complaints.pop().startswith("Failed to load resource")  # the browser notes the 401


def test_signing_in_returns_to_the_page_that_was_wanted(windows: Windows) -> None:
    window = windows.new()
    window.page.goto(f"{window.base}/dashboard/agents")
    window.page.get_by_label("Token").fill("a-token-that-only-tests-use")
    window.page.keyboard.press("Enter")
    expect(window.page.get_by_role("heading", name="Agents", level=1)).to_be_visible()
    cookie = next(one for one in window.page.context.cookies() if one["name"] == "folkmoot_token")
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    assert "folkmoot_token" not in window.page.evaluate("document.cookie")


def test_signing_out_ends_the_other_tabs_too(window: Window) -> None:
    other = window.page.context.new_page()
    other.goto(f"{window.base}/dashboard/agents")
    window.page.get_by_role("button", name="Sign out").click()
    expect(window.page.get_by_role("heading", name="Sign in")).to_be_visible()
    other.wait_for_url("**/dashboard/sign-in**")


def test_a_task_is_handed_in_and_its_talk_appears_live(windows: Windows) -> None:
    watching, handing_in = windows.new(), windows.new()
    watching.sign_in()
    handing_in.sign_in()
    page = handing_in.open("/dashboard/tasks")
    page.get_by_role("button", name="New task").first.click()
    dialog = page.get_by_role("dialog", name="New task")
    dialog.get_by_role("button", name="Hand it in").click()
    expect(dialog.get_by_text("Give it a title.")).to_be_visible()
    dialog.get_by_label("Title").fill("Outage of the payment service at night")
    dialog.get_by_label("What is to be done").fill("Find out <b>why</b> the backend and its monitoring failed.")
    dialog.get_by_label("Kind").fill("Incident")
    dialog.get_by_role("button", name="Hand it in").click()
    page.wait_for_url(re.compile(r"/dashboard/tasks/task_"))
    expect(page.get_by_label("Award", exact=True)).to_be_visible()
    expect(page.get_by_label(re.compile("^Answer of"))).to_have_count(6)
    expect(page.get_by_role("heading", name="Negotiation")).to_be_visible()
    expect(page.get_by_text("<b>why</b>")).to_be_visible()  # shown as text, never as markup
    expect(watching.page.get_by_text("Outage of the payment service at night").first).to_be_visible()


def test_answers_and_words_come_while_the_page_is_open(window: Window, api: httpx.Client) -> None:
    first = api.post("/api/tasks", json={"title": "Prepare the ground", "assignee_agent_id": "lin"}).json()
    wanted = {
        "title": "Build upon it: payments and design",
        "dependencies": [first["task_id"]],
        "task_type": "Incident",
    }
    task_id = api.post("/api/tasks", json=wanted).raise_for_status().json()["task_id"]
    page = window.open(f"/dashboard/tasks/{task_id}")
    expect(page.get_by_text("It waits for the tasks it depends on")).to_be_visible()
    assert page.get_by_label(re.compile("^Answer of")).count() == 0
    page.evaluate("window.stillTheSamePage = true")
    api.put(f"/api/tasks/{first['task_id']}/status", json={"status": "completed"}).raise_for_status()
    expect(page.get_by_label(re.compile("^Answer of"))).to_have_count(6)
    expect(page.get_by_text("It waits for the tasks it depends on")).to_have_count(0)
    expect(page.locator(".steps .now, .steps .fault")).not_to_have_text("Handed in")
    assert page.evaluate("window.stillTheSamePage") is True


def test_evidence_opens_and_work_starts(window: Window, assigned: dict[str, Any]) -> None:
    page = window.open(f"/dashboard/tasks/{assigned['task_id']}")
    reason = page.locator("details.ground").first
    reason.locator("summary").click()
    expect(reason.locator(".proof")).to_be_visible()
    page.get_by_role("button", name="Start work").click()
    expect(page.locator(".steps .now")).to_have_text("In work")


def test_a_task_is_given_to_somebody_else(window: Window, assigned: dict[str, Any]) -> None:
    page = window.open(f"/dashboard/tasks/{assigned['task_id']}")
    page.get_by_role("button", name="Give to somebody else").click()
    dialog = page.get_by_role("dialog", name="Assign by hand")
    chosen = "mira" if assigned["assigned_agent"] != "mira" else "lin"
    dialog.get_by_label("Agent").select_option(chosen)
    dialog.get_by_label("Why").fill("She asked for it.")
    dialog.get_by_role("button", name="Assign").click()
    expect(page.get_by_label("Award", exact=True)).to_contain_text("She asked for it.")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Award", exact=True)).to_contain_text("Given back after a change of mind.")


def test_an_agent_is_set_away(window: Window, api: httpx.Client) -> None:
    page = window.open("/dashboard/agents/carmen")
    page.get_by_label("Availability", exact=True).select_option("away")
    page.get_by_label("Tasks at a time").fill("1.5")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("A whole number from 0 to 1000.")).to_be_visible()
    page.get_by_label("Tasks at a time").fill("4")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".page-head .chip", has_text="Away")).to_be_visible()
    assert api.get("/api/agents/carmen").json()["max_capacity"] == 4
    api.put("/api/agents/carmen/availability", json={"status": "available", "max_capacity": 3}).raise_for_status()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_phone_and_can_be_read(windows: Windows, scheme: str, assigned: dict[str, Any]) -> None:
    window = windows.new(viewport={"width": 360, "height": 740}, color_scheme=scheme, has_touch=True, is_mobile=True)
    window.sign_in()
    for where in (*PAGES, f"/dashboard/tasks/{assigned['task_id']}"):
        page = window.open(where)
        page.wait_for_function(
            "document.getAnimations().every((one) => one.effect.getTiming().iterations === Infinity)"
        )
        assert window.overflow() == 0, where
        navigation = page.get_by_role("navigation", name="Main").bounding_box()
        assert navigation is not None
        assert navigation["y"] > 600  # at the thumb
        ratio, text = page.evaluate(CONTRAST)
        assert ratio >= 4.5, f"{where}: {text}"


def test_colours_follow_the_system_until_somebody_chooses(windows: Windows) -> None:
    window = windows.new(color_scheme="dark")
    page = window.sign_in()
    background: Callable[[], str] = lambda: page.evaluate("getComputedStyle(document.body).backgroundColor")  # noqa: E731  # asked thrice
    dark = background()
    page.get_by_role("button", name="Switch between light and dark").click()
    light = background()
    assert light != dark
    window.open("/dashboard/agents")
    assert background() == light  # remembered
    page.get_by_role("button", name="Switch between light and dark").click()
    page.emulate_media(color_scheme="light")
    assert background() == light  # back to following the system


def test_the_keyboard_is_enough(window: Window, assigned: dict[str, Any]) -> None:
    page = window.open(f"/dashboard/tasks/{assigned['task_id']}")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    _tab_to(page, "Decline for its owner")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Decline for its owner")
    expect(dialog).to_be_visible()
    assert page.evaluate("document.querySelector('dialog[open]').contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Decline for its owner")).to_be_focused()


def test_landmarks_and_names_are_there_for_screen_readers(window: Window) -> None:
    page = window.page
    assert page.get_by_role("main").count() == 1
    assert page.get_by_role("heading", level=1).count() == 1
    assert page.get_by_role("navigation", name="Main").get_by_role("link").count() == len(SECTIONS)
    expect(page.locator("nav [aria-current=page]")).to_have_text("Overview")
    nameless = """() => [...document.querySelectorAll('button, a, input, select')].filter(
      (e) => e.checkVisibility() && !(e.innerText || e.ariaLabel || e.labels?.length)).length"""
    assert page.evaluate(nameless) == 0


def test_an_unknown_page_says_so_within_the_frame(window: Window) -> None:
    for path in ("/dashboard/nowhere/at/all", "/dashboard/tasks/task_unknown", "/dashboard/twins/nobody"):
        page = window.open(path)
        expect(page.get_by_role("heading", name="Not found")).to_be_visible()
        assert window.complaints.pop().startswith("Failed to load resource")  # the browser notes the 404


def test_health_is_a_word_away(window: Window) -> None:
    window.page.get_by_label("Health of the workplace").first.click()
    expect(window.page.get_by_role("heading", name="All is well").first).to_be_visible()
    expect(window.page.get_by_text("Database").first).to_be_visible()


def _tab_to(page: Page, name: str) -> None:
    for _ in range(200):
        page.keyboard.press("Tab")
        if name in page.evaluate("document.activeElement?.innerText ?? ''"):
            return
    raise AssertionError(f"Tab does not reach '{name}'")
