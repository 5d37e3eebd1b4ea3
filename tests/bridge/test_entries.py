"""Bridges in settings and in the workplace file: what is taken, and what is said of what is not."""

from datetime import timedelta

import pytest

from folkmoot.agents.errors import WorkplaceInvalidError
from folkmoot.agents.outside import entries_of
from folkmoot.agents.workplace import parse_workplace
from folkmoot.assembly.bridges import Bridging, opened_by
from folkmoot.assembly.settings import WrongSettingError, load_settings
from folkmoot.bridge.store import prune_frames
from folkmoot.kernel import SystemClock
from folkmoot.security.urls import UrlGuard
from tests.bridge.outside import Outside, bridged, entry
from tests.conversations.house import Talkhouse
from tests.waiting import wait_until

AGENTS = b"agents:\n  - {agent_id: ada, name: Ada}\n"


def test_several_urls_of_the_settings_are_several_bridges() -> None:
    given = {
        "EXTERNAL_WS_URL": "ws://one.example/ws/{user_id}, wss://two.example:9443/?token=5",
        "EXTERNAL_WS_USER_ID": "ann/b",
        "EXTERNAL_WS_SCOPES": "fitness, nutrition",
    }
    one, two = load_settings(given, env_file=None).bridges
    assert (one.name, one.address, one.user_id) == ("external", "ws://one.example/ws/ann%2Fb", "ann/b")
    assert (two.name, two.shown, two.scopes) == (
        "external-2",
        "wss://two.example:9443/?…",
        ("fitness", "nutrition"),
    )


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("EXTERNAL_WS_URL", "http://x.example/?token=secret", "must begin with ws:// or wss://"),
        ("EXTERNAL_WS_URL", "ws://x.example/{name}", "the only placeholder is {user_id}"),
        ("EXTERNAL_WS_URL", "ws://{user_id}.example/", "in its path or query alone"),
        ("EXTERNAL_WS_URL", "ws://user:secret@x.example/", "give them as a header"),
        ("EXTERNAL_WS_URL", "ws://x.example:99999/", "is no web address"),
        ("EXTERNAL_WS_URL", "ws:///path", "names no host"),
        ("EXTERNAL_WS_USER_ID", " ann", "without line breaks or blanks"),
        ("EXTERNAL_WS_SCOPES", "twin:zoe", "only their twin may search"),
    ],
)
def test_a_wrong_setting_is_said_without_the_secret_in_it(name: str, value: str, said: str) -> None:
    with pytest.raises(WrongSettingError) as caught:
        load_settings({name: value}, env_file=None)
    assert caught.value.message.startswith(f"{name} is wrong: ")
    assert said in caught.value.message
    assert "secret" not in caught.value.message


def test_what_the_settings_name_may_lie_inside_but_not_where_nobody_s_server_is() -> None:
    urls = (
        "ws://localhost:9/x, ws://[::1]:5/, ws://10.0.0.3/, wss://chat.example/, ws://8.8.8.8/, "
        "ws://169.254.169.254/, ws://[fe80::1]/, ws://0.0.0.0:1/"
    )
    assert opened_by(entries_of(urls, user_id="u")) == ["localhost:9", "[::1]:5", "10.0.0.3:80", "chat.example:443"]


def test_the_file_names_bridges() -> None:
    text = AGENTS + (
        b"bridges:\n"
        b"  - name: partner\n"
        b"    url: wss://partner.example/ws/{user_id}\n"
        b"    agent: ada\n"
        b"    scopes: [product]\n"
        b"    headers: {X-Team: acme, Authorization: {env: PARTNER_TOKEN}}\n"
    )
    [bridge] = parse_workplace(text).bridges
    assert (bridge.name, bridge.agent, bridge.user_id) == ("partner", "ada", "external-socket-user")
    assert bridge.headers["X-Team"].value == "acme"
    assert bridge.headers["Authorization"].env == "PARTNER_TOKEN"
    assert "acme" not in repr(bridge)


def test_everything_wrong_in_the_file_is_said_with_its_line_and_field() -> None:
    text = AGENTS + (
        b"bridges:\n"
        b"  - name: Partner\n"
        b"    url: http://x\n"
        b"    agent: bob\n"
        b"  - {name: two, url: 'ws://x', headers: {Host: x, A: {envv: B}, C: {env: X, file: Y}}}\n"
        b"  - {name: two, url: 'ws://x', colour: red}\n"
    )
    with pytest.raises(WorkplaceInvalidError) as caught:
        parse_workplace(text)
    said = str(caught.value)
    for part in (
        "workplace.yaml, line 4, bridges[0].name: 'Partner' must be 1 to 32 small letters",
        "line 5, bridges[0].url: must begin with ws:// or wss://, not 'http'",
        "line 6, bridges[0].agent: 'bob' is none of the agents of this file",
        "line 7, bridges[1].headers.Host: 'Host' is set by the connection itself",
        "line 7, bridges[1].headers.A.envv: is not a known field; did you mean 'env'?",
        "line 7, bridges[1].headers.C: is a text, or {env: NAME}, or {file: path}",
        "line 8, bridges[2].name: 'two' is the name of bridges[1] already",
        "line 8, bridges[2].colour: is not a known field",
    ):
        assert part in said, said


async def test_health_names_those_that_are_away(house: Talkhouse, server: Outside) -> None:
    other = entry(server, name="inside", url="ws://10.0.0.1:9999/")
    async with bridged(house, guard=UrlGuard(allowed=["127.0.0.1"])) as desk:
        bridging = Bridging(desk=desk, chores=[])
        assert (await bridging.health()).status == "not_configured"
        await desk.use([entry(server), other])

        async def settled() -> bool:
            return [one.connected for one in await desk.states()] == [True, False]

        await wait_until(settled)

        async def said() -> bool:
            return "inside: '10.0.0.1' is not on the public network" in ((await bridging.health()).detail or "")

        await wait_until(said)
        assert (await bridging.health()).status == "degraded"
        await desk.use([entry(server)])
        assert (await bridging.health()).status == "ok"


async def test_what_was_settled_long_ago_is_erased_and_what_waits_is_not(house: Talkhouse, server: Outside) -> None:
    async with bridged(house, entry(server)) as desk:
        await server.connected()
        assert (await desk.send("Hello out there", agent="General", patience=timedelta(seconds=5))).sent
        await server.close()
        assert not (await desk.send("Still there?", agent="General", patience=timedelta(0))).sent
        assert await desk.prune() == 0
        now = SystemClock().now()
        async with house.database.write() as session:
            later = now + timedelta(seconds=1)
            assert await prune_frames(session, settled_before=later, begun_before=now - timedelta(days=30)) == 1
        assert (await desk.states())[0].waiting == 1
