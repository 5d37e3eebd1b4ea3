"""People: for everybody their own account and keys; for administrators all accounts, whose twin is whose, the audit."""

from typing import Any, Final

from folkmoot.consent import display_name, person_key
from folkmoot.dashboard.components import marks, words
from folkmoot.dashboard.components.dialogs import close, dialog, foot, opener
from folkmoot.dashboard.components.dom import Fields, button, clear, field_of, form, heading, tag
from folkmoot.dashboard.components.fields import Form
from folkmoot.dashboard.components.notices import toast
from folkmoot.dashboard.frame import page_head
from folkmoot.dashboard.pages.people_own import OwnAccount
from folkmoot.dashboard.visit import Visit
from folkmoot.kernel import FolkmootError
from folkmoot.security.audit import AuditLine
from folkmoot.security.model import ADMIN, User
from folkmoot.security.users import NewUser
from folkmoot.web.ownership import check_key

CREATE: Final = "POST /api/users"
CHANGE: Final = "PATCH /api/users/{user_id}"
REMOVE: Final = "DELETE /api/users/{user_id}"
AUDIT: Final = "GET /api/audit"
ROLES: Final = {"member": "Member", "viewer": "Viewer: reads, changes nothing", "admin": "Administrator"}
_LOOKS: Final = {
    "admin": ("Administrator", "violet", "shield"),
    "member": ("Member", "blue", ""),
    "viewer": ("Viewer", "", ""),
}
_LINES: Final = 25


async def build(visit: Visit) -> None:
    """The page."""
    page = _People(visit)
    await page.refresh()


class _People:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._all = visit.may("GET /api/users")
        self._chosen: User | None = None
        with page_head("People", "Who may come in, as what, and whose twin is whose."):
            if visit.may(CREATE):
                button("New account", sign="plus", kind="primary", js=opener("new-user"))
        with tag("div", css="cols"):
            with tag("div"):
                if self._all:
                    with tag("section", aria_labelledby="accounts"):
                        heading(2, "Accounts", id="accounts").style("margin-bottom:12px")
                        self._list = tag("div", css="card tight")
                if visit.may(AUDIT):
                    with tag("section", css="section", aria_labelledby="audit"):
                        heading(2, "What was done", id="audit").style("margin-bottom:12px")
                        self._audit = tag("div", css="card tight")
                if not self._all:
                    tag("p", "An administrator makes accounts and says whose twin is whose.", css="muted prose")
            with tag("aside", css="rail stack", aria_label="Your account"):
                self._own = OwnAccount(visit)
        if visit.may(CREATE, CHANGE):
            self._dialogs()

    async def refresh(self) -> None:
        """Read everything again."""
        await self._own.refresh()
        users, _ = await self._visit.parts.users.list() if self._all else ([], 0)
        if self._all:
            with clear(self._list), tag("ul", css="list"):
                for user in users:
                    with tag("li"):
                        self._account(user)
        if self._visit.may(AUDIT):
            lines, _ = await self._visit.parts.audit.lines(limit=_LINES)
            names = {user.user_id: user.name for user in users}
            with clear(self._audit), tag("ul", css="list small"):
                for line in lines:
                    with tag("li", css="between"):
                        self._line(line, names)

    def _account(self, user: User) -> None:
        with tag("div", css="row").style("gap:12px"):
            marks.avatar(user.user_id, user.name)
            with tag("div", css="grow").style("min-width:0"):
                with tag("div", css="row tight"):
                    tag("span", user.name, css="strong clip")
                    marks.chip(*_LOOKS[user.role])
                    if user.disabled_at is not None:
                        marks.chip("Disabled", "amber", "cross")
                said = [user.email, f"twin of {user.person}" if user.person else "no twin", _scopes(user)]
                tag("div", " · ".join(filter(None, said)), css="faint").style("overflow-wrap:anywhere")
            if self._visit.may(CHANGE):
                button("Change", lambda: self._open(user), kind="quiet", aria_label=f"Change the account {user.name}")

    def _line(self, line: AuditLine, names: dict[str, str]) -> None:
        who = names.get(line.user_id or "", line.user_id or ("the house" if line.address == "house" else "somebody"))
        with tag("span", css="grow").style("min-width:0;overflow-wrap:anywhere"):
            tag("span", f"{who}: ", css="strong")
            tag("span", words.plain(line.action).lower())
            if line.target and not line.target.startswith("signin_"):  # an id of one sign-in tells a reader nothing
                tag("span", f" {names.get(line.target, line.target)}", css="muted")
            if line.details:
                told = ", ".join(f"{name} {_shown(value)}" for name, value in line.details.items())
                tag("span", f" ({told})", css="faint")
            if line.address and line.address != "house":
                tag("span", f" from {line.address}", css="faint")
        with tag("span", css="row tight"):
            if not line.ok:
                marks.chip("Refused", "red", "alert")
            marks.when(line.at, self._visit.now)

    def _dialogs(self) -> None:
        with dialog("new-user", "New account"), form(self._create, css="stack"):
            self._new = Form("user")
            _fields(self._new)
            self._new.text(
                "password", "Password", type="password", autocomplete="new-password", hint="Empty: by API keys alone."
            )
            foot("new-user", "Make the account")
        with dialog("user", "Change the account"):
            self._change = tag("div")

    def _open(self, user: User) -> None:
        self._chosen = user
        with clear(self._change), form(self._save, css="stack"):
            self._form = Form("change")
            if user.user_id == ADMIN:
                tag("p", "The account of the administrator’s token keeps its name and role.", css="muted")
                self._form.text("person", "Whose twin is theirs", value=user.person or "", maxlength=200)
            else:
                _fields(self._form, user)
                self._form.text(
                    "password", "New password", type="password", autocomplete="new-password", hint="Empty: as it is."
                )
            with tag("div", css="dialog-foot"):
                if user.user_id != ADMIN:
                    button("Remove", self._remove, kind="danger", aria_label=f"Remove the account {user.name}")
                button("Enable" if user.disabled_at else "Disable", self._toggle)
                button("Save", kind="primary", type="submit")
        self._visit.run("folkmoot.open('user')")

    async def _create(self, fields: Fields) -> None:
        if not await self._visit.may_act(CREATE):
            return
        password = fields.get("password", [""])[0]
        try:
            read = _read(fields)
            if read["role"] == ADMIN:
                check_key(self._visit.principal, "make an administrator")
            await self._visit.parts.users.create(NewUser(**read, password=password or None), by=self._visit.actor)
        except FolkmootError as error:
            self._refused(self._new, error)
            return
        self._new.show({})
        close("new-user")
        toast("The account is made.")
        await self.refresh()

    async def _save(self, fields: Fields) -> None:
        user, users = self._chosen, self._visit.parts.users
        if user is None or not await self._visit.may_act(CHANGE):
            return
        password = fields.get("password", [""])[0]
        try:
            wanted = _read(fields)
            changes = {"person": wanted["person"]} if user.user_id == ADMIN else wanted
            if ADMIN in {user.role, wanted["role"]} and (password or user.role != wanted["role"]):
                check_key(self._visit.principal, "make an administrator, or set the password of one")
            await users.change(user.user_id, changes, by=self._visit.actor)
            if password:
                await users.set_password(user.user_id, password, by=self._visit.actor)
        except FolkmootError as error:
            self._refused(self._form, error)
            return
        close("user")
        toast("Saved; it holds from now on.")
        await self.refresh()

    async def _toggle(self) -> None:
        user, visit = self._chosen, self._visit
        close("user")
        if user is not None:
            disabled = user.disabled_at is None
            await visit.act(
                lambda: visit.parts.users.change(user.user_id, {"disabled": disabled}, by=visit.actor),
                said=f"{user.name} is {'disabled' if disabled else 'enabled'}.",
                needs=CHANGE,
            )
            await self.refresh()

    async def _remove(self) -> None:
        user, visit = self._chosen, self._visit
        close("user")
        if user is not None:
            await visit.act(
                lambda: visit.parts.users.remove(user.user_id, by=visit.actor),
                said=f"The account {user.name} is removed.",
                needs=REMOVE,
            )
            await self.refresh()

    def _refused(self, shown: Form, error: FolkmootError) -> None:
        known = {"name", "email", "role", "person", "knowledge_scopes", "password"}
        where = str(error.fields.get("field"))
        shown.show({where: error.message} if where in known else {})
        toast(error.message, fault=True)


def _fields(shown: Form, user: User | None = None) -> None:
    scopes = user.knowledge_scopes if user else frozenset()
    with tag("div", css="fields"):
        shown.text("name", "Name", value=user.name if user else "", maxlength=200, autocomplete="off", required=True)
        shown.choice("role", "Role", ROLES, value=user.role if user else "member")
        shown.text("email", "E-mail", type="email", value=user.email if user else "", maxlength=254)
        shown.text(
            "person",
            "Whose twin is theirs",
            value=(user.person or "") if user else "",
            maxlength=200,
            hint="The person’s name; empty: nobody’s.",
        )
    shown.text(
        "knowledge_scopes",
        "Knowledge",
        value=", ".join(sorted(scopes)) if scopes is not None else "*",
        hint="Scopes separated by commas, such as product, marketing; * is everything.",
    )


def _read(fields: Fields) -> dict[str, Any]:
    person, scopes = field_of(fields, "person"), field_of(fields, "knowledge_scopes")
    return {
        "name": field_of(fields, "name"),
        "role": field_of(fields, "role"),
        "email": field_of(fields, "email"),
        "person": person_key(display_name(person)) if person else None,
        "knowledge_scopes": None if scopes == "*" else frozenset(filter(None, map(str.strip, scopes.split(",")))),
    }


def _scopes(user: User) -> str:
    scopes = user.principal.knowledge_scopes
    return "knows everything" if scopes is None else f"knows {', '.join(sorted(scopes)) or 'no scope'}"


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
