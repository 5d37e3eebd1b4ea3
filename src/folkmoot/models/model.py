"""The nouns of this room: settings, a resolved model, a turn, an answer and what it cost."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """What the providers need to know. Secrets are left out of `repr`."""

    model: str = "auto"  # what an agent without a model of its own uses
    openai_api_key: str | None = field(default=None, repr=False)
    openai_base_url: str | None = None  # any OpenAI-compatible server; OpenAI itself if None
    openai_model: str | None = None  # what `openai` without a name means
    ollama_host: str = "http://127.0.0.1:11434"  # as OLLAMA_HOST is written: scheme and port may be left out
    timeout: timedelta = timedelta(seconds=60)  # for one answer, its tool calls and repetitions included
    retries: int = 2  # repetitions of a request that failed for a passing reason
    probe_timeout: timedelta = timedelta(milliseconds=500)  # for finding out whether an Ollama is there
    probe_memory: timedelta = timedelta(seconds=30)  # how long what was found out holds


@dataclass(frozen=True, kw_only=True)
class ModelHandle:
    """One model that can be asked.

    `offline` decides nothing and only quotes. `remote`: what it is told leaves this machine and its private network,
    which a twin's texts may do only with consent.
    """

    name: str  # as one would write it again: `provider:model`, or `offline`
    provider: str
    model: str
    offline: bool
    remote: bool
    url: str | None = None  # of its server, by which its prices are found


@dataclass(frozen=True, kw_only=True)
class ModelState:
    """A provider, what its bare name means now, and how it is: `ok`, `down` or `not_configured`, and why."""

    provider: str
    handle: ModelHandle | None = None
    status: str = "ok"
    detail: str | None = None
    default: bool = False
    models: tuple[str, ...] = ()


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
    """What a model said. `model` names the one that really answered."""

    text: str
    model: str
    usage: Usage = Usage()
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Caller:
    """For whom a model is asked: what usage is counted by and budgets hold for. None where there is none."""

    agent_id: str | None = None
    user_id: str | None = None
    conversation_id: str | None = None
    workflow_id: str | None = None
