"""What a consent is, and when it holds. Pure: rows are in `tables.py`, the acts in `ledger.py` and `gate.py`."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, TypeAlias

from folkmoot.consent.errors import InvalidConsentError

NAME_LIMIT = 200
EMAIL_LIMIT = 254

_PLATFORM = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")

ConsentStatus: TypeAlias = Literal["live", "expired", "revoked"]


class Purpose(StrEnum):
    """What may be done with a person's texts."""

    IMPORT = "import"  # store them and let their twin search them
    PROFILE = "profile"  # learn skills, style and habits from them
    TRAIN = "train"  # train an adapter on them
    CHAT = "chat"  # let the twin answer others with them
    REMOTE_MODEL = "remote_model"  # send them to a model outside this machine or network


@dataclass(frozen=True, kw_only=True)
class Consent:
    """One permission, as it is read. Times are aware, UTC."""

    consent_id: str
    person: str  # the key: see `person_key`
    name: str  # as the person writes it
    email: str  # empty once the consent has ended
    platform: str
    purposes: tuple[Purpose, ...]
    granted_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    ended_at: datetime | None = None  # when the derived rows were deleted
    cleared_at: datetime | None = None  # when it was verified that nothing derived is left anywhere

    def status(self, now: datetime) -> ConsentStatus:
        """Whether it holds at `now`; what ended it first is what counts."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at <= now else "live"

    def is_live(self, now: datetime) -> bool:
        return self.status(now) == "live"


def person_key(name: str) -> str:
    """What a person is found by: `" John  SMITH"` and `"John Smith"` are one person, `john smith`.

    Raises `InvalidConsentError` for a name that is empty, too long or holds control characters.
    """
    shown = display_name(name)
    return unicodedata.normalize("NFKC", shown).casefold()


def display_name(name: str) -> str:
    """The name as it is shown: single blanks, nothing around it. Raises as `person_key` does."""
    shown = " ".join(unicodedata.normalize("NFC", name).split())
    if not shown:
        raise InvalidConsentError("the person's name is empty; give it as in 'John Smith'", field="person")
    if len(shown) > NAME_LIMIT:
        raise InvalidConsentError(f"the person's name is longer than {NAME_LIMIT} characters", field="person")
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in shown):
        raise InvalidConsentError("the person's name holds a control character", field="person")
    return shown


def checked_platform(platform: str) -> str:
    """The platform's name in lower case, or `InvalidConsentError`."""
    name = platform.strip().casefold()
    if not _PLATFORM.fullmatch(name):
        raise InvalidConsentError(
            f"'{platform[:60]}' is not a platform's name; it is one word such as whatsapp, linkedin or git",
            field="platform",
        )
    return name


def checked_email(email: str) -> str:
    """The address without blanks around it, or `InvalidConsentError`."""
    address = email.strip()
    if len(address) > EMAIL_LIMIT or not address.isprintable() or not _EMAIL.fullmatch(address):
        raise InvalidConsentError(
            f"'{email[:60]}' is not an e-mail address; an example is john@company.com", field="email"
        )
    return address


def checked_purposes(purposes: Iterable[str]) -> tuple[Purpose, ...]:
    """The purposes without repetition in their fixed order, or `InvalidConsentError`."""
    asked = set(purposes)
    unknown = sorted(asked - {purpose.value for purpose in Purpose})
    if unknown or not asked:
        what = f"'{unknown[0][:60]}' is not a purpose" if unknown else "a consent needs at least one purpose"
        raise InvalidConsentError(f"{what}; choose among {', '.join(Purpose)}", field="purposes")
    return tuple(purpose for purpose in Purpose if purpose.value in asked)
