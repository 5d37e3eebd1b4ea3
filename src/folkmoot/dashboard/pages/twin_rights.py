"""What a person permitted, and taking it back: consents, withdrawal, forgetting with a receipt."""

from datetime import UTC, datetime, timedelta
from typing import Final

from folkmoot.consent import Consent, Purpose
from folkmoot.dashboard.components import marks, words
from folkmoot.dashboard.components.dialogs import close, dialog, foot, opener
from folkmoot.dashboard.components.dom import Fields, button, clear, field_of, form, heading, icon, link, tag
from folkmoot.dashboard.components.fields import Form
from folkmoot.dashboard.components.notices import notice, toast
from folkmoot.dashboard.visit import Visit
from folkmoot.kernel import FolkmootError
from folkmoot.twins import ForgetReceipt, Twin
from folkmoot.twins.roster import TwinView
from folkmoot.web.ownership import check_person

GRANT: Final = "POST /api/consents"
REVOKE: Final = "DELETE /api/consents/{consent_id}"
FORGET: Final = "DELETE /api/twins/{person}"
PURPOSES: Final = {
    Purpose.IMPORT.value: "store their messages",
    Purpose.PROFILE.value: "learn skills and manner",
    Purpose.CHAT.value: "answer others with them",
    Purpose.TRAIN.value: "train a model on them",
    Purpose.REMOTE_MODEL.value: "show them to a model elsewhere",
}
PLATFORMS: Final = {"whatsapp": "WhatsApp", "linkedin": "LinkedIn", "git": "git", "jsonl": "JSON lines", "csv": "CSV"}
_USUAL: Final = timedelta(days=365)
_LOOKS: Final = {"live": ("green", "check"), "expired": ("amber", "clock"), "revoked": ("", "cross")}


class Rights:
    """The part of a twin's page that belongs to the person."""

    def __init__(self, visit: Visit, twin: Twin) -> None:
        self._visit = visit
        self._twin = twin
        self._revoking: Consent | None = None
        self._shown: object = None
        self.forgotten = False
        with tag("section", css="card tight", aria_labelledby="consents"):
            with tag("div", css="between").style("margin-bottom:12px"):
                heading(2, "Consents", id="consents")
                if visit.may(GRANT):
                    button("Grant", sign="plus", js=opener("grant"))
            self._list = tag("div")
        if visit.may(FORGET):
            with tag("section", css="card tight stack close", aria_labelledby="forget-head"):
                heading(2, "Forget", id="forget-head")
                tag("p", "Removes the person and everything made from their messages, everywhere.", css="muted small")
                button(f"Forget {twin.name}", sign="trash", kind="danger full", js=opener("forget"))
        self._build_dialogs()

    def update(self, view: TwinView) -> None:
        """Show the consents as they are."""
        now = self._visit.now
        state = [(one, one.status(now)) for one in view.consents]
        if state == self._shown:
            return
        self._shown = state
        with clear(self._list):
            if not state:
                tag("p", "None was given. Without one, nothing is imported or learned.", css="muted small")
            with tag("ul", css="list"):
                for one, status in sorted(state, key=lambda pair: (pair[1] != "live", pair[0].platform)):
                    with tag("li", css="stack close"):
                        self._consent(one, status)

    def _consent(self, one: Consent, status: str) -> None:
        with tag("div", css="between"):
            tag("span", PLATFORMS.get(one.platform, one.platform), css="strong")
            marks.chip(status.capitalize(), *_LOOKS[status])
        with tag("ul", css="stack small muted").style("gap:2px"):
            for purpose in one.purposes:
                with tag("li", css="row tight"):
                    icon("check" if status == "live" else "cross", "s")
                    tag("span", PURPOSES[purpose.value])
        if status == "live":
            with tag("div", css="between"):
                tag("span", f"until {words.day(one.expires_at)}", css="faint")
                if self._visit.may(REVOKE):
                    button(
                        "Withdraw",
                        lambda: self._ask(one),
                        kind="quiet",
                        aria_label=f"Withdraw the consent for {one.platform}",
                    )
        elif one.cleared_at is not None:
            tag("p", f"All that rested on it was verified gone on {words.day(one.cleared_at)}.", css="faint")

    def _build_dialogs(self) -> None:
        with dialog("grant", "Record a consent"), form(self._grant, css="stack"):
            self._form = Form("grant")
            tag("p", f"What {self._twin.name} permits, and until when.", css="muted")
            with tag("div", css="fields"):
                self._form.choice("platform", "Platform", PLATFORMS)
                until = self._visit.now + _USUAL
                self._form.text("expires", "Until", type="date", value=f"{until:%Y-%m-%d}")
                self._form.text("email", "E-mail", css="whole", type="email", value=self._twin.email, maxlength=254)
            self._form.boxes("purposes", "It may", PURPOSES, chosen=("import", "profile", "chat"))
            foot("grant", "Record it")
        with dialog("token", "The consent’s token"):
            tag("p", "It proves the consent and is shown this once. Hand it to the person.", css="muted")
            self._token = tag("p", css="card flat tight mono").style("margin:16px 0;user-select:all")
            with tag("div", css="dialog-foot"):
                button("I have noted it", kind="primary", js="() => folkmoot.close('token')")
        with dialog("revoke", "Withdraw this consent?"):
            self._revoke_text = tag("p", css="muted")
            with tag("div", css="dialog-foot"):
                button("Keep it", js="() => folkmoot.close('revoke')")
                button("Withdraw", self._revoke, kind="danger")
        with dialog("forget", f"Forget {self._twin.name}?"), form(self._forget, css="stack"):
            tag(
                "p",
                "Messages, profile, what the estimator learned, consents: all of it is removed and cannot be brought "
                "back. The receipt counts what was removed and what is left.",
                css="muted",
            )
            self._forget_form = Form("forget")
            self._forget_form.text("name", f"Type “{self._twin.name}” to confirm", autocomplete="off")
            with tag("div", css="dialog-foot"):
                button("Cancel", js="() => folkmoot.close('forget')")
                button("Forget", kind="danger", type="submit")
        with dialog("receipt", "Forgotten"):
            self._receipt = tag("div", css="stack")

    def _ask(self, one: Consent) -> None:
        self._revoking = one
        platform = PLATFORMS.get(one.platform, one.platform)
        self._revoke_text.set_text(
            f"Everything that was imported and learned from {platform} under it is deleted at once: messages, search "
            "entries, profile, and its share in the estimator."
        )
        self._visit.run("folkmoot.open('revoke')")

    async def _revoke(self) -> None:
        close("revoke")
        if self._revoking is not None:
            consent_id = self._revoking.consent_id
            await self._visit.act(lambda: self._do_revoke(consent_id), said="The consent is withdrawn.", needs=REVOKE)

    async def _do_revoke(self, consent_id: str) -> None:
        visit = self._visit
        check_person(visit.principal, self._twin.name)
        await visit.parts.audit.record("consent_revoked", by=visit.actor, target=consent_id)
        await visit.parts.consents.revoke(consent_id)

    async def _grant(self, fields: Fields) -> None:
        faults: dict[str, str] = {}
        try:
            expires = datetime.fromisoformat(field_of(fields, "expires")).replace(tzinfo=UTC)
        except ValueError:
            expires, faults["expires"] = self._visit.now, "Give a day."
        if not fields.get("purposes"):
            faults["purposes"] = "Choose at least one purpose."
        self._form.show(faults)
        if faults or not await self._visit.may_act(GRANT):
            return
        try:
            check_person(self._visit.principal, self._twin.name)
            granted = await self._visit.parts.consents.grant(
                self._twin.name,
                email=field_of(fields, "email"),
                platform=field_of(fields, "platform"),
                purposes=fields["purposes"],
                expires_at=expires,
            )
            await self._visit.parts.audit.record("consent_granted", by=self._visit.actor, target=granted.consent_id)
        except FolkmootError as error:
            where = {"expires_at": "expires", "email": "email", "purposes": "purposes"}.get(
                str(error.fields.get("field"))
            )
            self._form.show({where: error.message} if where else {})
            toast(error.message, fault=True)
            return
        close("grant")
        self._token.set_text(granted.token)
        self._visit.run("folkmoot.open('token')")

    async def _forget(self, fields: Fields) -> None:
        if field_of(fields, "name").casefold() != self._twin.name.casefold():
            self._forget_form.show({"name": "This is not the name."})
            return
        close("forget")
        await self._visit.act(self._do_forget, needs=FORGET)

    async def _do_forget(self) -> None:
        check_person(self._visit.principal, self._twin.name)
        self.forgotten = True
        receipt = await self._visit.parts.forgetting.forget(self._twin.name)
        await self._visit.parts.audit.record("twin_forgotten", by=self._visit.actor, target=receipt.receipt_id)
        await self._visit.parts.team.dismiss(self._twin)
        with clear(self._receipt):
            _show_receipt(receipt)
        self._visit.run("folkmoot.open('receipt')")


def _show_receipt(receipt: ForgetReceipt) -> None:
    if receipt.remaining:
        left = ", ".join(f"{number} in {name}" for name, number in receipt.remaining.items())
        notice("Something is left", left, colour="red", sign="alert")
    else:
        notice("Nothing is left", "It was counted after the removal.", colour="teal", sign="check")
    with tag("dl", css="facts"):
        for name, number in receipt.removed.items():
            tag("dt", words.plain(name))
            tag("dd", f"{number:,}")
        tag("dt", "Bytes overwritten")
        tag("dd", "yes" if receipt.erased else "as soon as nobody reads the file")
        tag("dt", "Receipt")
        with tag("dd"):
            tag("code", receipt.receipt_id)
    with tag("div", css="dialog-foot"):
        link("To the twins", "twins", css="btn primary")
