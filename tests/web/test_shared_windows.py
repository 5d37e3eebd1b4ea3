"""Rates of several servers, counted in one Redis."""

from limits.aio.strategies import MovingWindowRateLimiter

from folkmoot.kernel import SystemClock
from folkmoot.link import Link, Place
from folkmoot.web.rates import rate
from folkmoot.web.shared_windows import SharedWindows
from folkmoot.web.windows import ProcessWindows
from tests.redis_server import running_redis
from tests.redis_sets import ClusteredRedis

RATE = rate("2/minute")


def server(link: Link) -> MovingWindowRateLimiter:
    clock = SystemClock()
    own = ProcessWindows(now=lambda: clock.now().timestamp())
    return MovingWindowRateLimiter(SharedWindows(link, prefix="folkmoot:house:rates", own=own, clock=clock))


async def asked(limiter: MovingWindowRateLimiter, who: str) -> bool:
    assert RATE is not None
    return await limiter.hit(RATE, who, "reading /api/tasks")


async def test_what_one_server_took_the_other_counts(redis_url: str) -> None:
    link = Link(Place.of(redis_url))
    one, other = server(link), server(link)
    assert [await asked(one, "una"), await asked(other, "una"), await asked(one, "una")] == [True, True, False]
    assert await asked(other, "ben")
    assert RATE is not None
    stats = await other.get_window_stats(RATE, "una", "reading /api/tasks")
    assert stats.remaining == 0
    assert 55 < stats.reset_time - SystemClock().now().timestamp() <= 60
    assert [await link.client.ttl(key) > 0 for key in await link.client.keys("folkmoot:*")] == [True, True]
    await link.close()


async def test_it_counts_in_a_cluster_too(redis_cluster: ClusteredRedis) -> None:
    link = Link(Place.of(redis_cluster.url))
    one, other = server(link), server(link)
    assert [await asked(one, "rae"), await asked(other, "rae"), await asked(one, "rae")] == [True, True, False]
    await link.close()


async def test_without_redis_each_server_counts_for_itself() -> None:
    with running_redis() as redis:
        link = Link(Place.of(redis.url), patience=0.5, repeats=0)
        one, other = server(link), server(link)
        assert await asked(one, "una")
        redis.kill()
        assert [await asked(one, "una") for _ in range(3)] == [True, True, False]
        assert await asked(other, "una")
    await link.close()
