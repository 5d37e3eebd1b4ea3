"""Every kind of Redis that a URL may mean, really there: locked, over TLS, watched by a Sentinel, a Cluster."""

from collections.abc import AsyncIterator, Callable

import pytest
from redis.asyncio import RedisCluster
from redis.exceptions import RedisError

from folkmoot.link import Keys, Link, LinkDownError, Place
from tests.redis_server import running_redis
from tests.redis_sets import ClusteredRedis, EncryptedRedis, watched_redis
from tests.waiting import wait_until

KEYS = Keys()
MOVE = "redis.call('SET', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[2])"


@pytest.fixture
async def linked() -> AsyncIterator[Callable[..., Link]]:
    """Makes links, and closes them."""
    made: list[Link] = []

    def link(url: str, password: str | None = None) -> Link:
        made.append(Link(Place.of(url, password=password), patience=0.5))
        return made[-1]

    yield link
    for one in made:
        await one.close()


async def takes(link: Link, key: str, value: str) -> bool:
    """Whether it takes a value now."""
    try:
        with link.faults():
            return bool(await link.client.set(key, value))
    except LinkDownError:
        return False


async def test_a_password_opens_and_is_never_shown(linked: Callable[..., Link]) -> None:
    with running_redis("--requirepass", "s3cret") as server:
        await linked(f"redis://:s3cret@127.0.0.1:{server.port}").ping()
        await linked(server.url, password="s3cret").ping()
        for wrong in (linked(server.url), linked(server.url, password="another")):
            with pytest.raises(LinkDownError) as caught:
                await wrong.ping()
            assert "another" not in caught.value.message


async def test_a_link_comes_back_when_redis_does(linked: Callable[..., Link]) -> None:
    with running_redis("--appendonly", "yes", "--appendfsync", "always") as server:
        link = linked(server.url)
        assert await takes(link, "a", "1")
        server.kill()
        with pytest.raises(LinkDownError, match="does not answer"):
            await link.ping()
        server.start()
        await link.ping()
        assert await link.client.get("a") == b"1"


async def test_tls_is_spoken_and_the_certificate_looked_at(
    linked: Callable[..., Link], redis_over_tls: EncryptedRedis
) -> None:
    await linked(redis_over_tls.url).ping()
    by_address = f"rediss://127.0.0.1:{redis_over_tls.server.port}/0?ssl_ca_certs={redis_over_tls.ca}"
    await linked(by_address).ping()
    strangers = linked(redis_over_tls.url.partition("?")[0])
    with pytest.raises(LinkDownError, match=r"(?i)certificate"):
        await strangers.ping()
    with pytest.raises(LinkDownError):
        await linked(redis_over_tls.server.url).ping()


async def test_a_failover_moves_the_link_to_the_new_primary(linked: Callable[..., Link]) -> None:
    with watched_redis() as watched:
        link = linked(watched.url)
        assert await takes(link, "a", "1")
        with link.faults():
            await link.client.execute_command("WAIT", 1, 1000)
        watched.primary.kill()
        await wait_until(lambda: takes(link, "b", "2"), seconds=20)
        new = linked(watched.replica.url)
        assert [await new.client.get(key) for key in ("a", "b")] == [b"1", b"2"]


async def test_a_mailbox_lies_on_one_node_and_mailboxes_on_all(
    linked: Callable[..., Link], redis_cluster: ClusteredRedis
) -> None:
    link = linked(redis_cluster.url)
    client = link.client
    assert isinstance(client, RedisCluster)
    await link.ping()
    move = link.script(MOVE)
    nodes: set[str] = set()
    for agent_id in ("alice", "bob", "twin.mira", "{odd}", "helios", "sarah"):
        first, second = KEYS.mailbox(agent_id, "urgent"), KEYS.mailbox(agent_id, "normal")
        await client.set(second, agent_id)
        assert await move(keys=[first, second], args=["x"]) == agent_id.encode()
        async with client.pipeline(transaction=True) as both:
            both.set(first, "y")
            both.get(second)
            assert await both.execute() == [True, agent_id.encode()]
        node = client.get_node_from_key(first)
        assert node is not None
        nodes.add(node.name)
    assert len(nodes) == 3


async def test_a_script_over_two_mailboxes_is_refused_as_a_fault(
    linked: Callable[..., Link], redis_cluster: ClusteredRedis
) -> None:
    link = linked(redis_cluster.url)
    with pytest.raises((LinkDownError, RedisError)), link.faults():
        await link.script(MOVE)(keys=[KEYS.mailbox("alice", "a"), KEYS.mailbox("bob", "a")], args=["x"])


async def test_a_node_that_is_gone_and_back_is_found_again(
    linked: Callable[..., Link], redis_cluster: ClusteredRedis
) -> None:
    link = linked(redis_cluster.url)
    client = link.client
    assert isinstance(client, RedisCluster)
    key = KEYS.mailbox("alice", "kept")
    assert await takes(link, key, "1")
    found = client.get_node_from_key(key)
    assert found is not None
    node = next(one for one in redis_cluster.nodes if one.port == found.port)
    node.kill()
    try:
        with pytest.raises(LinkDownError), link.faults():
            await client.set(key, "2")
    finally:
        node.start()
    await wait_until(lambda: takes(link, key, "3"), seconds=20)
    assert await client.get(key) == b"3"
