"""What is to be said: the box, the files that go with it, and who is to answer."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from nicegui import events, ui

from folkmoot.conversations import Upload
from folkmoot.conversations.accept import LARGEST_UPLOAD, MOST_UPLOADS
from folkmoot.dashboard.components import chat_files
from folkmoot.dashboard.components.dom import button, clear, hear, icon, on_value, tag
from folkmoot.dashboard.components.notices import toast
from folkmoot.dashboard.visit import ACTING, Visit

Say = Callable[[str, str], Awaitable[None]]
_UPLOADER: Final = "getElement({id}).$refs.qRef"
_LONGEST_NAME: Final = 200


class Composer:
    """The box below the conversation. `say(text, key)` is called with what was typed; the key is the browser's own
    name for it. `agent` is who is to answer, empty for whoever fits.
    """

    def __init__(
        self,
        visit: Visit,
        *,
        say: Say,
        stop: Callable[[], Awaitable[None]],
        choose: Callable[[str], Awaitable[None]],
    ) -> None:
        self._visit, self._say, self._stop, self._choose = visit, say, stop, choose
        self._uploads: list[Upload] = []
        self._looks: object = None
        self.agent = ""
        self._upload = (
            ui.upload(on_upload=self._uploaded, multiple=True, auto_upload=True, max_file_size=LARGEST_UPLOAD)
            .classes("behind-the-scenes")
            .props("no-thumbnails")
        )
        self._upload.on(
            "rejected", self._too_large, js_handler="(files) => emit(files.map((one) => one.file.name).join(', '))"
        )
        self._upload.on("failed", self._failed, args=[])
        uploader = _UPLOADER.format(id=self._upload.id)
        button(
            "Latest", sign="down", kind="to-end", id="chat-end", js="() => folkmoot.chat.end()", hidden=True,
            aria_label="Go to the latest message",
        )  # fmt: skip
        with tag("div", css="composer", id="chat-composer") as box:
            box.on("dragover", js_handler="(e) => folkmoot.chat.over(e, true)")
            box.on("dragleave", js_handler="(e) => folkmoot.chat.over(e, false)")
            box.on("drop", js_handler=f"(e) => folkmoot.chat.dropped(e, {uploader})")
            self._files = tag("div", css="files", role="status")
            area = tag("textarea", id="chat-text", rows=1, aria_label="Message", placeholder="Say something…")
            area.on("input", js_handler="() => folkmoot.chat.input()")
            area.on("paste", js_handler=f"(e) => folkmoot.chat.dropped(e, {uploader})")
            hear(area, "keydown", self._typed, "(e) => folkmoot.chat.pressed(e, emit)")
            with tag("div", css="tools"):
                button(
                    "", sign="clip", kind="quiet square", js=f"() => {uploader}.pickFiles()", title="Attach files",
                    aria_label="Attach files",
                )  # fmt: skip
                self._who = tag("div")
                tag("span", css="spacer")
                tag("span", css="left", id="chat-left", role="status")
                self._stopping = tag("span")
                send = tag("button", css="btn primary square", type="button", aria_label="Send", title="Send")
                with send:
                    icon("send")
                hear(send, "click", self._typed, "() => folkmoot.chat.send(emit)")
        tag("p", "Enter sends, Shift and Enter begin a new line. Agents can be wrong.", css="hint")

    @property
    def uploads(self) -> tuple[Upload, ...]:
        """The files that go with the next message."""
        return tuple(self._uploads)

    def taken(self) -> None:
        """It was said: the box is free for the next."""
        self._uploads.clear()
        self._draw_files()
        self._visit.run("folkmoot.chat.taken()")

    def refused(self) -> None:
        """It was not: what was typed stays."""
        self._visit.run("folkmoot.chat.refused()")

    def drop_files(self) -> None:
        """Another conversation: what was to go with a message here does not go there."""
        self._uploads.clear()
        self._draw_files()

    def show(self, agents: Mapping[str, str], chosen: str, *, answering: bool) -> None:
        """Offer these agents, `{id: name}`, with the chosen one; `answering`: there is something to stop."""
        self.agent = chosen
        looks = tuple(agents.items()), chosen
        if looks != self._looks:
            self._looks = looks
            with clear(self._who):
                select = tag("select", css="input", aria_label="Who is to answer", id="chat-agent")
                with select:
                    tag("option", "Whoever fits best", value="", selected=not chosen)
                    for agent_id, name in agents.items():
                        tag("option", name, value=agent_id, selected=agent_id == chosen)
                on_value(select, "change", self._chosen)
        if answering is not bool(self._stopping.default_slot.children):
            with clear(self._stopping):
                if answering:
                    button("Stop", self._stop, sign="stop", title="Stop the answer")

    async def _typed(self, said: Any) -> None:
        if isinstance(said, dict):
            await self._say(str(said.get("text") or ""), str(said.get("key") or "")[:100])

    async def _chosen(self, agent: str) -> None:
        self.agent = agent
        self._looks = None
        await self._choose(agent)

    async def _uploaded(self, event: events.UploadEventArguments) -> None:
        name = event.file.name[-_LONGEST_NAME:]
        data = await event.file.read()
        self._upload.run_method("removeUploadedFiles")
        if not await self._visit.may_act(ACTING):
            return
        media_type = chat_files.media_type_of(name, event.file.content_type, data)
        if len(self._uploads) >= MOST_UPLOADS:
            toast(f"{name} was not attached: a message takes at most {MOST_UPLOADS} files.", fault=True)
        elif len(data) > LARGEST_UPLOAD:
            self._say_too_large(name)
        elif not data:
            toast(f"{name} was not attached: it is empty.", fault=True)
        elif media_type is None:
            toast(f"{name} was not attached: it is no text, PDF, Word file or picture.", fault=True)
        else:
            self._uploads.append(Upload(name=name, media_type=media_type, data=data))
            self._draw_files()
            self._visit.run("document.getElementById('chat-text')?.focus()")

    def _draw_files(self) -> None:
        with clear(self._files):
            for one in self._uploads:
                chat_files.waiting(one.name, one.media_type, len(one.data), self._removing(one))

    def _removing(self, one: Upload) -> Callable[[], None]:
        def remove() -> None:
            self._uploads = [other for other in self._uploads if other is not one]
            self._draw_files()

        return remove

    def _too_large(self, event: events.GenericEventArguments) -> None:
        self._say_too_large(str(event.args)[:_LONGEST_NAME])

    def _say_too_large(self, name: str) -> None:
        toast(f"{name}: over {chat_files.size(LARGEST_UPLOAD)}, the most that can be attached.", fault=True)

    def _failed(self) -> None:
        toast("The file did not arrive; attach it again.", fault=True)
