"""Consents and twins over REST: nothing without consent, everything gone after it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

CHAT = "\n".join(
    f"{day:02d}/01/2026, 09:{day:02d} - {who}: {text}"
    for day, who, text in [
        (12, "Ada Moss", "I mended the retry of the webhook worker, it swallowed timeouts"),
        (13, "Bo Lund", "thanks! call me at +49 30 901820 when it is live"),
        (14, "Ada Moss", "the ledger agrees again, every refund is booked once"),
        (15, "Bo Lund", "great, Ada"),
        (16, "Ada Moss", "my mail is ada.moss@example.com if the bank asks about IBAN DE89 3704 0044 0532 0130 00"),
    ]
)


def grant(api: httpx.Client, name: str, **changes: Any) -> httpx.Response:
    wanted = {"person": name, "email": "ada@example.com", "platform": "whatsapp", "purposes": ["import", "profile"]}
    return api.post("/api/consents", json=wanted | changes)


def upload(api: httpx.Client, person: str, content: str | bytes = CHAT, **form: str) -> httpx.Response:
    raw = content.encode() if isinstance(content, str) else content
    data = {"author": "Ada Moss", "timezone": "Europe/Berlin", "platform": "whatsapp"} | form
    return api.post(f"/api/twins/{person}/imports", files={"file": ("chat.txt", raw)}, data=data)


def test_an_import_without_consent_is_refused_and_says_how_to_grant_it(api: httpx.Client) -> None:
    answer = upload(api, "Nobody Asked")
    assert answer.status_code == 403
    assert "folkmoot consent grant" in answer.json()["detail"]


def test_a_consent_s_token_is_shown_once(api: httpx.Client) -> None:
    granted = grant(api, "Token Once").json()
    assert granted["token"]
    shown = api.get(f"/api/consents/{granted['consent_id']}").json()
    assert "token" not in shown
    assert granted["token"] not in api.get("/api/consents").text


@pytest.mark.parametrize(
    "changes",
    [
        {"purposes": []},
        {"purposes": ["sell"]},
        {"platform": ""},
        {"email": "not-an-address"},
        {"person": " "},
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"expires_at": "soon"},
    ],
)
def test_a_wrong_consent_is_refused(api: httpx.Client, changes: dict[str, Any]) -> None:
    assert grant(api, "Wrong Consent", **changes).status_code == 422


def test_from_consent_to_profile_and_back_to_nothing(api: httpx.Client) -> None:
    person = "Ada Moss"
    consent_id = grant(api, person).json()["consent_id"]
    result = upload(api, person)
    assert result.status_code == 201, result.text
    done = result.json()
    assert (done["state"], done["own"], done["messages"]) == ("done", 3, 5)
    assert done["redactions"]["email"] == 1
    assert done["redactions"]["iban"] == 1
    assert done["redactions"]["phone"] == 1

    again = upload(api, person).json()
    assert again["messages"] == 0
    assert api.get(f"/api/twins/{person}").json()["own_messages"] == 3

    profile = api.get(f"/api/twins/{person}/profile").json()
    ids = [one for skill in profile["skills"] for one in skill["evidence"]]
    texts = api.get(f"/api/twins/{person}/messages", params={"ids": ",".join(ids)}).json() if ids else []
    assert all("example.com" not in one["text"] for one in texts)

    ended = api.delete(f"/api/consents/{consent_id}").json()
    assert ended["status"] == "revoked"
    assert ended["cleared_at"] is not None
    assert api.get(f"/api/twins/{person}").json()["own_messages"] == 0
    assert api.get(f"/api/twins/{person}/profile").status_code == 404
    assert upload(api, person).status_code == 403


def test_forgetting_answers_a_receipt_and_leaves_nobody(api: httpx.Client) -> None:
    person = "Cy Reed"
    grant(api, person)
    chat = CHAT.replace("Ada Moss", person)
    assert upload(api, person, chat, author=person).status_code == 201
    agent_id = api.get(f"/api/twins/{person}").json()["agent_id"]
    receipt = api.delete(f"/api/twins/{person}").json()
    assert receipt["removed"]["twin_messages"] == 5
    assert receipt["remaining"] == {}
    assert receipt["audit_unlinked"] is True
    assert api.get(f"/api/twins/{person}").status_code == 404
    assert api.get(f"/api/agents/{agent_id}").status_code == 404
    assert api.get("/api/consents", params={"person": person}).json()["total"] == 0


def test_an_expired_consent_counts_at_once(api: httpx.Client) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    consent_id = grant(api, "Short Leave", expires_at=soon).json()["consent_id"]
    while api.get(f"/api/consents/{consent_id}").json()["status"] == "live":
        pass
    answer = upload(api, "Short Leave")
    assert answer.status_code == 403
    assert "expired" in answer.json()["detail"]


AMBIGUOUS = "\n".join(f"0{day}/0{day + 1}/2026, 09:00 - Ada Moss: note {day}" for day in range(1, 4))


@pytest.mark.parametrize(
    ("content", "form", "status", "word"),
    [
        (b"", {}, 422, "empty"),
        (b"\x00\x01\x02" * 400, {}, 422, ""),
        ("just a letter\nwithout any header\n", {}, 422, ""),
        (CHAT, {"platform": "pigeon"}, 422, "pigeon"),
        (CHAT, {"author": "Zed"}, 422, "Ada Moss"),
        (CHAT, {"timezone": "Mars/Base"}, 422, "Mars/Base"),
        (CHAT, {"date_order": "ydm"}, 422, "ydm"),
        (AMBIGUOUS, {}, 422, "dmy"),
    ],
)
def test_a_wrong_export_is_refused_and_nothing_is_kept(
    api: httpx.Client, content: str | bytes, form: dict[str, str], status: int, word: str
) -> None:
    person = "Wrong Files"
    grant(api, person)
    grant(api, person, platform="pigeon")
    answer = upload(api, person, content, **form)
    assert answer.status_code == status, answer.text
    assert word in answer.json()["detail"]
    twin = api.get(f"/api/twins/{person}")
    assert twin.status_code == 404 or twin.json()["messages"] == 0


def test_a_twin_made_by_hand_is_an_agent_that_can_be_given_work(api: httpx.Client) -> None:
    made = api.post("/api/twins", json={"person": "Dee Hall", "email": "dee@example.com", "role": "Gardener"})
    assert made.status_code == 201
    agent_id = made.json()["agent_id"]
    assert api.post("/api/twins", json={"person": "Dee Hall"}).json()["agent_id"] == agent_id
    assert api.get(f"/api/agents/{agent_id}").json()["role"] == "Gardener"
    api.delete("/api/twins/Dee Hall").raise_for_status()


def test_whoever_is_imported_first_becomes_an_agent_at_once(api: httpx.Client) -> None:
    person = "Flo Ebner"
    grant(api, person)
    assert upload(api, person, CHAT.replace("Ada Moss", person), author=person).status_code == 201
    agent_id = api.get(f"/api/twins/{person}").json()["agent_id"]
    assert api.get(f"/api/agents/{agent_id}").json()["status"] == "online"
    api.delete(f"/api/twins/{person}").raise_for_status()
