"""Parts that a line does not have: they are there, and say what is missing when they are used."""

from collections.abc import Collection, Sequence
from typing import NoReturn

from folkmoot.agents.errors import NotConfiguredError
from folkmoot.consent import Consent, Purpose
from folkmoot.memory import Filters, Found


class NoKnowledge:
    """No documents: only a workplace with a database has them."""

    async def search(
        self,
        query: str,  # noqa: ARG002  # the promise's
        *,
        scopes: Collection[str],  # noqa: ARG002  # the promise's
        limit: int = 10,  # noqa: ARG002  # the promise's
        filters: Filters | None = None,  # noqa: ARG002  # the promise's
    ) -> Sequence[Found]:
        _missing("knowledge")


class NoConsents:
    """Nothing says what a person permitted, so nothing may be done in a person's name."""

    async def live(self, person: str, purpose: Purpose) -> list[Consent]:  # noqa: ARG002  # the promise's
        _missing("record of consents")


def _missing(part: str) -> NoReturn:
    raise NotConfiguredError(
        f"this line has no {part}, which stands in the workplace's database; set DATABASE_URL to it", part=part
    )
