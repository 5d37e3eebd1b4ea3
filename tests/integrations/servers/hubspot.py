"""HubSpot's CRM as far as the client speaks to it, and as strict: scopes, unknown properties, unique values, pages."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.integrations.servers.wire import Answer, Asked, WireServer

TOKEN = "pat-eu1-0f6d2b1c-TEST-only"
ALL_SCOPES = frozenset(
    {
        "crm.objects.contacts.read",
        "crm.objects.contacts.write",
        "crm.objects.deals.read",
        "crm.objects.deals.write",
        "crm.schemas.deals.write",
    }
)
STANDARD = {
    "contacts": {"email", "firstname", "lastname", "company", "phone", "lifecyclestage", "createdate"},
    "deals": {"dealname", "pipeline", "dealstage", "description", "amount"},
    "notes": {"hs_timestamp", "hs_note_body", "hubspot_owner_id"},
}
UNIQUE = {"contacts": {"email"}, "deals": set[str](), "notes": set[str]()}
STAGES = {("sales", "first-call"), ("sales", "won"), ("renewals", "r1")}
TYPES = {("deals", 3): "contacts", ("notes", 202): "contacts", ("notes", 214): "deals"}


@dataclass
class Record:
    id: str
    properties: dict[str, str]
    to: set[tuple[str, str]] = field(default_factory=set)


class HubSpotServer(WireServer):
    """`records` by object; `page` is how many a page holds at most."""

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[str, dict[str, Record]] = {name: {} for name in STANDARD}
        self.properties = {name: set(known) for name, known in STANDARD.items()}
        self.unique = {name: set(known) for name, known in UNIQUE.items()}
        self.scopes = set(ALL_SCOPES)
        self.page = 100
        self._next = 1000

    def made(self, name: str) -> list[Record]:
        return list(self.records[name].values())

    def add(self, name: str, **properties: str) -> Record:
        self._next += 1
        record = Record(id=str(self._next), properties=properties)
        self.records[name][record.id] = record
        return record

    async def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            shown = asked.headers.get("authorization", "")
            return _no(401, f"Authentication credentials not found: {shown}", "INVALID_AUTHENTICATION")
        routes: list[tuple[str, str, Callable[..., Answer]]] = [
            ("GET", r"/crm/v3/properties/deals/(\w+)", self._property),
            ("POST", r"/crm/v3/properties/deals", self._add_property),
            ("GET", r"/crm/v3/pipelines/deals", self._pipelines),
            ("POST", r"/crm/v3/objects/(notes)/batch/read", self._batch_read),
            ("GET", r"/crm/v4/objects/(contacts)/(\d+)/associations/(notes)", self._associated),
            ("GET", r"/crm/v3/objects/(contacts|deals)", self._list),
            ("POST", r"/crm/v3/objects/(contacts|deals|notes)", self._create),
            ("GET", r"/crm/v3/objects/(contacts|deals)/([^/]+)", self._get),
            ("PATCH", r"/crm/v3/objects/(contacts)/([^/]+)", self._update),
        ]
        for method, path, act in routes:
            if asked.method == method and (found := re.fullmatch(path, asked.path)):
                return act(asked, *found.groups())
        return _no(404, "resource not found", "OBJECT_NOT_FOUND")

    def _needs(self, name: str, what: str) -> Answer | None:
        scope = f"crm.objects.{'contacts' if name == 'notes' else name}.{what}"
        return None if scope in self.scopes else _no(403, f"This app hasn't been granted {scope}", "MISSING_SCOPES")

    def _property(self, _asked: Asked, name: str) -> Answer:
        if name not in self.properties["deals"]:
            return _no(404, f"Property {name} does not exist", "OBJECT_NOT_FOUND")
        return Answer(data={"name": name, "type": "string", "hasUniqueValue": name in self.unique["deals"]})

    def _add_property(self, asked: Asked) -> Answer:
        if "crm.schemas.deals.write" not in self.scopes:
            return _no(403, "This app hasn't been granted crm.schemas.deals.write", "MISSING_SCOPES")
        body = asked.data
        for wanted in ("name", "label", "groupName", "type", "fieldType"):
            if not body.get(wanted):
                return _no(400, f"{wanted} must be set", "VALIDATION_ERROR")
        if body["name"] in self.properties["deals"]:
            return _no(409, "Property already exists", "CONFLICT")
        self.properties["deals"].add(body["name"])
        if body.get("hasUniqueValue"):
            self.unique["deals"].add(body["name"])
        return Answer(status=201, data=body)

    def _pipelines(self, _asked: Asked) -> Answer:
        found = [
            {"id": "old", "displayOrder": 0, "archived": True, "stages": []},
            {"id": "renewals", "displayOrder": 2, "archived": False, "stages": [{"id": "r1", "displayOrder": 0}]},
            {
                "id": "sales",
                "displayOrder": 1,
                "archived": False,
                "stages": [{"id": "won", "displayOrder": 5}, {"id": "first-call", "displayOrder": 0}],
            },
        ]
        return Answer(data={"results": found})

    def _list(self, asked: Asked, name: str) -> Answer:
        if refused := self._needs(name, "read"):
            return refused
        return self._paged(asked, [self._shown(one, asked) for one in self.made(name)])

    def _associated(self, asked: Asked, name: str, own_id: str, other: str) -> Answer:
        if own_id not in self.records[name]:
            return _no(404, "resource not found", "OBJECT_NOT_FOUND")
        found = [one for one in self.made(other) if (name, own_id) in one.to]
        return self._paged(asked, [{"toObjectId": int(one.id), "associationTypes": []} for one in found])

    def _paged(self, asked: Asked, everything: list[dict[str, Any]]) -> Answer:
        size = min(int(asked.query.get("limit", "10")), self.page)
        start = int(asked.query.get("after", "0"))
        data: dict[str, Any] = {"results": everything[start : start + size]}
        if start + size < len(everything):
            data["paging"] = {"next": {"after": str(start + size), "link": "https://api.hubapi.com/..."}}
        return Answer(data=data)

    def _batch_read(self, asked: Asked, name: str) -> Answer:
        inputs = asked.data["inputs"]
        if not 0 < len(inputs) <= 100:
            return _no(400, "between 1 and 100 inputs", "VALIDATION_ERROR")
        found = [self.records[name][one["id"]] for one in inputs if one["id"] in self.records[name]]
        return Answer(data={"status": "COMPLETE", "results": [self._shown(one, asked) for one in found]})

    def _get(self, asked: Asked, name: str, value: str) -> Answer:
        if refused := self._needs(name, "read"):
            return refused
        found = self._find(asked, name, value)
        return found if isinstance(found, Answer) else Answer(data=self._shown(found, asked))

    def _update(self, asked: Asked, name: str, value: str) -> Answer:
        found = self._find(asked, name, value)
        if isinstance(found, Answer):
            return found
        properties = asked.data["properties"]
        if wrong := self._wrong(name, properties, but=found.id):
            return wrong
        found.properties |= properties
        return Answer(data=self._shown(found, asked))

    def _find(self, asked: Asked, name: str, value: str) -> Record | Answer:
        by = asked.query.get("idProperty")
        if by is None:
            found = self.records[name].get(value)
        elif by not in self.unique[name]:
            return _no(400, f"Property {by} is not a unique property", "VALIDATION_ERROR")
        else:
            same = (one for one in self.made(name) if one.properties.get(by, "").lower() == value.lower())
            found = next(same, None)
        return found or _no(404, "resource not found", "OBJECT_NOT_FOUND")

    def _create(self, asked: Asked, name: str) -> Answer:
        if refused := self._needs(name, "write"):
            return refused
        body = asked.data
        if wrong := self._wrong(name, body["properties"]) or _lacking(name, body["properties"]):
            return wrong
        to: set[tuple[str, str]] = set()
        for one in body.get("associations", []):
            for kind in one["types"]:
                other = TYPES.get((name, kind["associationTypeId"]))
                if kind["associationCategory"] != "HUBSPOT_DEFINED" or other is None:
                    return _no(400, "unknown association type", "VALIDATION_ERROR")
                if one["to"]["id"] not in self.records[other]:
                    return _no(404, f"no {other} {one['to']['id']}", "OBJECT_NOT_FOUND")
                to.add((other, one["to"]["id"]))
        record = self.add(name, **body["properties"])
        record.to = to
        return Answer(status=201, data=self._shown(record, asked))

    def _wrong(self, name: str, properties: dict[str, Any], *, but: str = "") -> Answer | None:
        for key, value in properties.items():
            if key not in self.properties[name]:
                return _no(400, f'Property "{key}" does not exist', "VALIDATION_ERROR")
            if not isinstance(value, str):
                return _no(400, f"{key} is no string", "VALIDATION_ERROR")
            taken = next((one for one in self.made(name) if one.properties.get(key) == value and one.id != but), None)
            if key in self.unique[name] and taken is not None:
                if key == "email":
                    return _no(409, f"Contact already exists. Existing ID: {taken.id}", "CONFLICT")
                detail = f'[{{"message":"{value} already has that value.","error":"CONFLICTING_UNIQUE_VALUE"}}]'
                return _no(400, f"Property values were not valid: {detail}", "VALIDATION_ERROR")
        return None

    def _shown(self, record: Record, asked: Asked) -> dict[str, Any]:
        wanted = asked.query.get("properties", "").split(",")
        if asked.method == "POST" and asked.path.endswith("/read"):
            wanted = asked.data["properties"]
        shown = {name: record.properties.get(name) for name in wanted if name}
        return {"id": record.id, "properties": shown, "createdAt": "2026-01-05T09:00:00Z", "archived": False}


def _lacking(name: str, properties: dict[str, str]) -> Answer | None:
    if name == "deals" and (properties.get("pipeline"), properties.get("dealstage")) not in STAGES:
        return _no(400, "dealstage was not one of the allowed options", "VALIDATION_ERROR")
    if name == "notes" and "hs_timestamp" not in properties:
        return _no(400, "hs_timestamp is required", "VALIDATION_ERROR")
    return None


def _no(status: int, message: str, category: str) -> Answer:
    correlation = "a43683b0-5717-4ceb-80b4-104d02915d8c"
    return Answer(
        status=status,
        data={"status": "error", "message": message, "correlationId": correlation, "category": category},
    )
