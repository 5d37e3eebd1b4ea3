"""Bringing an export in: the file, what it does not say by itself, and the account of every entry."""

import tempfile
from pathlib import Path
from typing import Final

from nicegui import events, ui

from folkmoot.dashboard.components import marks, words
from folkmoot.dashboard.components.dom import Fields, button, clear, field_of, form, heading, tag
from folkmoot.dashboard.components.fields import Form
from folkmoot.dashboard.components.notices import notice, toast, waiting
from folkmoot.dashboard.visit import Visit
from folkmoot.kernel import FolkmootError
from folkmoot.twins import ImportOptions, ImportResult, Twin
from folkmoot.twins.model import ImportState
from folkmoot.twins.roster import TwinView
from folkmoot.web.ownership import check_person

SHOWN: Final = 4
IMPORT: Final = "POST /api/twins/{person}/imports"
_LOOKS: Final = {
    ImportState.DONE: ("Done", "green", "check"),
    ImportState.RUNNING: ("Running", "blue", "clock"),
    ImportState.FAILED: ("Failed", "red", "alert"),
}
# Which field an error is about, by the error's code.
_FIELDS: Final = {
    "author_needed": "author",
    "timezone_unknown": "timezone",
    "ambiguous_dates": "date_order",
    "date_order_wrong": "date_order",
    "platform_unknown": "platform",
    "export_unknown": "platform",
}
_ORDERS: Final = {
    "": "As the file shows",
    "dmy": "Day, month, year",
    "mdy": "Month, day, year",
    "ymd": "Year, month, day",
}
_PLATFORMS: Final = {
    "": "Recognise it",
    "whatsapp": "WhatsApp",
    "linkedin": "LinkedIn",
    "git": "git log",
    "jsonl": "JSON lines",
    "csv": "CSV",
}


class ImportSection:
    """The form and the list of imports."""

    def __init__(self, visit: Visit, twin: Twin) -> None:
        self._visit = visit
        self._twin = twin
        self._said: Fields = {}
        self._shown: object = None
        self._chosen = False
        self._form = Form("import")
        with tag("section", css="card tight", aria_labelledby="import"):
            heading(2, "Import an export", id="import").style("margin-bottom:12px")
            with form(self._start, css="stack"):
                self._build_form()
            self._outcome = tag("div", role="status").style("margin-top:12px")
        with tag("section", css="card tight", aria_labelledby="imports"):
            heading(2, "Imports", id="imports").style("margin-bottom:12px")
            self._list = tag("div")

    def update(self, view: TwinView) -> None:
        """Show the imports as they are."""
        if list(view.imports) == self._shown:
            return
        self._shown = list(view.imports)
        with clear(self._list):
            if not view.imports:
                tag("p", "Nothing was imported yet.", css="muted small")
            with tag("ul", css="list"):
                for one in view.imports[:SHOWN]:
                    with tag("li"):
                        self._account(one)
            if len(view.imports) > SHOWN:
                tag("p", f"and {len(view.imports) - SHOWN} earlier", css="faint").style("margin-top:12px")

    def _build_form(self) -> None:
        self._upload = ui.upload(on_upload=self._uploaded, max_files=1, auto_upload=False).classes("behind-the-scenes")
        self._upload.on("added", self._added, js_handler="(files) => emit(files[0].name)")
        self._upload.on("rejected", lambda: self._form.show({"author": "This file is too large."}), args=[])
        self._upload.on("failed", self._not_taken, args=[])
        with tag("div", css="pick"):
            button("Choose a file", lambda: self._upload.run_method("pickFiles"), sign="upload")
            self._name = tag("span", "A chat’s .txt or .zip, a .csv, .jsonl or git log", css="faint grow")
        self._form.text("author", "Who in it is the person?", hint=f"As the file writes it; empty: {self._twin.name}.")
        with tag("div", css="fields"):
            self._form.choice("platform", "Platform", _PLATFORMS)
            self._form.choice("date_order", "Dates", _ORDERS)
            self._form.text(
                "timezone", "Time zone", css="whole", placeholder="Europe/Berlin", hint="Of times without one."
            )
        button("Import", kind="primary full", type="submit")

    def _added(self, event: events.GenericEventArguments) -> None:
        self._chosen = True
        self._name.set_text(str(event.args))
        self._name.classes(replace="strong small grow")

    async def _start(self, fields: Fields) -> None:
        self._said = fields
        self._form.show({})
        if not self._chosen:
            toast("Choose a file first.", fault=True)
        elif await self._visit.may_act(IMPORT):
            with clear(self._outcome):
                waiting("Reading the file")
            self._upload.run_method("upload")

    async def _uploaded(self, event: events.UploadEventArguments) -> None:
        options = ImportOptions(
            platform=field_of(self._said, "platform") or None,
            authors=(author,) if (author := field_of(self._said, "author")) else (),
            timezone=field_of(self._said, "timezone") or None,
            date_order=field_of(self._said, "date_order") or None,
        )
        self._upload.reset()
        self._chosen = False
        if not await self._visit.may_act(IMPORT):
            return
        # The name may name people; only its ending is kept, which tells what the file is.
        with tempfile.TemporaryDirectory(prefix="folkmoot-upload-") as folder:
            path = Path(folder) / f"export{Path(event.file.name).suffix[:10]}"
            await event.file.save(path)
            try:
                check_person(self._visit.principal, self._twin.name)
                result = await self._visit.parts.imports.run(self._twin.name, path, options)
            except FolkmootError as error:
                self._refused(error)
                return
        with clear(self._outcome), notice("It was read", colour="teal", sign="check"):
            self._account(result)
        toast(f"{words.count(result.messages, 'message')} imported.")

    def _not_taken(self) -> None:
        """The server refused the upload itself, or the connection broke."""
        with clear(self._outcome):
            text = "It may be too large for this page; `folkmoot twin import` takes any size."
            notice("The file did not arrive", text, colour="red", sign="alert")

    def _refused(self, error: FolkmootError) -> None:
        with clear(self._outcome):
            notice("It was not imported; nothing has changed", error.message, colour="red", sign="alert")
        if (name := _FIELDS.get(error.code)) is not None:
            self._form.show({name: "This is needed, see below." if name == "author" else "See below."})

    def _account(self, one: ImportResult) -> None:
        with tag("div", css="between"):
            tag("span", _PLATFORMS.get(one.platform, one.platform), css="strong")
            marks.chip(*_LOOKS[one.state])
        total = one.messages + sum(one.skipped.values())
        tag(
            "p",
            f"{words.count(total, 'entry', 'entries')}, {one.messages:,} stored, {one.own:,} by the person",
            css="small",
        )
        with tag("span", css="faint"):
            marks.when(one.started_at, self._visit.now)
        if one.skipped or one.redactions or one.problems or one.notes:
            with tag("details", css="more"):
                with tag("summary"):
                    tag("span", "The account")
                with tag("dl", css="facts"):
                    for name, number in one.skipped.items():
                        tag("dt", f"Skipped: {words.plain(name).lower()}")
                        tag("dd", f"{number:,}")
                    for name, number in one.redactions.items():
                        tag("dt", f"Redacted: {words.plain(name).lower()}")
                        tag("dd", f"{number:,}")
                for said in (*one.problems, *one.notes):
                    tag("p", said, css="faint").style("margin-top:6px")
