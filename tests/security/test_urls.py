"""What the URL guard lets through, and what it refuses, judged without a network."""

import re
from collections.abc import Sequence

import pytest

from folkmoot.security.errors import UnknownHostError, UrlForbiddenError
from folkmoot.security.networks import AllowedHosts, as_address, is_public
from folkmoot.security.urls import UrlGuard

PUBLIC = "93.184.216.34"


def guard(*allowed: str, **names: Sequence[str]) -> UrlGuard:
    """A guard whose name server knows `names` (dots as underscores) and no others."""

    async def resolve(host: str, _port: int) -> Sequence[str]:
        return names.get(host.replace(".", "_"), ())

    return UrlGuard(allowed=allowed, resolver=resolve)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.8.9.1:8000/",
        "http://10.1.2.3/",
        "http://172.31.0.1/",
        "http://192.168.1.1/",
        "http://100.64.0.1/",
        "http://100.100.100.200/latest/meta-data",
        "http://169.254.169.254/latest/meta-data",
        "http://168.63.129.16/machine",
        "http://0.0.0.0/",
        "http://0.1.2.3/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://192.88.99.1/",
        "http://198.18.0.1/",
        "http://[::1]/",
        "http://[::]/",
        "http://[fe80::1]/",
        "http://[fd00:ec2::254]/",
        "http://[ff02::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:93.184.216.34]/",
        "http://[::127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[64:ff9b::5db8:d822]/",
        "http://[64:ff9b:1::1]/",
        "http://[2002:7f00:1::]/",
        "http://[2001:0:1::1]/",
        "http://[2001:db8::1]/",
    ],
)
async def test_addresses_that_are_not_public_are_refused(url: str) -> None:
    with pytest.raises(UrlForbiddenError, match=r"not on the public network.*ALLOWED_HOSTS_OUT="):
        await guard().check(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://1.2.3.4.5/",
        "http://127.0.0.1./",
        "http://evil.0x7f/",
        "http://[fe80::1%25eth0]/",
        "ftp://files.example/",
        "file:///etc/passwd",
        "gopher://files.example/",
        "javascript:alert(1)",
        "//site.example/",
        "site.example",
        "http://",
        "http:///path",
        "http://user@site.example/",
        "http://user:word@site.example/",
        "http://site.example\\@127.0.0.1/",
        "http://site.example/ x",
        "http://site.example\n/",
        "http://site.example:99999/",
        "http://site.example:0/",
        "http://site.example:22/",
        "http://site.example:25/",
        "http://" + "a" * 5000,
        "",
    ],
)
async def test_urls_that_look_wrong_are_refused(url: str) -> None:
    with pytest.raises(UrlForbiddenError):
        await guard(site_example=[PUBLIC], files_example=[PUBLIC]).check(url)


@pytest.mark.parametrize(
    "url",
    [
        f"http://{PUBLIC}/",
        "https://[2606:2800:220:1:248:1893:25c8:1946]/",
        "https://site.example/path?query=1#part",
        "HTTPS://Site.Example/",
        "https://site.example./",
        "https://site.example:8443/",
        "https://bücher.example/",
    ],
)
async def test_public_addresses_pass(url: str) -> None:
    known = {"site_example": [PUBLIC], "xn--bcher-kva_example": [PUBLIC]}
    await guard(**known).check(url)


async def test_a_name_with_one_address_inside_is_refused_whole() -> None:
    with pytest.raises(UrlForbiddenError, match=r"'site.example' \(10.0.0.5\)"):
        await guard(site_example=[PUBLIC, "10.0.0.5"]).check("https://site.example/")


async def test_an_address_with_a_zone_is_refused() -> None:
    with pytest.raises(UrlForbiddenError):
        await guard(site_example=["2606:2800:220:1::1%eth0"]).check("https://site.example/")


async def test_a_name_that_nobody_knows_is_said_to_be_unknown() -> None:
    with pytest.raises(UnknownHostError, match=r"no name server knows 'nowhere.example'"):
        await guard().check("https://nowhere.example/")


async def test_a_failing_name_server_counts_as_unknown() -> None:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        raise OSError("no route")

    with pytest.raises(UnknownHostError):
        await UrlGuard(resolver=resolve).check("https://site.example/")


@pytest.mark.parametrize(
    ("entry", "url", "opened"),
    [
        ("crm.internal", "http://crm.internal/", True),
        ("crm.internal", "http://CRM.internal.:8080/", True),
        ("crm.internal", "http://crm.internal:25/", True),
        ("crm.internal:8080", "http://crm.internal:8080/", True),
        ("crm.internal:8080", "http://crm.internal:8081/", False),
        ("crm.internal", "http://10.0.0.5/", False),
        ("crm.internal", "http://deep.crm.internal/", False),
        ("*.crm.internal", "http://deep.crm.internal/", True),
        ("*.internal", "http://internal/", False),
        ("10.0.0.0/8", "http://crm.internal/", True),
        ("10.0.0.5", "http://10.0.0.5/", True),
        ("10.0.0.5:9000", "http://10.0.0.5:9001/", False),
        ("10.0.0.0/8", "http://192.168.0.1/", False),
        ("::1", "http://[::1]:9000/", True),
        ("[::1]:9000", "http://[::1]:9000/", True),
        ("[::1]:9000", "http://[::1]:9001/", False),
        ("fd00::/8", "http://[fd12::1]/", True),
        ("metadata.internal", "http://metadata.internal/", False),
        ("169.254.169.254", "http://metadata.internal/", True),
    ],
)
async def test_the_operator_opens_hosts_inside(entry: str, url: str, opened: bool) -> None:
    inside = {
        "crm_internal": ["10.0.0.5"],
        "deep_crm_internal": ["10.0.0.6"],
        "internal": ["10.0.0.7"],
        "metadata_internal": ["169.254.169.254"],
    }
    judge = guard(entry, **inside)
    if opened:
        await judge.check(url)
        return
    with pytest.raises(UrlForbiddenError):
        await judge.check(url)


@pytest.mark.parametrize(
    "entry", ["http://crm.internal", "a b", "crm.internal:0", "crm.internal:x", "*", "10.0.0.0/99"]
)
def test_a_wrong_entry_of_the_list_is_said(entry: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"'{entry}'")):
        AllowedHosts([entry])


async def test_websockets_have_schemes_of_their_own() -> None:
    judge = guard(site_example=[PUBLIC])
    await judge.check_socket("wss://site.example/feed")
    with pytest.raises(UrlForbiddenError, match="ws:// or wss://"):
        await judge.check_socket("https://site.example/feed")
    with pytest.raises(UrlForbiddenError, match="http:// or https://"):
        await judge.check("wss://site.example/feed")


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2a00:1450:4001:810::200e"])
def test_well_known_public_addresses_are_public(address: str) -> None:
    found = as_address(address)
    assert found is not None
    assert is_public(found)
