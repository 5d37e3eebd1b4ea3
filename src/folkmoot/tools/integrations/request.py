"""What goes in and out of one attempt to ask a service, and how patient a client is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import httpx

from folkmoot.tools.integrations.errors import IntegrationError

Expected = Literal["json", "nothing"]


@dataclass(frozen=True, kw_only=True)
class CallRules:
    """How patient a client is. `timeout` is for one attempt, `whole` for all of them with the waits between."""

    timeout: timedelta = timedelta(seconds=10)
    connect: timedelta = timedelta(seconds=5)
    whole: timedelta = timedelta(seconds=25)
    attempts: int = 4
    first_wait: timedelta = timedelta(seconds=0.5)
    longest_wait: timedelta = timedelta(seconds=8)
    largest_answer: int = 8 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is asked.

    `safe`: asking twice does what asking once does. `lasting`: what it does must be known of, so that giving up while
    it may have been done is no mere absence of the service.
    """

    method: str
    path: str
    safe: bool
    lasting: bool = False
    params: Mapping[str, str | int] | None = None
    json: Any = None
    form: Mapping[str, str] | None = None
    expected: Expected = "json"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer that is no refusal. `data` is the parsed body if JSON was expected, else empty."""

    status: int
    headers: httpx.Headers
    data: dict[str, Any]


class AttemptFailedError(Exception):
    """An attempt did not succeed.

    `error`: what a caller would get. `again`: another attempt may do what this one did not. `counts`: the service is at
    fault. `wait`: how long it wants to be left alone. `refused_key`: with another key than this it might do it.
    `reached`: the service itself was asked. `doubt`: it may have done it all the same.
    """

    def __init__(
        self,
        error: IntegrationError,
        *,
        again: bool,
        counts: bool,
        wait: timedelta | None = None,
        refused_key: str | None = None,
        reached: bool = True,
        doubt: bool = False,
    ) -> None:
        super().__init__(error.message)
        self.error = error
        self.refused_key = refused_key
        self.reached = reached
        self.doubt = doubt
        self.again = again
        self.counts = counts
        self.wait = wait
