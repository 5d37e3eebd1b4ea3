"""Which of a person's messages may be used for something now: a message rests on one consent, its use on another."""

from folkmoot.consent import ConsentGate, Purpose


async def permitted(gate: ConsentGate, person: str, purpose: Purpose) -> dict[str, str]:
    """The consents whose messages may be used for `purpose` at this moment, each with the consent that permits it.

    A message may be used when the consent it was imported under is live, and the person has a live consent for the
    purpose on the same platform.
    """
    permits = {consent.platform: consent for consent in await gate.live(person, purpose)}
    imported = await gate.live(person, Purpose.IMPORT)
    return {
        # A grant that covers both stands for itself, so that the use ends with it and not with another one.
        consent.consent_id: consent.consent_id if purpose in consent.purposes else permits[consent.platform].consent_id
        for consent in imported
        if consent.platform in permits
    }
