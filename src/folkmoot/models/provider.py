"""What a provider of models promises; the providers themselves are in `providers/`."""

from typing import Any, Protocol


class Provider(Protocol):
    """A place where models are: a service, a server on this machine, or nothing at all."""

    @property
    def name(self) -> str:
        """What stands before the colon in a model's name."""
        ...

    @property
    def offline(self) -> bool:
        """True for the provider that needs nothing and decides nothing."""
        ...

    @property
    def url(self) -> str | None:
        """Where its server is, by which prices are found; None if there is none."""
        ...

    async def default_model(self) -> str | None:
        """The model that the provider's bare name means; None if the provider is not there or not configured.

        Answers within a short time-out and raises nothing for an absent server: `auto` then looks further.
        """
        ...

    async def models(self) -> list[str]:
        """The models that its server lists; empty if it lists none or is not there."""
        ...

    def why_not(self) -> str | None:
        """What is missing before this provider can be asked, as a sentence with the remedy; None if nothing is."""
        ...

    def remote(self, model: str) -> bool:
        """Whether what `model` is told leaves this machine and its private network. In doubt, yes."""
        ...

    async def sees(self, model: str) -> bool | None:
        """Whether `model` takes images, as far as its server says; None leaves it to what is known of its family."""
        ...

    def build(self, model: str) -> Any:
        """A `pydantic_ai.models.Model` that repeats nothing itself. Imports heavy libraries: call it in a thread."""
        ...

    async def close(self) -> None:
        """Give back connections; calls to models built before fail afterwards."""
        ...
