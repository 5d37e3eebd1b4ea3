"""One's own account on the page People: the password, and the API keys, each shown once when it is made."""

from datetime import timedelta
from typing import Final

from folkmoot.dashboard.components import marks, words
from folkmoot.dashboard.components.dialogs import close, dialog, foot, opener
from folkmoot.dashboard.components.dom import Fields, button, clear, field_of, form, heading, tag
from folkmoot.dashboard.components.fields import Form
from folkmoot.dashboard.components.notices import toast
from folkmoot.dashboard.visit import Visit
from folkmoot.kernel import FolkmootError
from folkmoot.security.keys import LONGEST, USUAL
from folkmoot.security.model import ADMIN, ApiKey
from folkmoot.security.passwords import SHORTEST
from folkmoot.web.ownership import check_key

ADD: Final = "POST /api/keys"
REVOKE: Final = "DELETE /api/keys/{key_id}"
PASSWORD: Final = "PUT /api/users/me/password"  # noqa: S105  # the name of a route


class OwnAccount:
    """The two cards of whoever looks."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._revoking: ApiKey | None = None
        who = visit.principal
        with tag("section", css="card tight stack close", aria_labelledby="own"):
            heading(2, "You", id="own")
            with tag("div", css="row tight"):
                marks.avatar(who.user_id, who.name)
                with tag("div", css="grow"):
                    tag("div", who.name, css="strong clip")
                    tag("div", words.plain(who.role), css="faint")
            if who.user_id != ADMIN and visit.may(PASSWORD):
                button("Change the password", kind="full", js=opener("password"))
                self._password_dialog()
        with tag("section", css="card tight", aria_labelledby="keys"):
            with tag("div", css="between").style("margin-bottom:12px"):
                heading(2, "Your API keys", id="keys")
                if visit.may(ADD):
                    button("New key", sign="plus", js=opener("new-key"))
            self._list = tag("div")
        self._key_dialogs()

    async def refresh(self) -> None:
        """Read one's keys again."""
        keys, _ = await self._visit.parts.keys.list(user_id=self._visit.principal.user_id)
        with clear(self._list):
            if not keys:
                tag("p", "None. A program that acts for you gets a key of its own.", css="muted small")
            with tag("ul", css="list"):
                for key in keys:
                    with tag("li", css="stack close"):
                        self._key(key)

    def _key(self, key: ApiKey) -> None:
        now = self._visit.now
        with tag("div", css="between"):
            tag("span", key.name, css="strong clip")
            if key.expires_at <= now:
                marks.chip("Expired", "amber", "clock")
            else:
                tag("span", f"until {words.day(key.expires_at)}", css="faint")
        tag("code", key.prefix, css="small").style("overflow-wrap:anywhere")
        scopes = ", ".join(sorted(key.scopes)) if key.scopes is not None else "all that you may"
        tag("p", scopes, css="small muted").style("overflow-wrap:anywhere")
        with tag("div", css="between"):
            used = f"last used {words.ago(key.last_used_at, now)}" if key.last_used_at else "never used"
            tag("span", used, css="faint")
            if self._visit.may(REVOKE):
                button("Revoke", lambda: self._ask(key), kind="quiet", aria_label=f"Revoke the key {key.name}")

    def _password_dialog(self) -> None:
        with dialog("password", "Change your password"), form(self._set_password, css="stack"):
            tag("p", "Wherever else you are signed in, that ends.", css="muted")
            self._password = Form("password")
            self._password.text("present", "Present password", type="password", autocomplete="current-password")
            self._password.text(
                "password",
                "New password",
                type="password",
                autocomplete="new-password",
                hint=f"At least {SHORTEST} characters; several words are best.",
            )
            foot("password", "Change it")

    def _key_dialogs(self) -> None:
        with dialog("new-key", "New API key"), form(self._add, css="stack"):
            self._form = Form("key")
            self._form.text("name", "What is it for?", maxlength=200, autocomplete="off", required=True)
            self._form.text(
                "scopes",
                "Scopes",
                hint="Separated by commas, such as tasks:read, agents:read; empty means all that you may.",
                autocomplete="off",
            )
            self._form.text("days", "Days until it ends", type="number", min=1, max=LONGEST.days, value=str(USUAL.days))
            foot("new-key", "Make the key")
        with dialog("key", "Your new key"):
            tag("p", "It is shown this once; note it where the program finds it.", css="muted")
            self._shown = tag("p", css="card flat tight mono", id="key-text").style(
                "user-select:all;overflow-wrap:anywhere"
            )
            with tag("div", css="dialog-foot"):
                button("Copy", sign="link", js="() => folkmoot.copy('key-text')")
                button("I have noted it", kind="primary", js="() => folkmoot.close('key')")
        with dialog("revoke-key", "Revoke this key?"):
            self._revoke_text = tag("p", css="muted")
            with tag("div", css="dialog-foot"):
                button("Keep it", js="() => folkmoot.close('revoke-key')")
                button("Revoke", self._revoke, kind="danger")

    async def _add(self, fields: Fields) -> None:
        name, days = field_of(fields, "name"), field_of(fields, "days")
        faults = {} if name else {"name": "Give it a name."}
        if not days.isdecimal() or not 1 <= int(days) <= LONGEST.days:
            faults["days"] = f"A number from 1 to {LONGEST.days}."
        self._form.show(faults)
        if faults or not await self._visit.may_act(ADD):
            return
        scopes = [one.strip() for one in field_of(fields, "scopes").split(",") if one.strip()]
        visit = self._visit
        try:
            _, text = await visit.parts.keys.add(
                name,
                owner=visit.principal,
                scopes=scopes or None,
                expires_in=timedelta(days=int(days)),
                by=visit.actor,
            )
        except FolkmootError as error:
            self._form.show({"scopes": error.message} if error.fields.get("field") == "scopes" else {})
            toast(error.message, fault=True)
            return
        close("new-key")
        self._shown.set_text(text)
        visit.run("folkmoot.open('key')")
        await self.refresh()

    def _ask(self, key: ApiKey) -> None:
        self._revoking = key
        self._revoke_text.set_text(f"Whatever uses “{key.name}” is turned away from now on.")
        self._visit.run("folkmoot.open('revoke-key')")

    async def _revoke(self) -> None:
        close("revoke-key")
        key, visit = self._revoking, self._visit
        if key is not None:
            await visit.act(
                lambda: visit.parts.keys.revoke(key.key_id, owner=visit.principal.user_id, by=visit.actor),
                said="The key is revoked.",
                needs=REVOKE,
            )
            await self.refresh()

    async def _set_password(self, fields: Fields) -> None:
        password, visit = fields.get("password", [""])[0], self._visit
        if not await visit.may_act(PASSWORD):
            return
        try:
            check_key(visit.principal, "set a password")
            await visit.parts.users.set_password(
                visit.principal.user_id,
                password,
                present=fields.get("present", [""])[0],
                keep=visit.principal.session_id,
                by=visit.actor,
            )
        except FolkmootError as error:
            self._password.show({"password" if error.fields.get("field") else "present": error.message})
            return
        self._password.show({})
        close("password")
        toast("Your password is changed.")
