"""Whose a budget is.

People name a user by name or id. Use is counted by ids, so a name that were kept as it is would bound nobody.
"""

from folkmoot.models.errors import BudgetInvalidError
from folkmoot.models.spending import Subject
from folkmoot.security import UserDesk


async def bounded(users: UserDesk, subject: Subject, named: str) -> str:
    """What use is counted by; raises `BudgetInvalidError` for a user who is not there."""
    if subject is not Subject.USER or not named:
        return named
    accounts, _ = await users.list()
    if any(one.user_id == named for one in accounts):
        return named
    found = await users.named(named)
    if found is None:
        raise BudgetInvalidError(
            f"there is no user '{named}'; `folkmoot user ls` shows who there is", field="subject_id"
        )
    return found.user_id
