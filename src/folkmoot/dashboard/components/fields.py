"""Fields of a form, each with label, hint and a place for what is wrong with it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement
from pydantic import ValidationError

from folkmoot.dashboard.components.dom import tag


class Form:
    """Keeps track of fields, to show faults beside them. `prefix` keeps ids apart when a page has several forms."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._inputs: dict[str, tuple[TextElement, TextElement]] = {}

    def text(
        self, name: str, label: str, *, hint: str = "", css: str = "", rows: int = 0, value: str = "", **attributes: Any
    ) -> None:
        """A line of text, or several with `rows`."""
        with self._field(name, label, hint, css):
            kind = {"rows": rows} if rows else {"type": "text"}
            # `defaultValue`: what is typed stays when the page refreshes around it.
            element = tag(
                "textarea" if rows else "input", css="input", **self._common(name, hint), **(kind | attributes)
            )
            if value:
                element.props["defaultValue"] = value
        self._note(name, element)

    def choice(
        self, name: str, label: str, options: Mapping[str, str], *, value: str = "", hint: str = "", css: str = ""
    ) -> TextElement:
        """One of several; `options` maps what is sent to what is read."""
        with self._field(name, label, hint, css):
            element = tag("select", css="input", **self._common(name, hint))
            with element:
                for key, text in options.items():
                    tag("option", text, value=key, selected=key == value)
        self._note(name, element)
        return element

    def boxes(self, name: str, label: str, options: Mapping[str, str], *, chosen: Iterable[str] = ()) -> None:
        """Any of several."""
        ticked = set(chosen)
        with tag("fieldset", css="field whole"):
            tag("legend", label)
            with tag("div", css="row").style("gap:4px 18px;margin-top:4px"):
                for key, text in options.items():
                    with tag("label", css="check"):
                        box = tag("input", type="checkbox", name=name, value=key)
                        if key in ticked:
                            box.props["defaultChecked"] = True
                        tag("span", text)
            fault = tag("p", css="fault", id=f"{self._prefix}-{name}-fault", role="alert")
        self._inputs[name] = (fault, fault)

    def show(self, faults: Mapping[str, str]) -> None:
        """Say what is wrong beside each field, clear the others, and go to the first wrong one."""
        for name, (element, fault) in self._inputs.items():
            fault.set_text(faults.get(name, ""))
            element.props["aria-invalid"] = "true" if name in faults else "false"
            element.update()
        first = next((name for name in self._inputs if name in faults), None)
        if first is not None:
            ui.run_javascript(f"document.getElementById('{self._prefix}-{first}')?.focus()")

    def element(self, name: str) -> TextElement:
        """The input of a field."""
        return self._inputs[name][0]

    def id_of(self, name: str) -> str:
        return f"{self._prefix}-{name}"

    def _field(self, name: str, label: str, hint: str, css: str) -> TextElement:
        outer = tag("div", css=f"field {css}")
        with outer:
            tag("label", label, for_=self.id_of(name))
            self._slot = tag("div")
            with outer:
                if hint:
                    tag("span", hint, css="hint", id=f"{self.id_of(name)}-hint")
                self._fault = tag("p", css="fault", id=f"{self.id_of(name)}-fault", role="alert")
        return self._slot

    def _common(self, name: str, hint: str) -> dict[str, Any]:
        described = f"{self.id_of(name)}-fault" + (f" {self.id_of(name)}-hint" if hint else "")
        return {"id": self.id_of(name), "name": name, "aria_describedby": described}

    def _note(self, name: str, element: TextElement) -> None:
        self._inputs[name] = (element, self._fault)


def faults_of(error: ValidationError, known: Sequence[str]) -> dict[str, str]:
    """What a model says is wrong, by field; what belongs to no field is said at the first."""
    found: dict[str, str] = {}
    for one in error.errors():
        name = str(one["loc"][0]) if one["loc"] else ""
        where = name if name in known else known[0]
        found.setdefault(where, str(one["msg"]).removeprefix("Value error, ").capitalize() + ".")
    return found
