"""Every dead letter at once: found first, then handled one by one, with a bar at a terminal.

Those that come while this works are left alone, so what is retried and fails at once is not taken up again.
"""

import asyncio
import sys
from http import HTTPStatus
from typing import Any, Final

from folkmoot.cli.connection import Caller, RefusedError, with_workplace

_PATH: Final = "/api/agents/messages/dead-letters"
_PATIENCE_SECONDS: Final = 2.0


def retry_all(agent: str | None, *, quiet: bool) -> dict[str, Any]:
    """Queue them again; see `_each` for the answer."""
    return with_workplace(lambda caller: _each(caller, agent, "POST", "/retry", "again", quiet=quiet))


def drop_all(agent: str | None, *, quiet: bool) -> dict[str, Any]:
    """Delete them; see `_each` for the answer."""
    return with_workplace(lambda caller: _each(caller, agent, "DELETE", "", "dropping", quiet=quiet))


async def _each(caller: Caller, agent: str | None, method: str, act: str, said: str, *, quiet: bool) -> dict[str, Any]:
    """`{done, gone, refused: [{message_id, error}]}`; gone is what somebody else took meanwhile."""
    from rich.console import Console
    from rich.progress import Progress

    letters = await _all(caller, agent)
    outcome: dict[str, Any] = {"done": 0, "gone": 0, "refused": []}
    hidden = quiet or not sys.stderr.isatty()
    with Progress(console=Console(stderr=True), transient=True, disable=hidden) as bars:
        for letter in bars.track(letters, description=said):
            try:
                await _patiently(caller, method, f"{_PATH}/{letter}{act}")
            except RefusedError as error:
                if error.fields.get("status") == HTTPStatus.NOT_FOUND:
                    outcome["gone"] += 1
                else:
                    outcome["refused"].append({"message_id": letter, "error": error.message})
            else:
                outcome["done"] += 1
    return outcome


async def _all(caller: Caller, agent: str | None) -> list[str]:
    found: dict[str, None] = {}  # a letter that comes between two pages moves the others on: each counts once
    query: dict[str, Any] = {"limit": 500} | ({"agent_id": agent} if agent else {})
    cursor: str | None = "0"
    while cursor is not None:
        page = await caller.call("GET", _PATH, params={**query, "cursor": cursor})
        found |= dict.fromkeys(one["message"]["message_id"] for one in page["items"])
        cursor = page["next"]
    return list(found)


async def _patiently(caller: Caller, method: str, path: str) -> None:
    while True:
        try:
            await caller.call(method, path)
        except RefusedError as error:
            # So many come faster than a server takes requests; for a full mailbox nobody knows how long to wait.
            problem = error.fields.get("problem")
            full = isinstance(problem, dict) and str(problem.get("type", "")).endswith("/mailbox_full")
            if full or error.fields.get("status") != HTTPStatus.TOO_MANY_REQUESTS:
                raise
        else:
            return
        await asyncio.sleep(_PATIENCE_SECONDS)
