"""Signing in with a provider's account: what is believed of it, and what not."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from folkmoot.kernel import SystemClock
from folkmoot.security import AuditLog, Credentials, KeyDesk, NotSignedInError, Tokens, UserDesk
from folkmoot.security.errors import OidcFailedError, OidcUnavailableError
from folkmoot.security.model import HOUSE, Actor, Principal
from folkmoot.security.oidc import Attempt, OidcOptions, OidcSignIn
from folkmoot.security.oidc.provider import OidcProvider
from folkmoot.security.passwords import Passwords
from folkmoot.security.signing import Signer
from folkmoot.security.store import TokenStore
from folkmoot.security.users import NewUser
from folkmoot.storage import Database
from tests.oidc_server import CLIENT, SECRET, Provider, oidc_provider

BACK = "http://127.0.0.1:9/dashboard/sign-in/oidc/callback"
GROUPS = {"role_claim": "groups", "roles": {"chiefs": "admin", "staff": "member"}}


class Door:
    """A sign-in with its accounts, and a browser that goes to the provider."""

    def __init__(self, database: Database, provider: Provider, **options: Any) -> None:
        clock = SystemClock()
        audit = AuditLog(database=database, clock=clock)
        self.users = UserDesk(database=database, clock=clock, audit=audit, passwords=Passwords())
        self.audit = audit
        self.credentials = Credentials(
            database=database,
            clock=clock,
            tokens=Tokens(store=TokenStore(database), clock=clock),
            users=self.users,
            keys=KeyDesk(database=database, clock=clock, audit=audit, subjects=set()),
            signer=Signer(secret=b"x" * 32, clock=clock),
            audit=audit,
        )
        known = OidcOptions(issuer=provider.url, client_id=CLIENT, client_secret=SECRET, **options)
        self.sign_in = OidcSignIn(
            provider=OidcProvider(options=known, clock=clock, http={"trust_env": False, "verify": False}),
            database=database,
            clock=clock,
            users=self.users,
            credentials=self.credentials,
            audit=audit,
        )

    async def leave(self) -> tuple[Attempt, dict[str, str]]:
        """Go to the provider, and what it sends back with the browser."""
        url, attempt = await self.sign_in.begin(redirect_uri=BACK)
        async with httpx.AsyncClient(trust_env=False, verify=False) as browser:
            answer = await browser.get(url)
        return attempt, {
            name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()
        }

    async def come_in(self, **changed: str) -> Principal:
        attempt, sent = await self.leave()
        issued = await self.sign_in.finish(attempt, **{**sent, **changed}, redirect_uri=BACK, address="192.0.2.1")
        return await self.credentials.recognise_page(issued.page_token)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with oidc_provider() as found:
        yield found


@pytest.fixture
def door(database: Database, provider: Provider) -> Door:
    return Door(database, provider)


async def test_whoever_comes_first_gets_an_account_that_may_look(door: Door) -> None:
    principal = await door.come_in()
    assert (principal.name, principal.role) == ("Ann Vale", "viewer")
    again = await door.come_in()
    assert again.user_id == principal.user_id
    assert (await door.users.list())[1] == 1
    lines, _ = await door.audit.lines(actions=["sign_in"])
    assert [(one.user_id, one.details["via"]) for one in lines] == [(principal.user_id, "oidc")] * 2


async def test_an_account_of_that_name_is_not_handed_over(door: Door, provider: Provider) -> None:
    mine = await door.users.create(NewUser(name="Ann Vale", role="admin", email="ann@acme.example"), by=HOUSE)
    provider.person |= {"email": "ann@acme.example", "email_verified": True}
    principal = await door.come_in()
    assert principal.user_id != mine.user_id
    assert principal.role == "viewer"
    assert principal.name.startswith("Ann Vale (")


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        (["staff"], "member"),
        (["staff", "chiefs"], "admin"),
        ("staff", "member"),
        (["others"], "viewer"),
        (None, "viewer"),
    ],
)
async def test_the_claim_says_the_role(database: Database, provider: Provider, groups: Any, role: str) -> None:
    provider.person["groups"] = groups
    assert (await Door(database, provider, **GROUPS).come_in()).role == role


async def test_a_role_that_is_taken_away_there_is_gone_here(database: Database, provider: Provider) -> None:
    door = Door(database, provider, **GROUPS)
    provider.person["groups"] = ["staff"]
    assert (await door.come_in()).role == "member"
    provider.person["groups"] = []
    assert (await door.come_in()).role == "viewer"


async def test_a_role_that_was_given_here_stays_without_a_claim(door: Door) -> None:
    first = await door.come_in()
    await door.users.change(first.user_id, {"role": "member"}, by=HOUSE)
    assert (await door.come_in()).role == "member"


async def test_claims_may_lie_deeper_and_in_the_userinfo(database: Database, provider: Provider) -> None:
    options = {"role_claim": "realm_access.roles", "roles": {"staff": "member"}}
    provider.userinfo = {"sub": "ann-1", "realm_access": {"roles": ["staff"]}}
    assert (await Door(database, provider, **options).come_in()).role == "member"


async def test_somebody_else_s_userinfo_is_not_believed(database: Database, provider: Provider) -> None:
    provider.userinfo = {"sub": "somebody-else", "groups": ["chiefs"]}
    assert (await Door(database, provider, **GROUPS).come_in()).role == "viewer"


async def test_whom_nothing_lets_in_stays_outside(database: Database, provider: Provider) -> None:
    door = Door(database, provider, role=None, **GROUPS)
    with pytest.raises(NotSignedInError, match="ask an administrator"):
        await door.come_in()
    assert (await door.users.list())[1] == 0


async def test_a_disabled_account_stays_outside(door: Door) -> None:
    first = await door.come_in()
    await door.users.change(first.user_id, {"disabled": True}, by=Actor(user_id="admin"))
    with pytest.raises(NotSignedInError, match="disabled"):
        await door.come_in()


@pytest.mark.parametrize(
    "spoil",
    [
        {"iss": "https://evil.example"},
        {"aud": "somebody-else"},
        {"aud": ["somebody-else", "another"]},
        {"nonce": "of another sign-in"},
        {"exp": 1},
        {"iat": 4_000_000_000},
        {"azp": "somebody-else"},
        {"at_hash": "bm90LWl0"},
        {"sub": None},
    ],
)
async def test_a_token_that_does_not_hold_is_refused(door: Door, provider: Provider, spoil: dict[str, Any]) -> None:
    provider.spoil = spoil
    with pytest.raises(OidcFailedError):
        await door.come_in()
    assert (await door.users.list())[1] == 0


async def test_a_token_of_another_key_is_refused(door: Door, provider: Provider) -> None:
    provider.foreign_key = True
    with pytest.raises(OidcFailedError, match="does not hold"):
        await door.come_in()


async def test_a_new_key_is_fetched_and_not_too_often(
    door: Door, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    await door.come_in()
    provider.change_key("second")
    with pytest.raises(OidcFailedError):
        await door.come_in()  # the keys were fetched a moment ago
    assert provider.asked.count("/jwks_uri") == 1
    monkeypatch.setattr("folkmoot.security.oidc.provider.KEYS_AT_MOST_EVERY", timedelta(0))
    await door.come_in()
    await door.come_in()
    assert provider.asked.count("/jwks_uri") == 2


@pytest.mark.parametrize("changed", [{"state": "of another"}, {"code": "made-up"}, {"code": ""}, {"error": "denied"}])
async def test_what_was_not_begun_here_is_refused(door: Door, changed: dict[str, str]) -> None:
    with pytest.raises(OidcFailedError):
        await door.come_in(**changed)
    lines, _ = await door.audit.lines(actions=["sign_in"])
    assert [(one.ok, one.user_id) for one in lines] == [(False, None)]


async def test_a_code_of_another_browser_is_refused(door: Door) -> None:
    _, stolen = await door.leave()
    attempt, own = await door.leave()
    with pytest.raises(OidcFailedError, match="would not take the code"):
        await door.sign_in.finish(attempt, code=stolen["code"], state=own["state"], redirect_uri=BACK, address="")
    with pytest.raises(OidcFailedError, match="not begun in this browser"):
        await door.sign_in.finish(None, code=own["code"], state=own["state"], redirect_uri=BACK, address="")


async def test_a_provider_that_is_away_or_another_is_said(door: Door, provider: Provider) -> None:
    provider.down = True
    with pytest.raises(OidcUnavailableError, match="answered 503"):
        await door.leave()
    provider.down, provider.issuer = False, "https://evil.example"
    with pytest.raises(OidcUnavailableError, match="another issuer"):
        await door.leave()
