"""Accounts, keys, tokens and the audit, made from the settings and joined to what else knows of people."""

from dataclasses import dataclass
from datetime import timedelta

from folkmoot.assembly.settings import Settings
from folkmoot.home import Home
from folkmoot.kernel import Clock
from folkmoot.security import AuditLog, Credentials, KeyDesk, Tokens, UserDesk
from folkmoot.security.credentials import Throttle
from folkmoot.security.passwords import Passwords
from folkmoot.security.signing import Signer, kept_secret
from folkmoot.security.store import TokenStore
from folkmoot.storage import Database
from folkmoot.twins import Twin
from folkmoot.user_files import UserFiles
from folkmoot.web.rules import RULES

SIGNING_FILE = "jwt.key"


@dataclass(frozen=True, kw_only=True)
class People:
    """The parts of the room `security` that know people."""

    tokens: Tokens
    users: UserDesk
    keys: KeyDesk
    credentials: Credentials
    audit: AuditLog

    async def admit_admin(self, settings: Settings, *, served: bool, anew: bool = False) -> str | None:
        """See to it that somebody can administer; a token that was made for that, to be shown once.

        One is made where somebody will need it: where the workplace is `served` and asks for tokens (AUTH=on), or
        where it is asked for. A command or program that builds one for itself has the key of its process.
        """
        given = settings.admin_token.get_secret_value() if settings.admin_token else None
        await self.users.ensure_admin(enable=anew)
        if given is None and not anew and (settings.auth == "off" or not served):
            return None
        made = await self.tokens.ensure_admin(given=given)
        return await self.tokens.renew_admin() if anew and given is None and made is None else made


def build_people(
    settings: Settings,
    *,
    home: Home,
    database: Database,
    clock: Clock,
    files: UserFiles,
    throttle: Throttle | None = None,
) -> People:
    """Make them; the secret that signs tokens is made with the first home, unless it is set."""
    audit = AuditLog(database=database, clock=clock)
    tokens = Tokens(store=TokenStore(database), clock=clock)
    users = UserDesk(database=database, clock=clock, audit=audit, passwords=Passwords(), removed=files.forget)
    subjects = {rule.subject for rule in RULES.values() if rule.subject}
    keys = KeyDesk(database=database, clock=clock, audit=audit, subjects=subjects)
    given = settings.jwt_secret.get_secret_value().encode() if settings.jwt_secret else None
    credentials = Credentials(
        database=database,
        clock=clock,
        tokens=tokens,
        users=users,
        keys=keys,
        signer=Signer(secret=given or kept_secret(home.path(SIGNING_FILE)), clock=clock),
        audit=audit,
        throttle=throttle,
        access_lives=timedelta(seconds=settings.access_token_seconds),
        refresh_lives=timedelta(seconds=settings.refresh_token_seconds),
    )
    return People(tokens=tokens, users=users, keys=keys, credentials=credentials, audit=audit)


class FilesPart:
    """The files of whoever a twin stands for, for `twins` to forget with the person; before who that is."""

    name = "user files"

    def __init__(self, users: UserDesk, files: UserFiles) -> None:
        self._users = users
        self._files = files

    async def forget(self, twin: Twin) -> int:
        owner = await self._users.owner_of(twin.person)
        return await self._files.forget(owner.user_id) if owner is not None else 0


class OwnersPart:
    """Whose a twin is, for `twins` to forget with the person."""

    name = "owners of twins"

    def __init__(self, users: UserDesk) -> None:
        self._users = users

    async def forget(self, twin: Twin) -> int:
        return await self._users.unlink(twin.person)
