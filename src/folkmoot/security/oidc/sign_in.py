"""Beginning and finishing a sign-in with a provider's account."""

import asyncio
import hmac
import secrets

from folkmoot.kernel import Clock, FolkmootError
from folkmoot.security.audit import AuditLog
from folkmoot.security.credentials import Credentials, Issued
from folkmoot.security.errors import AccountTakenError, LastAdminError, NotSignedInError, OidcFailedError
from folkmoot.security.model import HOUSE, Actor, Role, User
from folkmoot.security.oidc import store
from folkmoot.security.oidc.model import Attempt, Identity, OidcOptions
from folkmoot.security.oidc.provider import OidcProvider
from folkmoot.security.users import NewUser, UserDesk
from folkmoot.storage import Database

_LONGEST_NAME = 150


class OidcSignIn:
    """Who comes in by a provider. The first time an account is made; whose role the claim gives, keeps to it."""

    def __init__(
        self,
        *,
        provider: OidcProvider,
        database: Database,
        clock: Clock,
        users: UserDesk,
        credentials: Credentials,
        audit: AuditLog,
    ) -> None:
        self._provider = provider
        self._database = database
        self._clock = clock
        self._users = users
        self._credentials = credentials
        self._audit = audit
        self._one_at_a_time = asyncio.Lock()

    @property
    def options(self) -> OidcOptions:
        """What is known of the provider."""
        return self._provider.options

    async def begin(self, *, redirect_uri: str) -> tuple[str, Attempt]:
        """Where the browser is to go, and what it has to bring back. Raises `OidcUnavailableError`."""
        attempt = Attempt(
            state=secrets.token_urlsafe(24), nonce=secrets.token_urlsafe(24), verifier=secrets.token_urlsafe(48)
        )
        return await self._provider.address(attempt, redirect_uri=redirect_uri), attempt

    async def finish(
        self, attempt: Attempt | None, *, state: str, code: str, error: str = "", redirect_uri: str, address: str
    ) -> Issued:
        """Sign in whoever came back. Raises `OidcFailedError`, `OidcUnavailableError`, `NotSignedInError`."""
        try:
            identity = await self._identified(attempt, state, code, error, redirect_uri)
            user = await self._account(identity)
        except FolkmootError:
            await self._audit.record("sign_in", by=Actor(user_id=None, address=address), ok=False, via="oidc")
            raise
        return await self._credentials.open(user.user_id, via="oidc", address=address)

    async def _identified(
        self, attempt: Attempt | None, state: str, code: str, error: str, redirect_uri: str
    ) -> Identity:
        if attempt is None or not hmac.compare_digest(attempt.state.encode(), state.encode()):
            raise OidcFailedError("this sign-in was not begun in this browser, or too long ago; begin it again")
        if error or not code:
            raise OidcFailedError(f"the provider did not let you in: {error[:200] or 'it gave no code'}")
        return await self._provider.identity(attempt, code=code, redirect_uri=redirect_uri)

    async def _account(self, identity: Identity) -> User:
        role = self.options.role_of(identity.claims)
        if role is None:
            raise NotSignedInError("nothing that the provider says of you opens this workplace; ask an administrator")
        async with self._one_at_a_time:
            user_id = await store.find_user(self._database, identity)
            if user_id is None:
                return await self._made(identity, role)
        user = await self._users.get(user_id)
        if user.disabled_at is not None:
            raise NotSignedInError("this account is disabled; an administrator can enable it")
        if self.options.role_claim is not None and user.role != role:
            try:
                user = await self._users.change(user.user_id, {"role": role}, by=HOUSE)
            except LastAdminError:
                return user  # somebody has to administer; an administrator finds it on the page People
        return user

    async def _made(self, identity: Identity, role: Role) -> User:
        name = identity.name[:_LONGEST_NAME]
        key = store.key_of(identity)
        made: User | None = None
        # An account that has this name already is somebody else's, whatever the provider calls them.
        for wanted in (name, f"{name} ({key[:6]})", f"{name} ({key[:12]})"):
            try:
                made = await self._users.create(NewUser(name=wanted, role=role, email=identity.email), by=HOUSE)
            except AccountTakenError:
                continue
            break
        if made is None:
            raise OidcFailedError(f"no free name was found for '{name}'; an administrator can rename accounts")
        owner = await store.tie(self._database, identity, made.user_id, at=self._clock.now())
        if owner != made.user_id:  # another server was quicker
            await self._users.remove(made.user_id, by=HOUSE)
            return await self._users.get(owner)
        return made
