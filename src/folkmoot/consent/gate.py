"""The one gate: whoever wants to do something with a person's texts asks here first, each time.

A consent stops being live in the moment it expires or is revoked, whether or not the sweeper has been by.
"""

import shlex

from folkmoot.consent.errors import ConsentMissingError
from folkmoot.consent.model import Consent, Purpose, checked_platform, display_name, person_key
from folkmoot.consent.store import Session, select_consent, select_consents
from folkmoot.kernel import Clock
from folkmoot.storage import Database


class ConsentGate:
    """Answers whether a person has consented; keeps nothing in mind between two questions."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def require(self, person: str, platform: str, purpose: Purpose) -> Consent:
        """The live consent that covers this, the one that lasts longest; else `ConsentMissingError`.

        The error says what is missing, why, and the command that grants it.
        """
        given = await self._given(person, platform)
        now = self._clock.now()
        live = [consent for consent in given if consent.is_live(now) and purpose in consent.purposes]
        if live:
            return max(live, key=lambda consent: (consent.expires_at, consent.consent_id))
        raise self._missing(display_name(person), checked_platform(platform), purpose, given)

    async def allows(self, person: str, platform: str, purpose: Purpose) -> bool:
        """Whether `require` would answer."""
        now = self._clock.now()
        return any(
            consent.is_live(now) and purpose in consent.purposes for consent in await self._given(person, platform)
        )

    async def require_any(self, person: str, purpose: Purpose) -> list[Consent]:
        """The live consents of a person for this purpose on any platform; `ConsentMissingError` without one."""
        live = await self.live(person, purpose)
        if live:
            return live
        name = display_name(person)
        remedy = f"folkmoot consent grant {_quoted(name)} --platform PLATFORM --purpose {purpose.value}"
        raise ConsentMissingError(
            f"{name} has no live consent for '{purpose.value}' on any platform. Grant it with: {remedy}",
            person=name,
            purpose=purpose.value,
            reason="never",
            remedy=remedy,
        )

    async def live(self, person: str, purpose: Purpose) -> list[Consent]:
        """Every live consent of a person for this purpose, on whatever platform."""
        now = self._clock.now()
        async with self._database.read() as session:
            given = await select_consents(session, person=person_key(person))
        return [consent for consent in given if consent.is_live(now) and purpose in consent.purposes]

    async def hold(self, session: Session, consent_id: str, purpose: Purpose) -> Consent:
        """The same within a `database.write()` transaction: the consent is live, and cannot end before that commits.

        Whoever stores derived rows calls this in the transaction that stores them; so nothing is stored behind the
        back of a revocation. Raises `ConsentMissingError`.
        """
        consent = await select_consent(session, consent_id, lock=True)
        if consent is not None and consent.is_live(self._clock.now()) and purpose in consent.purposes:
            return consent
        if consent is None:
            raise ConsentMissingError(
                "the consent this rests on is gone: the person was forgotten", purpose=purpose.value
            )
        raise self._missing(consent.name, consent.platform, purpose, [consent])

    async def _given(self, person: str, platform: str) -> list[Consent]:
        async with self._database.read() as session:
            return await select_consents(session, person=person_key(person), platform=checked_platform(platform))

    def _missing(self, name: str, platform: str, purpose: Purpose, given: list[Consent]) -> ConsentMissingError:
        now = self._clock.now()
        covering = [consent for consent in given if purpose in consent.purposes]
        reason: str = "never"
        why = "no such consent was given"
        if covering:
            last = max(covering, key=lambda consent: consent.granted_at)
            reason = last.status(now)
            ended = f"{last.revoked_at or last.expires_at:%Y-%m-%d %H:%M} UTC"
            why = f"the consent given for it {'was revoked' if reason == 'revoked' else 'expired'} at {ended}"
        elif any(consent.is_live(now) for consent in given):
            reason = "purpose"
            why = "the consent given for this platform does not cover that purpose"
        remedy = f"folkmoot consent grant {_quoted(name)} --platform {platform} --purpose {purpose.value}"
        return ConsentMissingError(
            f"{name}'s consent for '{purpose.value}' on {platform} is missing: {why}. Grant it with: {remedy}",
            person=name,
            platform=platform,
            purpose=purpose.value,
            reason=reason,
            remedy=remedy,
        )


def _quoted(name: str) -> str:
    plain = not set(name) & set('"$`\\!')
    return f'"{name}"' if plain else shlex.quote(name)
