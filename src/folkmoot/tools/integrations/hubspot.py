"""HubSpot's CRM by its v3 API, with the token of a private app: contacts, deals, notes and what joins them.

Nothing is made twice: a contact is found by its address, a deal by a property of ours with unique values, a note by a
mark at its end among the notes of the same contact. So a call whose answer is lost may be made again.

The app needs the scopes `crm.objects.contacts.read`, `.write`, `crm.objects.deals.read`, `.write` and
`crm.schemas.deals.write` (for that property, made at the first deal).
"""

import html
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from folkmoot.kernel import Clock, rfc3339
from folkmoot.tools.integrations.calls import Calls
from folkmoot.tools.integrations.dialect import Dialect, Kind
from folkmoot.tools.integrations.errors import (
    OutcomeUnknownError,
    ServiceAnswerInvalidError,
    ServiceConflictError,
    ServiceForbiddenError,
    ServiceNotFoundError,
    ServiceRefusedError,
)
from folkmoot.tools.integrations.keys import BearerKey
from folkmoot.tools.integrations.request import CallRules

SERVICE: Final = "HubSpot"
URL: Final = "https://api.hubapi.com"
KEY_PROPERTY: Final = "folkmoot_key"

_OBJECTS: Final = "/crm/v3/objects"
# What HubSpot calls the standard connections (developers.hubspot.com, associations v4).
_DEAL_TO_CONTACT: Final = 3
_NOTE_TO_CONTACT: Final = 202
_NOTE_TO_DEAL: Final = 214
_LONGEST_NOTE: Final = 60_000
_PAGE: Final = 100
_ATTEMPTS: Final = 3


@dataclass(frozen=True, kw_only=True)
class Saved:
    """A record in the CRM. `new`: it was not there before."""

    id: str
    new: bool


class HubSpotDialect(Dialect):
    """`{"status": "error", "message", "category", "errorType", "policyName"}`; 423 and 477 mean: later."""

    used_up = frozenset({"DAILY"})

    def kind(self, status: int, data: Any) -> Kind:
        if status in {423, 477}:  # a record is locked; an account is being moved
            return Kind.LIMITED
        if status == HTTPStatus.BAD_REQUEST and "CONFLICTING_UNIQUE_VALUE" in self.message(data):
            return Kind.CONFLICT
        return super().kind(status, data)

    def reason(self, data: Any) -> str:
        if not isinstance(data, dict):
            return ""
        found = data.get("policyName") or data.get("category") or data.get("errorType")
        return found if isinstance(found, str) else ""


class HubSpot:
    """One account's CRM. Every method raises `IntegrationError`s."""

    def __init__(self, *, token: str, clock: Clock, url: str = URL, rules: CallRules | None = None) -> None:
        self.calls = Calls(
            service=SERVICE,
            url=url,
            key=BearerKey(token, service=SERVICE),
            clock=clock,
            dialect=HubSpotDialect(),
            rules=rules,
        )
        self._clock = clock
        self._has_key_property = False
        self._first_stage: Mapping[str, str] | None = None

    async def probe(self) -> None:
        """See whether the token opens the contacts."""
        await self.calls.ask("GET", f"{_OBJECTS}/contacts", params={"limit": 1, "properties": "email"})

    async def save_contact(self, email: str, properties: Mapping[str, str], *, at_first: Mapping[str, str]) -> Saved:
        """Change the contact with this address, or make it; `at_first` holds what only a new one gets."""
        known = {name: value for name, value in properties.items() if value}
        changed = await self._change_contact(email, known)
        if changed is not None:
            return Saved(id=changed, new=False)
        body = {"properties": {**known, **at_first, "email": email}}
        try:
            # HubSpot keeps addresses unique: asked twice, the second time is a conflict.
            data = (await self.calls.ask("POST", f"{_OBJECTS}/contacts", json=body, safe=True)).data
            return Saved(id=self.calls.text(data, "id"), new=True)
        except (ServiceConflictError, ServiceAnswerInvalidError):
            changed = await self._change_contact(email, known)
            if changed is None:
                raise  # it belongs to a contact that this token may not see
            return Saved(id=changed, new=False)

    async def contact(self, email: str, *properties: str) -> dict[str, str] | None:
        """The contact's properties and `id`; None if there is no such contact."""
        params = {"idProperty": "email", "properties": ",".join(properties or ("email",))}
        try:
            data = (await self.calls.ask("GET", f"{_OBJECTS}/contacts/{quote(email, safe='')}", params=params)).data
        except ServiceNotFoundError:
            return None
        return {**_texts(data.get("properties")), "id": self.calls.text(data, "id")}

    async def contacts(self, *properties: str) -> AsyncIterator[dict[str, str]]:
        """Every contact, page by page, each with its `id`."""
        params: dict[str, str | int] = {"limit": _PAGE, "properties": ",".join(properties or ("email",))}
        async for one in self._all(f"{_OBJECTS}/contacts", params):
            yield {**_texts(one.get("properties")), "id": str(one.get("id", ""))}

    async def save_deal(self, key: str, properties: Mapping[str, str], *, contact: str) -> Saved:
        """The deal that was made under `key`, or a new one of this contact in the first stage there is."""
        await self._ensure_key_property()
        stage = await self._stage()
        for _ in range(_ATTEMPTS):
            if (found := await self._deal_of(key)) is not None:
                return Saved(id=found, new=False)
            body = {
                "properties": {
                    **{name: value for name, value in properties.items() if value},
                    **stage,
                    KEY_PROPERTY: key,
                },
                "associations": [_association(contact, _DEAL_TO_CONTACT)],
            }
            try:
                data = (await self.calls.ask("POST", f"{_OBJECTS}/deals", json=body)).data
                return Saved(id=self.calls.text(data, "id"), new=True)
            except (OutcomeUnknownError, ServiceConflictError, ServiceAnswerInvalidError):
                continue  # it may be there by now: look
        raise OutcomeUnknownError(
            "HubSpot was asked for a deal several times and it is not there; look for it before asking again",
            service=SERVICE,
        )

    async def add_note(self, key: str, text: str, *, contact: str, deal: str | None = None) -> Saved:
        """The note that was written under `key`, or a new one, on the contact and on the deal."""
        mark = f"[folkmoot {key}]"
        for _ in range(_ATTEMPTS):
            if (found := await self._note_of(contact, mark)) is not None:
                return Saved(id=found, new=False)
            associations = [_association(contact, _NOTE_TO_CONTACT)]
            if deal is not None:
                associations.append(_association(deal, _NOTE_TO_DEAL))
            body = {
                "properties": {
                    "hs_timestamp": rfc3339(self._clock.now()),
                    "hs_note_body": f"{_as_html(text)[:_LONGEST_NOTE]}<br>{mark}",
                },
                "associations": associations,
            }
            try:
                data = (await self.calls.ask("POST", f"{_OBJECTS}/notes", json=body)).data
                return Saved(id=self.calls.text(data, "id"), new=True)
            except (OutcomeUnknownError, ServiceAnswerInvalidError):
                continue
        raise OutcomeUnknownError(
            "HubSpot was asked for a note several times and it is not there; look for it before asking again",
            service=SERVICE,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self.calls.close()

    async def _change_contact(self, email: str, properties: Mapping[str, str]) -> str | None:
        path = f"{_OBJECTS}/contacts/{quote(email, safe='')}"
        try:
            data = (
                await self.calls.ask(
                    "PATCH", path, params={"idProperty": "email"}, json={"properties": dict(properties)}, safe=True
                )
            ).data
        except ServiceNotFoundError:
            return None
        return self.calls.text(data, "id")

    async def _deal_of(self, key: str) -> str | None:
        params = {"idProperty": KEY_PROPERTY, "properties": KEY_PROPERTY}
        try:
            data = (await self.calls.ask("GET", f"{_OBJECTS}/deals/{quote(key, safe='')}", params=params)).data
        except ServiceNotFoundError:
            return None
        return self.calls.text(data, "id")

    async def _stage(self) -> Mapping[str, str]:
        """Where a new deal begins: every account names its own pipelines and stages."""
        if self._first_stage is None:
            data = (await self.calls.ask("GET", "/crm/v3/pipelines/deals")).data
            pipelines = [one for one in self.calls.listed(data, "results") if one.get("archived") is not True]
            pipeline = min(pipelines, key=_place, default={})
            stage = min(self.calls.listed(pipeline, "stages"), key=_place, default={})
            self._first_stage = {
                "pipeline": self.calls.text(pipeline, "id"),
                "dealstage": self.calls.text(stage, "id"),
            }
        return self._first_stage

    async def _note_of(self, contact: str, mark: str) -> str | None:
        """The note with this mark among the contact's."""
        path = f"/crm/v4/objects/contacts/{quote(contact, safe='')}/associations/notes"
        ids = [str(one.get("toObjectId", "")) async for one in self._all(path, {"limit": 500})]
        for start in range(0, len(ids), _PAGE):
            some = ids[start : start + _PAGE]
            body = {"properties": ["hs_note_body"], "inputs": [{"id": one} for one in some]}
            data = (await self.calls.ask("POST", f"{_OBJECTS}/notes/batch/read", json=body, safe=True)).data
            for note in self.calls.listed(data, "results"):
                if mark in _texts(note.get("properties")).get("hs_note_body", ""):
                    return self.calls.text(note, "id")
        return None

    async def _ensure_key_property(self) -> None:
        """See to it that deals have the property by which they are found again."""
        if self._has_key_property:
            return
        path = "/crm/v3/properties/deals"
        try:
            data = (await self.calls.ask("GET", f"{path}/{KEY_PROPERTY}")).data
        except ServiceNotFoundError:
            data = await self._make_key_property(path)
        if data.get("hasUniqueValue") is not True:
            raise ServiceRefusedError(
                f"HubSpot's deals have a property '{KEY_PROPERTY}' that does not require unique values; remove it, "
                "so that it can be made anew",
                service=SERVICE,
            )
        self._has_key_property = True

    async def _make_key_property(self, path: str) -> dict[str, Any]:
        body = {
            "name": KEY_PROPERTY,
            "label": "Folkmoot key",
            "description": "By this the workplace finds a deal that it made, and makes none twice.",
            "groupName": "dealinformation",
            "type": "string",
            "fieldType": "text",
            "hasUniqueValue": True,
        }
        try:
            return (await self.calls.ask("POST", path, json=body, safe=True)).data
        except ServiceConflictError:
            return (await self.calls.ask("GET", f"{path}/{KEY_PROPERTY}")).data
        except ServiceForbiddenError as error:
            raise ServiceForbiddenError(
                "HubSpot does not let the private app make the deal property that keeps deals from being made twice; "
                f"give the app the scope crm.schemas.deals.write, or make a text property '{KEY_PROPERTY}' with unique "
                "values on deals",
                service=SERVICE,
            ) from error

    def _all(self, path: str, params: Mapping[str, str | int]) -> AsyncIterator[dict[str, Any]]:
        return self.calls.pages(path, items="results", after="after", next_page="paging.next.after", params=params)


def _association(to: str, kind: int) -> dict[str, Any]:
    return {
        "to": {"id": to},
        "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": kind}],
    }


def _place(one: Mapping[str, Any]) -> float:
    found = one.get("displayOrder")
    return found if isinstance(found, int | float) else float("inf")


def _texts(properties: Any) -> dict[str, str]:
    found = properties.items() if isinstance(properties, dict) else ()
    return {str(name): value for name, value in found if isinstance(value, str)}


def _as_html(text: str) -> str:
    """HubSpot shows notes as HTML: what somebody else wrote is shown as text."""
    return "<br>".join(html.escape(line) for line in text.splitlines())
