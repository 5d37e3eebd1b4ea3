"""Granting, withdrawing and forgetting permissions.

A withdrawal has two parts. In one transaction the consent ends and the database deletes every row derived from it.
Then whoever keeps something elsewhere is told, deleted bytes are erased from the file, and when a count finds nothing
left the consent is marked as cleared. If the second part fails or the process dies, `expire_due` takes it up again.
"""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from folkmoot.consent.errors import ConsentError, InvalidConsentError, UnknownConsentError
from folkmoot.consent.model import (
    Consent,
    checked_email,
    checked_platform,
    checked_purposes,
    display_name,
    person_key,
)
from folkmoot.consent.store import (
    AuditLine,
    add_audit,
    count_derived,
    delete_person,
    derived_columns,
    end_consent,
    insert_consent,
    mark_cleared,
    select_audit,
    select_by_token,
    select_consent,
    select_consents,
    select_to_end,
)
from folkmoot.events import EventLog
from folkmoot.kernel import Clock, FolkmootError, new_id, rfc3339
from folkmoot.storage import Database
from folkmoot.telemetry import get_logger

LONGEST: Final = timedelta(days=10 * 366)
_log = get_logger("folkmoot.consent")


class OnWithdrawn(Protocol):
    """Told when a consent has ended and its rows are deleted."""

    async def withdrawn(self, consent: Consent) -> None:
        """Remove whatever else was made from it: files, learned shares, caches.

        Called at least once per ended consent, again after a failure: so twice must be the same as once.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Granted:
    """A new consent and its token, which is shown here and never again."""

    consent: Consent
    token: str

    @property
    def consent_id(self) -> str:
        return self.consent.consent_id


class ConsentLedger:
    """Who permitted what. Reading needs no consent; every change is audited in its own transaction."""

    def __init__(self, *, database: Database, clock: Clock, events: EventLog) -> None:
        self._database = database
        self._clock = clock
        self._events = events
        self._listeners: list[OnWithdrawn] = []

    def listen(self, listener: OnWithdrawn) -> None:
        """Have `listener` told of every withdrawal from now on; for the assembly, before anything runs."""
        self._listeners.append(listener)

    async def grant(
        self, person: str, *, email: str | None = None, platform: str, purposes: Iterable[str], expires_at: datetime
    ) -> Granted:
        """Record a person's permission for one platform and some purposes; raise `InvalidConsentError`.

        Without an e-mail the one of the person's last consent is noted again, if there is one.
        """
        now = self._clock.now()
        consent = Consent(
            consent_id=new_id("consent"),
            person=person_key(person),
            name=display_name(person),
            email=await self._last_email(person) if email is None else checked_email(email),
            platform=checked_platform(platform),
            purposes=checked_purposes(purposes),
            granted_at=now,
            expires_at=_checked_expiry(expires_at, now),
        )
        token = f"fmc_{secrets.token_urlsafe(32)}"
        async with self._database.write() as session:
            await insert_consent(session, consent, token_hash=_hashed(token))
            await add_audit(session, at=now, person=consent.person, action="granted", consent=consent)
            await self._events.record(session, "consent_granted", consent.consent_id, _told(consent))
        return Granted(consent=consent, token=token)

    async def get(self, consent_id: str) -> Consent:
        """One consent, live or ended; raise `UnknownConsentError`."""
        async with self._database.read() as session:
            return _found(await select_consent(session, consent_id))

    async def by_token(self, token: str) -> Consent:
        """The consent a token was given for; raise `UnknownConsentError`, also once it was withdrawn."""
        async with self._database.read() as session:
            return _found(await select_by_token(session, _hashed(token)))

    async def list(self, person: str | None = None) -> Sequence[Consent]:
        """All consents, or one person's, the newest first; ended ones too."""
        async with self._database.read() as session:
            return await select_consents(session, person=person_key(person) if person is not None else None)

    async def audit(self, person: str | None = None) -> Sequence[AuditLine]:
        """The audit, oldest first. A forgotten person's lines are still there, but no longer theirs."""
        async with self._database.read() as session:
            return await select_audit(session, person_key(person) if person is not None else None)

    async def revoke(self, consent_id: str) -> Consent:
        """Withdraw a consent and delete what was made from it. A consent that has already ended stays as it is.

        Raises `UnknownConsentError`, and whatever a listener raised: then the consent has ended and its rows are
        gone, and the rest is tried again by `expire_due`. `cleared_at` of the answer tells whether all was finished.
        """
        consent = await self.get(consent_id)
        ended = await self._end(consent.consent_id, revoke=True)
        return ended if ended.cleared_at else await self._clear(ended)

    async def expire_due(self) -> Sequence[Consent]:
        """The sweeper: end what expired, and finish every withdrawal that was interrupted; answers what it finished.

        One failure does not keep the others from being swept; the first is raised at the end.
        """
        async with self._database.read() as session:
            due = await select_to_end(session, self._clock.now())
        swept: list[Consent] = []
        failures: list[FolkmootError] = []
        for consent in due:
            try:
                ended = await self._end(consent.consent_id, revoke=False)
                if ended.ended_at is not None:
                    swept.append(await self._clear(ended))
            except FolkmootError as error:
                _log.warning("a withdrawal is unfinished", consent_id=consent.consent_id, error=error.message)
                failures.append(error)
        if failures:
            raise failures[0]
        return swept

    async def forget(self, person: str) -> dict[str, int]:
        """Delete all of a person's consents, all that hangs on them, and the key to their audit; rows by table.

        Listeners are not told: whoever forgets a person clears the rest too (`twins.forget`).
        """
        key = person_key(person)
        async with self._database.write() as session:
            held = await select_consents(session, person=key)
            removed = await count_derived(session, [consent.consent_id for consent in held])
            if held:
                await add_audit(session, at=self._clock.now(), person=key, action="forgotten", consent=None)
            removed |= await delete_person(session, key)
            for consent in held:
                await self._events.record(session, "consent_forgotten", consent.consent_id, {})
        return removed

    async def leftovers(self, person: str) -> dict[str, int]:
        """Rows that still rest on a person's ended consents, by table: empty when all is as it should be."""
        now = self._clock.now()
        ended = [consent.consent_id for consent in await self.list(person) if not consent.is_live(now)]
        async with self._database.read() as session:
            return await count_derived(session, ended)

    async def _last_email(self, person: str) -> str:
        return next((consent.email for consent in await self.list(person) if consent.email), "")

    async def _end(self, consent_id: str, *, revoke: bool) -> Consent:
        now = self._clock.now()
        async with self._database.write() as session:
            consent = _found(await select_consent(session, consent_id))
            if consent.ended_at is not None:
                return consent
            was_live = consent.is_live(now)
            if not revoke and was_live:
                return consent
            ended = replace(consent, email="", revoked_at=now if was_live else None, ended_at=now)
            await end_consent(session, ended)
            action = "revoked" if was_live else "expired"
            await add_audit(session, at=now, person=ended.person, action=action, consent=ended)
            await self._events.record(session, f"consent_{action}", ended.consent_id, _told(ended))
        return ended

    async def _clear(self, consent: Consent) -> Consent:
        for listener in self._listeners:
            await listener.withdrawn(consent)
        tables = {table.name for table, _ in derived_columns()}
        if not await self._database.scrub(sorted(tables)):
            _log.info("deleted rows are not yet erased from the file: a reader is busy", consent_id=consent.consent_id)
            return consent
        now = self._clock.now()
        async with self._database.write() as session:
            left = await count_derived(session, [consent.consent_id])
            if left:
                raise ConsentError(
                    "rows of an ended consent are still there", consent_id=consent.consent_id, left=dict(left)
                )
            await mark_cleared(session, consent.consent_id, now)
        return replace(consent, cleared_at=now)


def _checked_expiry(expires_at: datetime, now: datetime) -> datetime:
    if expires_at.tzinfo is None:
        raise InvalidConsentError(
            "the time a consent expires needs a zone, as in 2027-01-31T00:00:00Z", field="expires_at"
        )
    if not now < expires_at <= now + LONGEST:
        raise InvalidConsentError(
            f"a consent must expire after now and within ten years, not at {rfc3339(expires_at)}", field="expires_at"
        )
    return expires_at


def _found(consent: Consent | None) -> Consent:
    if consent is None:
        raise UnknownConsentError("there is no such consent; `folkmoot consent list` shows those there are")
    return consent


def _hashed(token: str) -> str:
    # The token is 256 random bits: a plain hash cannot be searched.
    return hashlib.sha256(token.encode()).hexdigest()


def _told(consent: Consent) -> dict[str, object]:
    # No name: events outlive a person who is forgotten.
    return {
        "platform": consent.platform,
        "purposes": [purpose.value for purpose in consent.purposes],
        "expires_at": rfc3339(consent.expires_at),
    }
