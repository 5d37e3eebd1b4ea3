"""External connections: each bridge to somebody else's server, how it stands, and saying something there."""

from datetime import timedelta
from typing import Final

from folkmoot.bridge import BridgeState
from folkmoot.dashboard.components import marks, words
from folkmoot.dashboard.components.dom import Fields, button, clear, field_of, form, heading, tag
from folkmoot.dashboard.components.fields import Form
from folkmoot.dashboard.components.notices import empty, notice, toast
from folkmoot.dashboard.frame import page_head
from folkmoot.dashboard.visit import Visit
from folkmoot.kernel import FolkmootError

SEND: Final = "POST /send-to-external"
RECONNECT: Final = "POST /api/bridges/{name}/reconnect"
_EVERY: Final = timedelta(seconds=2)
_PATIENCE: Final = timedelta(seconds=5)
_LONGEST: Final = 10_000
_COUNTS: Final = {
    "in": "heard",
    "out": "sent",
    "asked": "questions taken",
    "answered": "answered",
    "connects": "connections",
}


async def build(visit: Visit) -> None:
    """The page."""
    page = _External(visit)
    await page.refresh()
    visit.repeat(page.refresh, every=_EVERY)


class _External:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._looks: object = None
        self._names: tuple[str, ...] = ()
        self._form = Form("outside")
        with page_head("External connections", "Other people's servers whose users talk with the agents here."):
            pass
        with tag("div", css="cols rail-last"):
            self._list = tag("section", aria_label="Connections")
            self._sending = tag("div", css="rail")

    async def refresh(self) -> None:
        """Read how each stands."""
        states = await self._visit.parts.bridges.states()
        names = tuple(one.name for one in states)
        if names != self._names:
            self._names = names
            self._draw_form()
        looks = [(one, tuple(one.counts.items())) for one in states]
        if looks == self._looks:
            return  # whoever stands on one of the buttons stays there
        self._looks = looks
        with clear(self._list):
            if not states:
                said = "Set EXTERNAL_WS_URL, or name some under 'bridges' in the workplace file."
                empty("No connection is set up", said, sign="plug")
            with tag("div", css="stack"):
                for one in states:
                    self._card(one)

    def _card(self, one: BridgeState) -> None:
        with tag("article", css="card", aria_label=one.name):
            with tag("div", css="between"):
                with tag("div", css="row tight"):
                    heading(2, one.name, css="clip")
                    if one.connected:
                        marks.chip("Connected", "green", "check")
                    else:
                        marks.chip("Not connected", "red", "alert")
                if self._visit.may(RECONNECT):
                    button("Reconnect", lambda: self._reconnect(one.name), sign="again")
            with tag("p", css="muted").style("margin-top:4px"):
                tag("code", one.url)
            if not one.connected and one.problem and self._visit.principal.is_admin:
                with tag("div").style("margin-top:16px"):
                    notice("Why not", one.problem, colour="amber", sign="info")
            with tag("dl", css="facts").style("margin-top:16px"):
                for name, value in (
                    ("Signed in there as", one.user_id),
                    ("Waiting to be sent", words.count(one.waiting, "message")),
                    ("Being answered", words.count(one.open, "question")),
                    ("Tries since it was connected last", str(one.attempts)),
                    ("Held by", "this server" if one.here else "another server"),
                ):
                    tag("dt", name)
                    tag("dd", value, css="nums")
            if one.counts:
                told = [f"{one.counts[key]:,} {name}" for key, name in _COUNTS.items() if key in one.counts]
                rest = [
                    f"{number:,} {words.plain(key).lower()}" for key, number in one.counts.items() if key not in _COUNTS
                ]
                tag("p", f"Since this server started: {', '.join(told + rest)}.", css="faint").style("margin-top:12px")

    def _draw_form(self) -> None:
        if not self._names or not self._visit.may(SEND):
            self._sending.clear()
            return
        self._form = Form("outside")
        with clear(self._sending), tag("section", css="card tight", aria_labelledby="outside-send"):
            heading(2, "Say something there", id="outside-send").style("margin-bottom:12px")
            with form(self._send, css="stack"):
                if len(self._names) > 1:
                    self._form.choice("bridge", "Connection", {one: one for one in self._names})
                self._form.text("text", "Message", rows=4, maxlength=_LONGEST, required=True)
                self._form.text("agent", "In the name of", value="Folkmoot", maxlength=200, autocomplete="off")
                button("Send", kind="primary full", sign="send", type="submit")

    async def _send(self, fields: Fields) -> None:
        text = field_of(fields, "text")
        self._form.show({} if text else {"text": "Say something."})
        if not text or not await self._visit.may_act(SEND):
            return
        bridge = field_of(fields, "bridge") or self._names[0]
        try:
            done = await self._visit.parts.bridges.send(
                text, agent=field_of(fields, "agent"), bridge=bridge, patience=_PATIENCE
            )
        except FolkmootError as error:
            toast(error.message, fault=True)
            return
        box = self._form.id_of("text")
        self._visit.run(f"document.getElementById('{box}').value = ''")
        toast("Sent." if done.sent else f"Kept; it goes out when {done.bridge} is connected.")
        await self.refresh()

    async def _reconnect(self, name: str) -> None:
        await self._visit.act(
            lambda: self._visit.parts.bridges.reconnect(name), said=f"{name} connects anew.", needs=RECONNECT
        )
        await self.refresh()
