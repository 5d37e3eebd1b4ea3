"""Plain HTML elements for pages: native ones, because they bring keyboard and screen reader along.

Attribute names come from our code alone; texts and values may be anything, they never become markup.
"""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson
from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement
from nicegui.events import GenericEventArguments

ROOT: Final = "/dashboard"
ASSETS: Final = f"{ROOT}/assets"
# The browser keeps a form; the server hears its fields: {name: [values]}.
_SEND_FORM: Final = "(e) => { e.preventDefault(); emit(folkmoot.values(e.target)); }"
_SEND_VALUE: Final = "(e) => emit(e.target.value)"

_GUARD: Final = "folkmoot-guard"  # where a page's client keeps who says whether its visitor may go on

Fields = dict[str, list[str]]


def guard(welcome: Callable[[], Awaitable[bool]]) -> None:
    """From now on nothing that is done on the page in hand is heard, unless `welcome()`."""
    ui.context.client.storage[_GUARD] = welcome


def _guarded() -> Callable[[Callable[[], Any]], Awaitable[None]]:
    """Do what was asked for by an element, if whoever uses it may go on: a page stays open when a sign-in ends, and
    its socket with it. It is done for the page as a whole, since the element itself may be gone before it is done.
    """
    client = ui.context.client

    async def do(act: Callable[[], Any]) -> None:
        asked: Callable[[], Awaitable[bool]] | None = client.storage.get(_GUARD)
        with client:
            if asked is None or await asked():
                doing = act()
                if inspect.isawaitable(doing):
                    await doing

    return do


def tag(kind: str, text: str = "", /, *, css: str = "", **attributes: str | float | bool | None) -> TextElement:
    """An HTML element. `aria_label=` becomes `aria-label`, `for_=` becomes `for`; None and False leave one out."""
    element = TextElement(tag=kind, text=text)
    if css:
        element.classes(css)
    for key, value in attributes.items():
        if value is not None and value is not False:
            element.props[key.rstrip("_").replace("_", "-")] = value
    return element


def link(text: str, *parts: str, css: str = "", **attributes: str | None) -> TextElement:
    """A link to a page of the dashboard: `link("Lin", "agents", "lin")`."""
    return tag("a", text, css=css, href=path(*parts), **attributes)


def path(*parts: str) -> str:
    """The address of a page; every part is escaped."""
    return "/".join((ROOT, *(quote(part, safe="") for part in parts))) if parts else f"{ROOT}/"


def asking(where: str, **query: str) -> str:
    """The address of a page with what its filters hold at first."""
    return f"{where}?{urlencode(query)}"


def go(where: str) -> None:
    """Lead the browser to another page; `where` is an address as `path` makes it."""
    ui.run_javascript(f"location.assign({orjson.dumps(where).decode()})")


def icon(name: str, css: str = "") -> None:
    """An icon beside a text that says the same; screen readers pass it by."""
    with tag("svg", css=f"icon {css}", aria_hidden="true", focusable="false"):
        tag("use", href=f"{ASSETS}/icons.svg#{name}")


def button(
    text: str,
    on_click: Callable[[], Awaitable[None] | None] | None = None,
    *,
    kind: str = "",
    sign: str = "",
    js: str | None = None,
    **attributes: str | bool | None,
) -> TextElement:
    """A button; `js` runs in the browser instead of on the server."""
    element = tag("button", css=f"btn {kind}", **{"type": "button", **attributes})
    with element:
        if sign:
            icon(sign)
        if text:
            tag("span", text)
    if js is not None:
        element.on("click", js_handler=js)
    elif on_click is not None:
        do = _guarded()
        element.on("click", lambda: do(on_click), args=[])
    return element


def form(on_submit: Callable[[Fields], Awaitable[None]], *, css: str = "", **attributes: str | None) -> TextElement:
    """A form whose fields `on_submit` receives, as `{name: [values]}`."""
    do = _guarded()

    async def submitted(event: GenericEventArguments) -> None:
        fields: Any = event.args
        if isinstance(fields, dict):
            said = {str(key): [str(one) for one in values] for key, values in fields.items()}
            await do(lambda: on_submit(said))

    return tag("form", css=css, novalidate=True, **attributes).on("submit", submitted, js_handler=_SEND_FORM)


def on_value(element: TextElement, event: str, handler: Callable[[str], Awaitable[None]]) -> None:
    """Hear what an input or a select holds; typing is heard when it pauses."""
    do = _guarded()

    async def heard(arguments: GenericEventArguments) -> None:
        await do(lambda: handler(str(arguments.args)))

    element.on(event, heard, js_handler=_SEND_VALUE, throttle=0.25 if event == "input" else 0.0, leading_events=False)


def hear(element: ui.element, event: str, handler: Callable[[Any], Awaitable[None]], js: str) -> None:
    """Hear what a line of our own script emits when this happens in the browser; it may be anything."""
    do = _guarded()

    async def heard(arguments: GenericEventArguments) -> None:
        await do(lambda: handler(arguments.args))

    element.on(event, heard, js_handler=js)


def pressed(element: ui.element, act: Callable[[], Awaitable[None]]) -> None:
    """Do this when an element is clicked that looks unlike our buttons."""
    hear(element, "click", lambda _said: act(), "() => emit(null)")


def field_of(fields: Fields, name: str) -> str:
    """The one value of a field, without blanks around it."""
    return fields.get(name, [""])[0].strip()


def heading(level: int, text: str, *, css: str = "", **attributes: str | None) -> TextElement:
    return tag(f"h{level}", text, css=css, **attributes)


def clear(element: ui.element) -> ui.element:
    """Empty an element and give it back, to be filled anew."""
    element.clear()
    return element
