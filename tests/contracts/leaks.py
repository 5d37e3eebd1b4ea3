"""Every key that the broker leaves in Redis goes by itself, or has an owner that will remove it."""

import re
from typing import Any, Final

from folkmoot.link import Link, Place

_MAIL: Final = re.compile(r"folkmoot:mail:\{([^}]*)\}:(.*)", re.DOTALL)
_HOUSE: Final = re.compile(r"folkmoot:house:(.*)", re.DOTALL)
_ONE_EACH: Final = {"timers", "mailboxes", "{new}:list", "{new}:parts"}
_PARTS: Final = re.compile(r"s:[0-3]|q:[0-3]:.*|ready:[0-3]|lanes|later|expiry|settled|dead|meta", re.DOTALL)


async def leaked(url: str) -> list[str]:
    """Keys without an expiry and without an owner."""
    link = Link(Place.of(url))
    client: Any = link.client
    try:
        mailboxes = {name.decode() for name in await client.smembers("folkmoot:house:mailboxes")}
        keys = [key.decode() async for key in client.scan_iter(count=1000)]
        return [key for key in keys if await client.ttl(key) == -1 and not await _owned(client, key, mailboxes)]
    finally:
        await link.close()


async def _owned(client: Any, key: str, mailboxes: set[str]) -> bool:
    mail, house = _MAIL.fullmatch(key), _HOUSE.fullmatch(key)
    if mail is not None:
        agent, part = mail.groups()
        if agent not in mailboxes:
            return False
        return await _record_is_owned(client, agent, part) if part.startswith("m:") else bool(_PARTS.fullmatch(part))
    if house is None:
        return False
    name = house.group(1)
    if name.startswith("id:"):
        agent = (await client.get(key)).decode()
        return bool(await client.exists(f"folkmoot:mail:{{{agent}}}:m:{name.removeprefix('id:')}"))
    if name.startswith("list:"):
        members = [member.decode().split(" ", 1) for member in await client.zrange(key, 0, -1)]
        return all([await client.exists(f"folkmoot:mail:{{{agent}}}:m:{one}") for agent, one in members])
    return name in _ONE_EACH


async def _record_is_owned(client: Any, agent: str, part: str) -> bool:
    """What ended stands in the row of what ended, what waits in a stream."""
    base, message_id = f"folkmoot:mail:{{{agent}}}:", part.removeprefix("m:")
    status, where = await client.hmget(f"{base}{part}", "st", "l")
    if status == b"dead":
        return await client.zscore(f"{base}dead", message_id) is not None
    if status is not None:
        return await client.lpos(f"{base}settled", message_id) is not None
    entry, _, lane = where.decode().partition(" ")
    return bool(await client.xrange(f"{base}s:{lane[0]}", entry, entry))
