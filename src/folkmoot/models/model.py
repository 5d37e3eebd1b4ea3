"""The nouns of this room: settings, a resolved model, a turn, an answer and what it cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

EVERY: Final = "*"  # in limits: each provider that is not named


@dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """What the providers need to know. Secrets are left out of `repr`."""

    model: str = "auto"  # what an agent without a model of its own uses
    openai_api_key: str | None = field(default=None, repr=False)
    openai_base_url: str | None = None  # any OpenAI-compatible server; OpenAI itself if None
    openai_model: str | None = None  # what `openai` without a name means
    ollama_host: str = "http://127.0.0.1:11434"  # as OLLAMA_HOST is written: scheme and port may be left out
    anthropic_api_key: str | None = field(default=None, repr=False)
    anthropic_base_url: str | None = None
    google_api_key: str | None = field(default=None, repr=False)
    google_base_url: str | None = None
    text_only: frozenset[str] = frozenset()  # names of models that see no images, beside those known for it
    timeout: timedelta = timedelta(seconds=60)  # for one answer of one model, its tool calls and repetitions included
    first_token: timedelta = timedelta(seconds=45)  # for a stream to begin
    next_token: timedelta = timedelta(seconds=30)  # between two tokens of a stream
    retries: int = 2  # repetitions of a request that failed for a passing reason
    per_minute: Mapping[str, int] = field(default_factory=dict)  # requests by provider; `EVERY` for those not named
    at_once: Mapping[str, int] = field(default_factory=dict)  # requests on their way, likewise
    limit_wait: timedelta = timedelta(seconds=10)  # how long a request waits for its turn under those limits
    breaker_threshold: int = 5  # faults in a row after which a model is left alone
    breaker_rest: timedelta = timedelta(seconds=30)  # for so long at first
    probe_timeout: timedelta = timedelta(milliseconds=500)  # for finding out whether an Ollama is there
    probe_memory: timedelta = timedelta(seconds=30)  # how long what was found out holds


@dataclass(frozen=True, kw_only=True)
class ModelHandle:
    """One model that can be asked, or a chain of them of which each is asked when those before it cannot answer.

    `offline` decides nothing and only quotes. `remote`: what it is told may leave this machine and its private network,
    which a twin's texts may do only with consent. A chain is remote if any model of it is, whatever it is made with:
    who looks at `remote` sees every model that may come to be asked, and `nearby` is the way to leave some out.
    """

    name: str  # as one would write it again: `provider:model`, `offline`, or several with commas
    provider: str  # of a chain, the first's; so are `model` and `url`
    model: str
    offline: bool
    remote: bool
    url: str | None = None  # of its server, by which its prices are found
    chain: tuple["ModelHandle", ...] = ()  # the models in the order in which they are asked; empty for a single one

    def __post_init__(self) -> None:
        if any(one.remote for one in self.chain):
            object.__setattr__(self, "remote", True)

    @property
    def members(self) -> tuple["ModelHandle", ...]:
        """The models that may be asked, in order; a single one is its own only member."""
        return self.chain or (self,)

    def nearby(self) -> "ModelHandle | None":
        """The models of it whose texts stay within this network, None if there is none."""
        return chain_of([one for one in self.members if not one.remote])

    def deciding(self) -> "ModelHandle | None":
        """The models of it that make typed decisions, None if there is none."""
        return chain_of([one for one in self.members if not one.offline])


def chain_of(members: Sequence[ModelHandle]) -> ModelHandle | None:
    """One handle for models in the order in which they are to be asked, each once; None for no model."""
    once = tuple({one.name: one for one in members}.values())
    if len(once) < 2:  # noqa: PLR2004  # one model is no chain
        return once[0] if once else None
    first = once[0]
    return ModelHandle(
        name=", ".join(one.name for one in once),
        provider=first.provider,
        model=first.model,
        offline=all(one.offline for one in once),
        remote=any(one.remote for one in once),
        url=first.url,
        chain=once,
    )


@dataclass(frozen=True, kw_only=True)
class ModelState:
    """A provider, what its bare name means now, and how it is: `ok`, `down` or `not_configured`, and why."""

    provider: str
    handle: ModelHandle | None = None
    status: str = "ok"
    detail: str | None = None
    default: bool = False
    models: tuple[str, ...] = ()
    limits: "ProviderLimits | None" = None


@dataclass(frozen=True, kw_only=True)
class ProviderLimits:
    """What a provider is asked at most, and how much of that is in use; None is without limit."""

    per_minute: int | None
    at_once: int | None
    last_minute: int
    on_their_way: int
    waiting: int


@dataclass(frozen=True, kw_only=True)
class ModelReport:
    """How one model was, as far as asking it showed since the start; seconds are of the latest few hundred requests.

    `breaker`: `closed`, `open` (left alone for `rests_for`), `half-open`. `fallbacks`: how often a chain went on to its
    next model from here.
    """

    handle: ModelHandle
    breaker: str = "closed"
    rests_for: timedelta = timedelta()
    requests: int = 0
    failed: int = 0
    repeated: int = 0
    fallbacks: int = 0
    seconds_median: float | None = None
    seconds_p95: float | None = None
    first_token_median: float | None = None
    first_token_p95: float | None = None
    answered_at: datetime | None = None
    failed_at: datetime | None = None
    fault: str | None = None


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file that goes along with a question: an image, or text. `data` are its bytes."""

    name: str
    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One earlier utterance of a conversation."""

    role: Literal["user", "agent"]
    text: str


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much one answer may use; None is without limit. `turns` counts requests to the model, `cost` is in USD."""

    tokens: int | None = None
    cost: float | None = None
    turns: int | None = None


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What one answer used."""

    input_tokens: int = 0
    output_tokens: int = 0
    requests: int = 0
    tool_calls: int = 0


@dataclass(frozen=True, kw_only=True)
class Source:
    """A text that the model was shown while it answered, and where it comes from."""

    text: str
    source: str
    score: float = 0.0
    id: str = ""  # what the knowledge calls it


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a model said. `model` is what the one that really answered calls itself, `by` that model as we know it."""

    text: str
    model: str
    usage: Usage = Usage()
    sources: tuple[Source, ...] = ()
    by: ModelHandle | None = None


@dataclass(frozen=True, kw_only=True)
class Caller:
    """For whom a model is asked: what usage is counted by and budgets hold for. None where there is none."""

    agent_id: str | None = None
    user_id: str | None = None
    conversation_id: str | None = None
    workflow_id: str | None = None
