"""Ending an answer where the client wants it ended: before a stop sequence, or after so many tokens. Pure.

What comes may be cut anywhere: a stop sequence can stand across the border of two pieces, so what may be the beginning
of one is held back until the next piece. Tokens are counted as words and signs, a long word as one for each four
letters: whichever model answers, its own count is of that size, and no tokenizer of anybody's is needed.
"""

import re
from collections.abc import Sequence
from typing import Final, Literal

_TOKEN: Final = re.compile(r"[^\W_]{1,4}|[^\w\s]|_")
_LETTERS: Final = 4


class Cutter:
    """Takes an answer in pieces and gives what may be said of it. `ended` says why nothing more comes."""

    def __init__(self, *, stops: Sequence[str] = (), most: int | None = None) -> None:
        self._stops = tuple(stops)
        self._most = most
        self._held = ""
        self._open = ""  # the last token, while it may still grow
        self._count = 0  # tokens before it
        self.ended: Literal["stop", "length"] | None = None

    def feed(self, text: str) -> str:
        """What may be said now."""
        if self.ended or not text:
            return ""
        pending = self._held + text
        found = [place for stop in self._stops if (place := pending.find(stop)) >= 0]
        if found:
            said, self._held = pending[: min(found)], ""
            ended: Literal["stop"] | None = "stop"
        else:
            held = self._may_begin(pending)
            said, self._held, ended = pending[: len(pending) - held], pending[len(pending) - held :], None
        return self._counted(said, ended)

    def finish(self) -> str:
        """The answer is over: what was held back was no stop sequence."""
        said, self._held = self._held, ""
        return "" if self.ended else self._counted(said, None)

    def _may_begin(self, pending: str) -> int:
        """How many letters at the end may be the beginning of a stop sequence."""
        longest = max((len(stop) for stop in self._stops), default=1) - 1
        for length in range(min(longest, len(pending)), 0, -1):
            if any(stop.startswith(pending[-length:]) for stop in self._stops):
                return length
        return 0

    def _counted(self, said: str, ended: Literal["stop"] | None) -> str:
        self.ended = ended
        if self._most is None:
            return said
        looked_at = self._open + said
        tokens = list(_TOKEN.finditer(looked_at))
        room = self._most - self._count
        if len(tokens) > room:
            self.ended = "length"
            return looked_at[len(self._open) : tokens[room].start()].rstrip() if room else ""
        self._open = ""
        if tokens and tokens[-1].end() == len(looked_at) and tokens[-1].group().isalnum():
            last = tokens.pop()
            self._open = last.group() if len(last.group()) < _LETTERS else ""
            self._count += not self._open
        self._count += len(tokens)
        return said
