"""What the tests of integrations share besides fixtures."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from folkmoot.kernel import SimulatedClock
from folkmoot.tools.integrations.request import CallRules

# Patient enough for a slow machine: nothing here is meant to time out, but for one test that says so itself.
PATIENT = CallRules(timeout=timedelta(seconds=30), connect=timedelta(seconds=30))


class HastyClock(SimulatedClock):
    """A clock on which every sleep is over at once, and has taken its time. `slept` holds all of them."""

    def __init__(self, start: datetime | None = None) -> None:
        super().__init__(start)
        self.slept: list[timedelta] = []

    async def sleep(self, duration: timedelta) -> None:
        self.slept.append(duration)
        self.advance(duration)
        await asyncio.sleep(0)


def service_account(private_key: str, token_url: str) -> Mapping[str, Any]:
    """A key file as Google gives it."""
    return {
        "type": "service_account",
        "project_id": "acme-project",
        "private_key_id": "key-1",
        "private_key": private_key,
        "client_email": "robot@acme-project.iam.gserviceaccount.com",
        "client_id": "100000000000000000001",
        "token_uri": token_url,
    }


def authorized_user(token_url: str) -> Mapping[str, Any]:
    """Credentials of a person as Google's own tool keeps them."""
    return {
        "type": "authorized_user",
        "client_id": "client",
        "client_secret": "GOCSPX-client-secret-of-tests",
        "refresh_token": "1//refresh-token-of-tests",
        "token_uri": token_url,
    }
