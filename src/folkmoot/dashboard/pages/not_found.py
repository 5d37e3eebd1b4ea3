"""There is no such page, or nothing of that name."""

from nicegui import ui

from folkmoot.dashboard.components.dom import heading, icon, link, tag
from folkmoot.dashboard.visit import Visit


async def build(visit: Visit) -> None:
    """What is shown at an address that is nobody's."""
    show(f"There is nothing at {visit.request.url.path}.")


def show(text: str) -> None:
    """Say so, with status 404 and a way on."""
    ui.context.client.status_code = 404
    with tag("div", css="empty"):
        icon("search")
        heading(1, "Not found")
        tag("p", text)
        link("Go to the overview", css="btn")
