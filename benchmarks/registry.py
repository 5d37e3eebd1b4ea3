"""What it takes to find agents by role, department, capability and intent among 10,000, in a registry on Redis.

The peer is the least that gives the same: `SINTER` of the same sets, then one pipeline of `HGET` for what it found, on
the same Redis in the same run; it decodes nothing, knows no presence and checks nothing. Rounds alternate, so that a
busy machine is busy for both. `python benchmarks/registry.py` prints the result as JSON.
"""

import asyncio
import json
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from folkmoot.kernel import SystemClock
from folkmoot.link import Keys, Link, Place
from folkmoot.registry import AgentInfo
from folkmoot.registry.on_redis import RedisRegistry
from tests.redis_server import running_redis

AGENTS = 10_000
ROLES = 500
DEPARTMENTS = 20
CAPABILITIES = 200
INTENTS = ("consult", "negotiate", "request_knowledge", "request_review", "chat")
QUERIES = 600
BEATS = 20
AT_ONCE = 50
Filters = dict[str, Any]


def agents(chance: random.Random) -> list[AgentInfo]:
    """A large house: roles of 20 agents each, departments of 500, three capabilities each."""
    return [
        AgentInfo(
            agent_id=f"agent-{number}",
            name=f"Agent {number}",
            role=f"Role {number % ROLES}",
            department=f"Department {number % DEPARTMENTS}",
            capabilities={f"skill-{chance.randrange(CAPABILITIES)}": 0.8 for _ in range(3)},
            supported_intents=tuple(chance.sample(INTENTS, 3)),
        )
        for number in range(AGENTS)
    ]


def queries(chance: random.Random) -> list[Filters]:
    """Selective filters, as addresses and consultations use them: they leave some 1 to 30 agents."""
    kinds: list[Callable[[], Filters]] = [
        lambda: {"role": f"role {chance.randrange(ROLES)}"},
        lambda: {"role": f"role {chance.randrange(ROLES)}", "intent": chance.choice(INTENTS)},
        lambda: {
            "department": f"department {chance.randrange(DEPARTMENTS)}",
            "capability": f"skill-{chance.randrange(CAPABILITIES)}",
        },
        lambda: {
            "capability": f"skill-{chance.randrange(CAPABILITIES)}",
            "intent": chance.choice(INTENTS),
            "department": f"department {chance.randrange(DEPARTMENTS)}",
        },
    ]
    return [chance.choice(kinds)() for _ in range(QUERIES)]


async def raw(link: Link, keys: Keys, filters: Filters) -> int:
    """The peer; how many it found."""
    sets = [keys.registry(f"index:{kind}:{name}") for kind, name in filters.items()]
    found: Any = await link.client.sinter(sets)
    pipe = link.client.pipeline(transaction=False)
    for agent_id in found:
        pipe.hget(keys.registry("agents"), agent_id)
    return len(await pipe.execute())


async def timed(act: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    await act()
    return (time.perf_counter() - began) * 1000


def p95(values: Sequence[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(values, n=20)[-1]


async def fill(registry: RedisRegistry, infos: Sequence[AgentInfo]) -> float:
    """Register them all, some at a time; seconds."""
    began = time.perf_counter()
    for start in range(0, len(infos), AT_ONCE):
        await asyncio.gather(*(registry.register(info) for info in infos[start : start + AT_ONCE]))
    return time.perf_counter() - began


async def measured(url: str) -> dict[str, Any]:
    """All figures, on one Redis."""
    chance = random.Random(4)
    link, keys = Link(Place.of(url)), Keys("bench")
    registry = RedisRegistry(link=link, keys=keys, clock=SystemClock())
    infos = agents(chance)
    filling = await fill(registry, infos)
    beating = [await timed(lambda: registry.heartbeat([one.agent_id for one in infos])) for _ in range(BEATS)]
    ours, peers, online, fitting, sizes = [], [], [], [], []
    for number, filters in enumerate(queries(chance)):
        if number % 100 == 0:  # or they would all be offline by now
            await registry.heartbeat([one.agent_id for one in infos])
        peers.append(await timed(lambda filters=filters: raw(link, keys, filters)))  # type: ignore[misc]  # mypy infers no lambda with a default
        ours.append(await timed(lambda filters=filters: registry.discover(**filters)))  # type: ignore[misc]  # see above
        online.append(await timed(lambda filters=filters: registry.discover(**filters, online_only=True)))  # type: ignore[misc]  # see above
        kind, name = next(iter(filters.items()))
        fitting.append(await timed(lambda at=f"{kind}:{name}": registry.fitting(at, sender="user_1")))  # type: ignore[misc]  # see above
        sizes.append(len(await registry.discover(**filters)))
        assert sizes[-1] == await raw(link, keys, filters)
    allowed = [await timed(lambda: registry.may_address("user_1", "agent-7")) for _ in range(2000)]
    await registry.close()
    await link.close()
    return {
        "agents": AGENTS,
        "found_median": statistics.median(sizes),
        "discover_p95_ms": round(p95(ours), 3),
        "discover_median_ms": round(statistics.median(ours), 3),
        "discover_online_p95_ms": round(p95(online), 3),
        "raw_sinter_hget_p95_ms": round(p95(peers), 3),
        "raw_sinter_hget_median_ms": round(statistics.median(peers), 3),
        "discover_of_raw": round(statistics.median(peers) / statistics.median(ours), 3),
        "fitting_of_up_to_500_p95_ms": round(p95(fitting), 3),
        "may_address_median_us": round(statistics.median(allowed) * 1000, 2),
        "heartbeat_of_all_median_ms": round(statistics.median(beating), 1),
        "register_per_second": round(AGENTS / filling),
    }


async def run() -> dict[str, Any]:
    """See the module's docstring; ratios above 1 are faster than the peer."""
    with running_redis() as server:
        return await measured(server.url)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run()), indent=2))
