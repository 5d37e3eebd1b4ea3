"""The one place by which a service is called: every client of this folder goes through `Calls`.

Here are the breaker, repeating, pages and the log; one attempt stands in `exchange.py`. A call is repeated

- when it surely was not taken: no connection was made, or the service said that it takes no more now (429);
- after any other passing fault only if it is `safe`: it reads, or a key makes the second time the same as the first.

An unsafe call whose answer is lost raises `OutcomeUnknownError`. Waits grow twofold with jitter; a `Retry-After` is
kept to, and if it is longer than a caller should wait, everybody leaves the service alone until then.
"""

import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from datetime import timedelta
from typing import Any, Final, TypeVar

from folkmoot.kernel import Clock
from folkmoot.kernel.breaker import Breaker, BreakerState
from folkmoot.telemetry import get_logger
from folkmoot.tools.integrations.dialect import Dialect
from folkmoot.tools.integrations.errors import (
    IntegrationError,
    OutcomeUnknownError,
    ServiceAnswerInvalidError,
    ServiceDownError,
    ServiceForbiddenError,
    ServiceRefusedError,
    ServiceRestingError,
)
from folkmoot.tools.integrations.exchange import Exchange
from folkmoot.tools.integrations.keys import Key
from folkmoot.tools.integrations.request import AttemptFailedError, CallRules, Expected, Reply, Wanted
from folkmoot.tools.integrations.standing import Standing

_MOST_PAGES: Final = 10_000
_LONGEST_GATE: Final = timedelta(hours=1)
_log = get_logger("folkmoot.integrations")

Done = TypeVar("Done")


class Calls:
    """Calls to one service. After `close` the next call opens connections anew."""

    def __init__(
        self,
        *,
        service: str,
        url: str,
        key: Key | None,
        clock: Clock,
        dialect: Dialect,
        rules: CallRules | None = None,
    ) -> None:
        self.service = service
        self._key = key
        self._clock = clock
        self._rules = rules or CallRules()
        self._exchange = Exchange(service=service, url=url, key=key, clock=clock, dialect=dialect, rules=self._rules)
        self.breaker = Breaker(refuse=self._resting, clock=clock, tell=self._log_breaker)
        self.standing = Standing(clock=clock, breaker=self.breaker)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        safe: bool | None = None,
        lasting: bool = False,
        params: Mapping[str, str | int] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        expected: Expected = "json",
    ) -> Reply:
        """Call until it is answered, as far as that does no harm. Unless said otherwise, `GET` alone is `safe`.

        Raises the case of `IntegrationError` that fits; `OutcomeUnknownError` for a safe call only if it is `lasting`.
        """
        wanted = Wanted(
            method=method,
            path=path,
            safe=method == "GET" if safe is None else safe,
            lasting=lasting,
            params=params,
            json=json,
            form=form,
            expected=expected,
        )
        return await self._repeat(wanted, lambda refused: self._exchange.ask(wanted, refused=refused))

    async def pages(
        self, path: str, *, items: str, after: str, next_page: str, params: Mapping[str, str | int] | None = None
    ) -> AsyncIterator[dict[str, Any]]:
        """Every object of a list that comes in pages.

        `items` is the list's name in an answer, `next_page` the dotted path of the following page's mark, `after` the
        parameter by which that mark is sent back. A mark that comes twice raises `ServiceAnswerInvalidError`.
        """
        seen: set[str] = set()
        mark: str | None = None
        while len(seen) < _MOST_PAGES:
            data = (await self.ask("GET", path, params={**(params or {}), **({after: mark} if mark else {})})).data
            for one in self.listed(data, items):
                yield one
            mark = _at(data, next_page)
            if not mark:
                return
            if mark in seen:
                break
            seen.add(mark)
        raise ServiceAnswerInvalidError(
            f"{self.service} lists {path} without an end: a page names an earlier one as the next", service=self.service
        )

    async def download(self, path: str, *, params: Mapping[str, str | int], largest: int) -> AsyncGenerator[bytes]:
        """The pieces of a large answer, none kept here. What breaks in the middle raises, and is not repeated."""
        wanted = Wanted(method="GET", path=path, safe=True, params=params)
        response = await self._repeat(wanted, lambda refused: self._exchange.open(wanted, refused=refused))
        try:
            async with aclosing(self._exchange.pieces(response, largest)) as pieces:
                async for piece in pieces:
                    yield piece
        except ServiceDownError as error:
            self.breaker.failed()
            self._failed(wanted, error, attempts=1)
            raise

    def listed(self, data: Mapping[str, Any], items: str) -> list[dict[str, Any]]:
        """The list `items` of an answer; none is an empty one. Raises `ServiceAnswerInvalidError` for another shape."""
        found = data.get(items)
        if found is None:
            return []
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise ServiceAnswerInvalidError(
                f"{self.service} answered without a list of {items!r} where one was expected", service=self.service
            )
        return found

    def text(self, data: Mapping[str, Any], *path: str) -> str:
        """The text at `path` of an answer. Raises `ServiceAnswerInvalidError` if there is none."""
        found = _at(data, ".".join(path))
        if found is None:
            raise ServiceAnswerInvalidError(
                f"{self.service} answered without {'.'.join(path)!r}, which its API promises", service=self.service
            )
        return found

    async def close(self) -> None:
        """Close the connections."""
        await self._exchange.close()
        if self._key is not None:
            await self._key.close()

    async def _repeat(self, wanted: Wanted, attempt: Callable[[str | None], Awaitable[Done]]) -> Done:
        deadline = self._clock.monotonic() + self._rules.whole.total_seconds()
        attempts, doubt = 0, False
        refused: str | None = None
        while True:
            attempts += 1
            try:
                done = await self._passing(attempt, refused)
            except ServiceRestingError as resting:
                if wanted.lasting and doubt:
                    raise self._in_doubt(resting) from resting
                raise
            except AttemptFailedError as failed:
                doubt = doubt or failed.doubt
                if failed.refused_key and refused is None and self._key is not None and self._key.renewable:
                    refused, attempts = failed.refused_key, attempts - 1
                    continue
                wait = self._wait(attempts, failed)
                if wait is None or self._clock.monotonic() + wait.total_seconds() > deadline:
                    said_no = isinstance(failed.error, ServiceRefusedError | ServiceForbiddenError)
                    error = self._in_doubt(failed.error) if wanted.lasting and doubt and not said_no else failed.error
                    self._failed(wanted, error, attempts)
                    raise error from failed.__cause__
                await self._clock.sleep(wait)
            else:
                self.standing.answered()
                return done

    def _in_doubt(self, error: IntegrationError) -> OutcomeUnknownError:
        return OutcomeUnknownError(
            f"{error.message}; what it was asked for before may have been done, look there first", **error.fields
        )

    async def _passing(self, attempt: Callable[[str | None], Awaitable[Done]], refused: str | None) -> Done:
        """One attempt through the breaker."""
        self.breaker.enter()
        try:
            done = await attempt(refused)
        except AttemptFailedError as failed:
            if failed.counts:
                self.breaker.failed()
            elif not failed.reached or failed.refused_key is not None:
                self.breaker.leave()  # that says nothing of how the service is
            else:
                self.breaker.succeeded()
            raise
        except BaseException:
            self.breaker.leave()
            raise
        self.breaker.succeeded()
        return done

    def _wait(self, attempts: int, failed: AttemptFailedError) -> timedelta | None:
        """How long to wait before the next attempt; None if there is none."""
        rules = self._rules
        if failed.wait is not None and failed.wait > rules.longest_wait:
            self.breaker.rest(min(failed.wait, _LONGEST_GATE))
            return None
        if not failed.again or attempts >= rules.attempts or self.breaker.state is BreakerState.OPEN:
            return None
        grown: timedelta = min(rules.first_wait * 2 ** (attempts - 1), rules.longest_wait) * random.uniform(0.5, 1.0)
        return max(grown, failed.wait + rules.first_wait * random.uniform(0.0, 0.2)) if failed.wait else grown

    def _failed(self, wanted: Wanted, error: IntegrationError, attempts: int) -> None:
        if isinstance(error, ServiceRefusedError | ServiceForbiddenError):
            self.standing.answered()  # it is there, and it said no to what it was given
            log = _log.debug
        else:
            self.standing.failed(error)
            log = _log.warning
        log(
            "a call to a service failed",
            service=self.service,
            method=wanted.method,
            code=error.code,
            error=error.message,
            attempts=attempts,
        )

    def _resting(self, wait: timedelta) -> ServiceRestingError:
        return ServiceRestingError(
            f"{self.service} failed too often and is left alone; it is tried again in {round(wait.total_seconds())} s",
            service=self.service,
            retry_after=round(wait.total_seconds(), 3),
        )

    def _log_breaker(self, state: BreakerState) -> None:
        (_log.warning if state is BreakerState.OPEN else _log.info)("breaker", service=self.service, state=state.value)


def _at(data: Any, path: str) -> str | None:
    """The text at a dotted path of an answer, None if there is none."""
    for name in path.split("."):
        data = data.get(name) if isinstance(data, dict) else None
    if isinstance(data, int) and not isinstance(data, bool):
        return str(data)
    return data if isinstance(data, str) and data else None
