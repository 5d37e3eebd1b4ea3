"""The provider that needs nothing; what its model does is in `quoting_model.py`, which is imported when it is used."""

from typing import Any


class Offline:
    """Always there, never remote: it quotes what the agent knows."""

    name = "offline"
    offline = True
    url: str | None = None

    async def default_model(self) -> str | None:
        return "offline"

    async def models(self) -> list[str]:
        return ["offline"]

    def why_not(self) -> str | None:
        return None

    def remote(self, model: str) -> bool:  # noqa: ARG002  # the promise of `Provider`
        return False

    async def sees(self, model: str) -> bool | None:  # noqa: ARG002  # the promise of `Provider`
        return False

    def build(self, model: str) -> Any:  # noqa: ARG002  # there is only one
        from folkmoot.models.providers.quoting_model import QuotingModel  # noqa: PLC0415  # pydantic-ai takes seconds

        return QuotingModel()

    async def close(self) -> None:
        return
