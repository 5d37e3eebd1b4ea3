"""Where Redis is, as people write it."""

import pytest

from folkmoot.link import BadRedisUrlError, Link, LinkDownError, Place


def test_one_server() -> None:
    place = Place.of("redis://:s3cret@cache.example:7000/2")
    assert (place.kind, place.hosts, place.db, place.password) == ("server", (("cache.example", 7000),), 2, "s3cret")
    assert "s3cret" not in f"{place} {place!r}"


def test_what_the_url_leaves_open_is_said_beside_it() -> None:
    place = Place.of("rediss://cache.example", password="beside", db=3)
    assert (place.encrypted, place.hosts, place.db, place.password) == (True, (("cache.example", 6379),), 3, "beside")
    assert Place.of("redis://:inside@h/1", password="beside", db=3).password == "inside"


def test_sentinels_and_clusters_have_several_hosts() -> None:
    watched = Place.of("redis+sentinel://u:p@a:1,b,[::1]:3/main/4")
    assert (watched.kind, watched.primary, watched.db, watched.username) == ("sentinel", "main", 4, "u")
    assert watched.hosts == (("a", 1), ("b", 26379), ("::1", 3))
    spread = Place.of("rediss+cluster://a:1,b?ssl_ca_certs=/ca.pem&ssl_check_hostname=no")
    assert (spread.kind, spread.hosts) == ("cluster", (("a", 1), ("b", 6379)))
    assert spread.tls == {"ssl_ca_certs": "/ca.pem", "ssl_check_hostname": False}


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://a", "begins with none of"),
        ("redis://", "names no host"),
        ("redis://a,b", "several hosts"),
        ("redis://a:x", "no host with a port"),
        ("redis://a:70000", "no port"),
        ("redis://a/one", "no number of a database"),
        ("redis+sentinel://a", "name of the primary"),
        ("redis+cluster://a/1", "one database"),
        ("redis://a?colour=red", "no option"),
    ],
)
def test_what_is_no_address_is_refused_with_an_example(url: str, said: str) -> None:
    with pytest.raises(BadRedisUrlError, match=said) as caught:
        Place.of(url)
    assert "redis://localhost:6379/0" in caught.value.message


async def test_a_server_that_answers_and_one_that_does_not(redis_url: str) -> None:
    link = Link(Place.of(redis_url))
    await link.ping()
    await link.close()
    nobody = Link(Place.of("redis://127.0.0.1:1"))
    with pytest.raises(LinkDownError, match="REDIS_URL"):
        await nobody.ping()
    await nobody.close()
