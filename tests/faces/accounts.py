"""Accounts of tests on the shared server."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from tests.serving import Served

PASSWORD = "four words make one"


@dataclass(frozen=True)
class Account:
    """Somebody with an account, and a client that is theirs."""

    user_id: str
    name: str
    client: httpx.Client


@contextmanager
def account(server: Served, *, role: str = "member", password: bool = False, **fields: Any) -> Iterator[Account]:
    """A new account, removed afterwards; it is entered by a key, or by its password, which takes longer."""
    name = f"{role} {uuid.uuid4().hex[:8]}"
    with server.client() as admin:
        wanted = {"name": name, "role": role, "password": PASSWORD if password else None, **fields}
        user_id = admin.post("/api/users", json=wanted).raise_for_status().json()["user_id"]
        if password:
            signed = admin.post("/api/auth/token", json={"name": name, "password": PASSWORD}).raise_for_status()
            token = signed.json()["access_token"]
        else:
            made = admin.post("/api/keys", json={"name": "theirs", "user_id": user_id}).raise_for_status()
            token = made.json()["key"]
        with server.client(token=token) as client:
            yield Account(user_id=user_id, name=name, client=client)
        admin.delete(f"/api/users/{user_id}")
