"""One message of a conversation as it is shown: what a person said, and an answer, also while it is being written."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from folkmoot.conversations import ChatMessage
from folkmoot.conversations.model import LONGEST, Status
from folkmoot.dashboard.components import chat_files, marks, words
from folkmoot.dashboard.components.dom import Fields, button, clear, field_of, form, icon, pressed, tag
from folkmoot.dashboard.components.notices import notice
from folkmoot.dashboard.components.people import People
from folkmoot.dashboard.components.prose import Prose
from folkmoot.dashboard.components.why import routing_of, sureness

# Escape gives up; Enter says it, as in the box below.
_EDIT_KEYS: Final = """(e) => {
  if (e.key === 'Escape') e.target.form.querySelector('[type=button]').click();
  if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) { e.preventDefault(); e.target.form.requestSubmit(); }
}"""
Act = Callable[[ChatMessage], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Acts:
    """What can be done with a message; without `writes` only what changes nothing is offered."""

    writes: bool
    copy: Act
    again: Act
    why: Act
    edit: Callable[[ChatMessage, str], Awaitable[None]]
    turn: Callable[[str], Awaitable[None]]
    save: Callable[[str], Awaitable[None]]


class Mine:
    """What a person said: always as plain text."""

    def __init__(self, acts: Acts, now: Callable[[], datetime]) -> None:
        self._acts, self._now = acts, now
        self._looks: object = None
        self.element = tag("article", css="msg mine", aria_label="You said")
        with self.element:
            self._body = tag("div")
            self._foot = tag("div", css="foot")

    def show(self, message: ChatMessage, versions: Sequence[str]) -> None:
        """Draw it, unless it looks like that already."""
        looks = message.message_id, tuple(versions)
        if looks == self._looks:
            return
        self._looks = looks
        self._draw(message, versions)

    def _draw(self, message: ChatMessage, versions: Sequence[str]) -> None:
        self.element.classes(remove="editing")
        with clear(self._body):
            tag("div", message.content, css="bubble")
            if files := message.details.get("attachments"):
                chat_files.handed_in(files, self._acts.save)
        with clear(self._foot):
            button("", lambda: self._acts.copy(message), sign="copy", kind="quiet", aria_label="Copy", title="Copy")
            if self._acts.writes:
                button(
                    "", lambda: self._edit(message, versions), sign="pen", kind="quiet", aria_label="Edit", title="Edit"
                )
            _turns(message, versions, self._acts)
            marks.when(message.created_at, self._now())

    def _edit(self, message: ChatMessage, versions: Sequence[str]) -> None:
        async def say(fields: Fields) -> None:
            text = field_of(fields, "text")
            if text and text != message.content:
                await self._acts.edit(message, text)
            else:
                self._draw(message, versions)

        self.element.classes("editing")
        box = f"edit-{message.message_id}"
        with clear(self._body), tag("div", css="bubble"), form(say, css="stack close"):
            area = tag(
                "textarea", css="input", id=box, name="text", rows=min(12, message.content.count("\n") + 3),
                maxlength=LONGEST, aria_label="Say instead",
            )  # fmt: skip
            area.props["defaultValue"] = message.content
            area.on("keydown", js_handler=_EDIT_KEYS)
            with tag("div", css="row").style("justify-content:flex-end"):
                button("Cancel", lambda: self._draw(message, versions))
                button("Say this instead", kind="primary", type="submit")
        clear(self._foot)
        self.element.client.run_javascript(f"setTimeout(() => document.getElementById('{box}')?.focus(), 50)")


class Theirs:
    """An answer. While it is made, `state` and `paint` are called again and again; `show` once it stands."""

    def __init__(self, acts: Acts, people: People, now: Callable[[], datetime]) -> None:
        self._acts, self._people, self._now = acts, people, now
        self._looks: object = None
        self.element = tag("article", css="msg theirs")
        with self.element:
            self._face = tag("div", css="face")
            with tag("div"):
                self._head = tag("div", css="head")
                self._prose = Prose()
                self._more = tag("div")
                self._foot = tag("div", css="foot")

    def show(self, message: ChatMessage, versions: Sequence[str], blocks: Sequence[str], *, live: bool = False) -> None:
        """Draw it, unless it looks like that already. `live`: its words come by `paint`."""
        looks = message.message_id, message.status, message.agent_id, message.error, tuple(versions)
        if looks == self._looks:
            return
        self._looks = looks
        self._draw_head(message)
        if not live:
            self._prose.show(blocks)
        with clear(self._more):
            if message.status is Status.ANSWERING:
                self._typing(message)
            elif message.status is Status.FAILED:
                self._failed(message)
            _sources(message.details.get("sources"))
        with clear(self._foot):
            _turns(message, versions, self._acts)
            if message.status is not Status.ANSWERING:
                self._tools(message)

    def paint(self, blocks: Sequence[str]) -> None:
        """Its words so far. The sign that it is being written goes with the first of them."""
        self._prose.show(blocks)
        self._more.set_visibility(not blocks)

    def settled(self) -> None:
        """What comes below the words is shown again."""
        self._more.set_visibility(True)

    def _draw_head(self, message: ChatMessage) -> None:
        name = message.agent_name or message.agent_id or ""
        self.element.props["aria-label"] = f"{name or 'Somebody'} answers"
        self.element.update()
        with clear(self._face):
            if message.agent_id:
                self._people.avatar(message.agent_id)
            else:
                tag("span", "…", css="avatar", aria_hidden="true")
        with clear(self._head):
            if message.agent_id:
                self._people.linked(message.agent_id)
            else:
                tag("b", "Choosing who answers")
            marks.when(message.settled_at or message.created_at, self._now())
            if routing_of(message):
                self._why(message, name)
            if message.status is Status.CANCELLED:
                marks.chip("Stopped", "amber", "stop")

    def _why(self, message: ChatMessage, name: str) -> None:
        element = tag(
            "button", css="chip teal", type="button", aria_label=f"Why {name}: {sureness(message)}",
            title="Why this agent", aria_haspopup="dialog",
        )  # fmt: skip
        pressed(element, lambda: self._acts.why(message))
        with element:
            icon("why")
            tag("span", sureness(message))

    def _typing(self, message: ChatMessage) -> None:
        said = f"{message.agent_name or message.agent_id} is writing" if message.agent_id else "One moment"
        with tag("div", css="typing"):
            with tag("span", css="dots", aria_hidden="true"):
                for _ in range(3):
                    tag("i")
            tag("span", said)

    def _failed(self, message: ChatMessage) -> None:
        with notice("No answer came of this", message.error or "", colour="red", sign="alert"):
            if self._acts.writes:
                with tag("div", css="row"):
                    button("Try again", lambda: self._acts.again(message), sign="again")
                    button("Ask another agent", lambda: self._acts.why(message), kind="quiet")

    def _tools(self, message: ChatMessage) -> None:
        if message.content:
            button("", lambda: self._acts.copy(message), sign="copy", kind="quiet", aria_label="Copy", title="Copy")
        if self._acts.writes and message.status is not Status.FAILED:
            button("Again", lambda: self._acts.again(message), sign="again", kind="quiet", title="Answer again")
            button("Another agent", lambda: self._acts.why(message), sign="agents", kind="quiet")


def _turns(message: ChatMessage, versions: Sequence[str], acts: Acts) -> None:
    """The way through the versions of a message."""
    if message.message_id not in versions:
        return
    at = versions.index(message.message_id)
    with tag("span", css="turns", role="group", aria_label="Versions"):
        earlier, later = versions[max(0, at - 1)], versions[min(len(versions) - 1, at + 1)]
        button(
            "", lambda: acts.turn(earlier), sign="back", kind="quiet stays", disabled=at == 0 or not acts.writes,
            aria_label="Earlier version",
        )  # fmt: skip
        tag("span", f"{at + 1}/{len(versions)}")
        button(
            "", lambda: acts.turn(later), sign="next", kind="quiet stays", aria_label="Later version",
            disabled=at == len(versions) - 1 or not acts.writes,
        )  # fmt: skip


def _sources(found: Any) -> None:
    sources: list[Mapping[str, Any]] = [one for one in found or [] if isinstance(one, dict)]
    if not sources:
        return
    with tag("details", css="more sources"):
        with tag("summary"):
            icon("quote", "s")
            tag("span", words.count(len(sources), "source"))
        with tag("ol"):
            for one in sources:
                with tag("li", css="quote"):
                    tag("span", str(one.get("text") or ""))
                    tag("footer", str(one.get("source") or "no name"))
