"""What is done on a page that stayed open is heard only as long as its visitor may stay. Without a browser."""

from typing import Any

import pytest
from nicegui.client import Client
from nicegui.page import page

from folkmoot.dashboard.components.dom import button, form, guard, on_value, tag


@pytest.mark.parametrize("welcome", [True, False])
async def test_clicks_forms_and_filters_ask_whether_the_visitor_may_stay(*, welcome: bool) -> None:
    heard: list[object] = []

    async def may_stay() -> bool:
        return welcome

    async def hear(said: object) -> None:
        heard.append(said)

    client = Client(page("/kept-open"), request=None)
    with client:
        guard(may_stay)
        elements: list[tuple[Any, Any]] = [
            (button("Next page", lambda: hear("clicked")), []),
            (form(hear), {"name": ["Zoe"]}),
            (tag("input"), "zoe"),
        ]
        on_value(elements[2][0], "input", hear)
    for element, said in elements:
        (listener,) = element._event_listeners.values()  # what the browser's socket calls
        event = type("Event", (), {"args": said})()
        await (listener.handler() if said == [] else listener.handler(event))
    assert heard == (["clicked", {"name": ["Zoe"]}, "zoe"] if welcome else [])
    client.delete()
