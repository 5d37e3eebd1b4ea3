"""What embedding takes, in the same book as all use of models: held of the budgets before, counted after."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from folkmoot.kernel import Clock, new_id
from folkmoot.models.model import ModelHandle
from folkmoot.models.spending import UsageLedger, Use
from folkmoot.models.spending.ledger import Ticket
from folkmoot.models.spending.prices import Tokens

_BYTES_A_TOKEN: Final = 4


@dataclass(frozen=True, kw_only=True)
class EmbeddingBook:
    """The page of one embedding model."""

    handle: ModelHandle
    ledger: UsageLedger
    clock: Clock

    async def begin(self, texts: Sequence[str]) -> Ticket:
        """Leave to embed `texts`. Raises `ModelBudgetExceededError`."""
        use = Use(
            usage_id=new_id(),
            at=self.clock.now(),
            kind="embed",
            model=self.handle.name,
            provider=self.handle.provider,
            # From above: a token has two bytes at least, save where each byte is one.
            input_tokens=sum(len(text.encode("utf-8", "replace")) for text in texts),
        )
        return await self.ledger.begin(use, handle=self.handle, wanted=1)

    def end(self, ticket: Ticket, texts: Sequence[str], *, tokens: int | None, outcome: str = "succeeded") -> None:
        """It came to its end; `tokens` is what the server says that it read, None if it does not say."""
        read = tokens
        if read is None:
            read = -(-sum(len(text.encode("utf-8", "replace")) for text in texts) // _BYTES_A_TOKEN)
        taken = (self.clock.now() - ticket.use.at).total_seconds()
        self.ledger.end(
            replace(
                ticket.use,
                input_tokens=read,
                cost=self.ledger.prices.cost(self.handle, Tokens(input=read)),
                duration_ms=max(round(taken * 1000), 0),
                outcome=outcome,
                estimated=tokens is None,
            )
        )
