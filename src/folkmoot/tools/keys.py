"""The key of a call: the same whenever the same call is made again for the same message."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping

from folkmoot.kernel import JsonValue


class CallRun:
    """The calls that one handling of one message leads to. `cause` is the message's id.

    A message may be handled again, after a crash or a failure: its calls then have the keys they had before. Two equal
    calls within one run are two calls.
    """

    def __init__(self, cause: str) -> None:
        self.cause = cause
        self.keys: set[str] = set()
        self._made: Counter[str] = Counter()

    def key(self, tool: str, plain: Mapping[str, JsonValue]) -> str:
        """The key of the next call of `tool` with these arguments."""
        same = json.dumps([tool, plain], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        ordinal, self._made[same] = self._made[same], self._made[same] + 1
        whole = json.dumps([self.cause, same, ordinal], ensure_ascii=False).encode("utf-8", "surrogatepass")
        key = f"call_{hashlib.sha256(whole).hexdigest()}"
        self.keys.add(key)
        return key
