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
def account(server: Served, *, role: str = "member", **fields: Any) -> Iterator[Account]:
    """A new account, signed in by name and password; removed afterwards."""
    name = f"{role} {uuid.uuid4().hex[:8]}"
    with server.client() as admin:
        made = admin.post("/api/users", json={"name": name, "role": role, "password": PASSWORD, **fields})
        user_id = made.raise_for_status().json()["user_id"]
        signed = admin.post("/api/auth/token", json={"name": name, "password": PASSWORD}).raise_for_status().json()
        with server.client(token=signed["access_token"]) as client:
            yield Account(user_id=user_id, name=name, client=client)
        admin.delete(f"/api/users/{user_id}")
