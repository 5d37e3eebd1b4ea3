"""In whose name somebody converses: their own, or, for a program that signed in as administrator, a user of its own.

One's own account is known by its id or its name, which are one place; an administrator may name anybody by their id,
with or without an account here. Whom somebody else names is answered like one who is not there.
"""

from typing import ClassVar

from folkmoot.conversations import Speaker
from folkmoot.kernel import Family, FolkmootError
from folkmoot.security import Principal


class UnknownRoomError(FolkmootError):
    """There is no such user, or none whom the asker may speak for."""

    code: ClassVar[str] = "unknown_room"
    family: ClassVar[Family] = Family.NOT_FOUND


def speaker(principal: Principal, user_id: str | None = None) -> Speaker:
    """Who speaks, if `user_id` is asked for. Raises `UnknownRoomError`, `BadSayingError`."""
    if user_id is None:
        return Speaker(owner=principal.user_id, account=principal.user_id, anywhere=principal.is_admin)
    if user_id.casefold() in (principal.user_id.casefold(), principal.name.casefold()):
        return Speaker(owner=principal.user_id, account=principal.user_id)
    if not principal.is_admin:
        raise UnknownRoomError(
            f"there is no user {user_id[:60]!r} whom you may speak for; leave user_id out",
            user_id=user_id[:100],
        )
    return Speaker(owner=user_id, account=principal.user_id)


def viewer(principal: Principal) -> str | None:
    """Whose conversations somebody may see by their ids: their own, an administrator all."""
    return None if principal.is_admin else principal.user_id
