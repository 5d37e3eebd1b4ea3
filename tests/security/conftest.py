"""The room's parts on an empty database."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from folkmoot.kernel import SimulatedClock
from folkmoot.security import Actor, AuditLog, Credentials, KeyDesk, Tokens, UserDesk
from folkmoot.security.model import User
from folkmoot.security.passwords import Passwords
from folkmoot.security.signing import Signer
from folkmoot.security.store import TokenStore
from folkmoot.security.users import NewUser
from folkmoot.storage import Database

SECRET = b"a secret of tests that is long enough"
PASSWORD = "four words make one"
CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)  # what counts here is not the time it takes
BY = Actor(user_id="admin", address="127.0.0.1")


@pytest.fixture
def audit(database: Database, clock: SimulatedClock) -> AuditLog:
    return AuditLog(database=database, clock=clock)


@pytest.fixture
def tokens(database: Database, clock: SimulatedClock) -> Tokens:
    return Tokens(store=TokenStore(database), clock=clock)


@pytest.fixture
async def users(database: Database, clock: SimulatedClock, audit: AuditLog) -> UserDesk:
    desk = UserDesk(database=database, clock=clock, audit=audit, passwords=Passwords(hasher=CHEAP))
    await desk.ensure_admin()
    return desk


@pytest.fixture
def keys(database: Database, clock: SimulatedClock, audit: AuditLog) -> KeyDesk:
    return KeyDesk(database=database, clock=clock, audit=audit, subjects={"tasks:read", "tasks:write", "agents:read"})


@pytest.fixture
def signer(clock: SimulatedClock) -> Signer:
    return Signer(secret=SECRET, clock=clock)


@pytest.fixture
def credentials(
    database: Database,
    clock: SimulatedClock,
    audit: AuditLog,
    tokens: Tokens,
    users: UserDesk,
    keys: KeyDesk,
    signer: Signer,
) -> Credentials:
    return Credentials(
        database=database,
        clock=clock,
        tokens=tokens,
        users=users,
        keys=keys,
        signer=signer,
        audit=audit,
        access_lives=timedelta(minutes=15),
        refresh_lives=timedelta(days=30),
    )


@pytest.fixture
def joins(users: UserDesk) -> Callable[..., Awaitable[User]]:
    """Makes an account with the usual password."""

    async def join(name: str, **more: object) -> User:
        wanted: dict[str, object] = {"name": name, "password": PASSWORD, **more}
        return await users.create(NewUser(**wanted), by=BY)  # type: ignore[arg-type]  # fields of the model, by name

    return join
