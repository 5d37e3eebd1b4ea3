"""Handing a document over: a file that is chosen or dropped, its scope, how far it is, and what was wrong with it."""

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Final

from nicegui import events, ui

from folkmoot.dashboard.components import words
from folkmoot.dashboard.components.dom import Fields, button, clear, field_of, form, heading, tag
from folkmoot.dashboard.components.fields import Form
from folkmoot.dashboard.components.notices import notice, toast, waiting
from folkmoot.dashboard.visit import Visit
from folkmoot.kernel import FolkmootError
from folkmoot.memory.documents import Document, DocumentStatus

ADD: Final = "POST /api/knowledge"
_READ_WITHIN: Final = timedelta(seconds=60)
_LONGEST_ENDING: Final = 10
_BAR: Final = "knowledge-progress"
# The uploader shows its progress in a face of its own, which is hidden: the page's bar follows it.
_FOLLOW: Final = """(() => {{
  const uploader = getElement({id}).$refs.qRef, bar = document.getElementById('{bar}');
  const timer = setInterval(() => {{
    if (!bar || !bar.isConnected) return clearInterval(timer);
    bar.value = uploader.uploadProgress || 0;
    if (bar.value >= 1) clearInterval(timer);
  }}, 150);
}})()"""
_DROP: Final = "(e) => {{ e.preventDefault(); getElement({id}).$refs.qRef.addFiles(e.dataTransfer.files); }}"


class AddSection:
    """The form."""

    def __init__(self, visit: Visit, scopes: list[str]) -> None:
        self._visit = visit
        self._scope = ""
        self._chosen = False
        self._form = Form("add")
        with tag("section", css="card tight", aria_labelledby="add-document"):
            heading(2, "Add a document", id="add-document").style("margin-bottom:12px")
            with form(self._start, css="stack"):
                self._build(scopes)
            self._outcome = tag("div", role="status").style("margin-top:12px")

    def _build(self, scopes: list[str]) -> None:
        self._upload = ui.upload(on_upload=self._uploaded, max_files=1, auto_upload=False).classes("behind-the-scenes")
        self._upload.on("added", self._added, js_handler="(files) => emit(files[0].name)")
        self._upload.on("rejected", self._not_taken, args=[])
        self._upload.on("failed", self._not_taken, args=[])
        zone = tag("div", css="pick")
        zone.on("dragover", js_handler="(e) => e.preventDefault()")
        zone.on("drop", js_handler=_DROP.format(id=self._upload.id))
        with zone:
            button("Choose a file", lambda: self._upload.run_method("pickFiles"), sign="upload")
            self._name = tag("span", "or drop it here: Markdown, text, HTML, PDF, DOCX, CSV", css="faint grow")
        self._form.choice("scope", "Scope", {one: one for one in scopes}, hint="Whoever has it finds the document.")
        button("Add", kind="primary full", type="submit")

    def _added(self, event: events.GenericEventArguments) -> None:
        self._chosen = True
        self._name.set_text(str(event.args))
        self._name.classes(replace="strong small grow")

    async def _start(self, fields: Fields) -> None:
        self._scope = field_of(fields, "scope")
        if not self._chosen:
            toast("Choose a file first.", fault=True)
        elif await self._visit.may_act(ADD):
            with clear(self._outcome):
                waiting("Sending and reading it")
                tag("progress", id=_BAR, max=1, aria_label="Sent").style("width:100%")
            self._upload.run_method("upload")
            self._visit.run(_FOLLOW.format(id=self._upload.id, bar=_BAR))

    async def _uploaded(self, event: events.UploadEventArguments) -> None:
        self._reset()
        if not await self._visit.may_act(ADD):
            return
        name = event.file.name
        with tempfile.TemporaryDirectory(prefix="folkmoot-upload-") as folder:
            path = Path(folder) / f"document{Path(name).suffix[:_LONGEST_ENDING]}"
            await event.file.save(path)
            try:
                kept = await self._visit.parts.library.add(
                    path, name=name, scope=self._scope, principal=self._visit.principal, wait=_READ_WITHIN
                )
            except FolkmootError as error:
                with clear(self._outcome):
                    notice("It was not added; nothing has changed", error.message, colour="red", sign="alert")
                return
        self._said(kept)

    def _said(self, kept: Document) -> None:
        with clear(self._outcome):
            if kept.status is DocumentStatus.READING:
                notice("It is being read", "That takes a while; the list shows when it is done.", sign="clock")
            else:
                said = f"{words.count(kept.chunks, 'chunk')} in {kept.scope}"
                notice(f"{kept.name} was added", said, colour="teal", sign="check")

    def _not_taken(self) -> None:
        """The server refused the upload itself, or the connection broke."""
        self._reset()
        with clear(self._outcome):
            most = self._visit.parts.library.largest // 2**20
            notice("The file did not arrive", f"Files of up to {most} MiB are taken.", colour="red", sign="alert")

    def _reset(self) -> None:
        self._upload.reset()
        self._chosen = False
        self._name.set_text("or drop another here")
        self._name.classes(replace="faint grow")
