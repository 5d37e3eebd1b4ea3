"""Consents: grant, list, read, revoke. The token of a consent is in the answer to the grant and nowhere else."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from folkmoot.consent import Consent, InvalidConsentError, Purpose
from folkmoot.web import Page, Paging, Rooms, SignedIn, documented
from folkmoot.web.moments import Moment
from folkmoot.web.ownership import check_consent, check_speaks_for
from folkmoot.web.principal import Acting

router = APIRouter(prefix="/api/consents", tags=["consents"])
USUAL = timedelta(days=365)


class ConsentWanted(BaseModel):
    """What a person permits. Without `email` the one of their last consent is meant; without `expires_at` one year."""

    model_config = ConfigDict(extra="forbid")
    person: str = Field(min_length=1, max_length=200, examples=["Zoe Vale"])
    email: str | None = Field(default=None, max_length=254, examples=["zoe@acme.example"])
    platform: str = Field(min_length=1, max_length=40, examples=["whatsapp"])
    purposes: list[Purpose] = Field(min_length=1, max_length=10, examples=[["import", "profile"]])
    expires_at: Moment | None = Field(default=None, examples=["2027-06-30T00:00:00Z"])


class ConsentShown(BaseModel):
    """A consent as it stands: `live`, `expired` or `revoked`."""

    consent_id: str
    person: str
    email: str
    platform: str
    purposes: list[Purpose]
    status: str
    granted_at: AwareDatetime
    expires_at: AwareDatetime
    revoked_at: AwareDatetime | None
    cleared_at: AwareDatetime | None = Field(description="when it was verified that nothing learned under it is left")


class ConsentGranted(ConsentShown):
    """A new consent with its token, which is shown this once."""

    token: str


def shown(consent: Consent, rooms: Rooms) -> ConsentShown:
    """A consent as the API shows it."""
    return ConsentShown(
        consent_id=consent.consent_id,
        person=consent.name,
        email=consent.email,
        platform=consent.platform,
        purposes=list(consent.purposes),
        status=consent.status(rooms.clock.now()),
        granted_at=consent.granted_at,
        expires_at=consent.expires_at,
        revoked_at=consent.revoked_at,
        cleared_at=consent.cleared_at,
    )


@router.post("", status_code=201, responses=documented(401, 409, 413, 422, 429, 503))
async def grant(principal: SignedIn, actor: Acting, rooms: Rooms, wanted: ConsentWanted) -> ConsentGranted:
    """Record a person's permission for one platform and some purposes."""
    check_speaks_for(principal, wanted.person)
    email = wanted.email or await _known_email(rooms, wanted.person)
    granted = await rooms.consents.grant(
        wanted.person,
        email=email,
        platform=wanted.platform,
        purposes=wanted.purposes,
        expires_at=wanted.expires_at or rooms.clock.now() + USUAL,
    )
    await rooms.audit.record("consent_granted", by=actor, target=granted.consent_id)
    return ConsentGranted(**shown(granted.consent, rooms).model_dump(), token=granted.token)


@router.get("", responses=documented(401, 422, 503))
async def list_consents(
    principal: SignedIn,
    rooms: Rooms,
    window: Paging,
    person: Annotated[str | None, Query(min_length=1, max_length=200)] = None,
) -> Page[ConsentShown]:
    """All consents that are yours to see, the newest first; ended ones too."""
    found = [one for one in await rooms.consents.list(person) if principal.is_admin or one.person == principal.person]
    part = found[window.offset : window.offset + window.limit]
    return window.page([shown(consent, rooms) for consent in part], len(found))


@router.get("/{consent_id}", responses=documented(401, 404, 422, 503))
async def read(principal: SignedIn, rooms: Rooms, consent_id: str) -> ConsentShown:
    """One consent."""
    return shown(check_consent(principal, await rooms.consents.get(consent_id)), rooms)


@router.delete("/{consent_id}", responses=documented(401, 404, 422, 503))
async def revoke(principal: SignedIn, actor: Acting, rooms: Rooms, consent_id: str) -> ConsentShown:
    """Withdraw a consent; what was imported and learned under it is deleted before this answers."""
    check_consent(principal, await rooms.consents.get(consent_id))
    await rooms.audit.record("consent_revoked", by=actor, target=consent_id)
    return shown(await rooms.consents.revoke(consent_id), rooms)


async def _known_email(rooms: Rooms, person: str) -> str:
    for consent in await rooms.consents.list(person):
        if consent.email:
            return consent.email
    raise InvalidConsentError("give an email: there is no earlier consent of this person that has one", field="email")
