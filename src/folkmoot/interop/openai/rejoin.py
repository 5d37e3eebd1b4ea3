"""Going on with a stream after its answer was begun anew. Pure.

What was sent cannot be taken back. An answer that is made again mostly begins with the same words: those are passed
over. One that begins otherwise cannot be joined to what the client has.
"""

from typing import ClassVar

from folkmoot.kernel import Family, FolkmootError


class BegunAnewError(FolkmootError):
    """The answer was made again and says something else: what was sent of it is void."""

    code: ClassVar[str] = "answer_begun_anew"
    family: ClassVar[Family] = Family.UNAVAILABLE


class Rejoined:
    """Pieces of an answer, over its attempts: each letter once."""

    def __init__(self) -> None:
        self.sent = ""
        self._again: str | None = None

    def anew(self) -> None:
        """What came before is void; the answer begins again."""
        self._again = ""

    def said(self, text: str) -> str:
        """What of a piece is new. Raises `BegunAnewError`."""
        if self._again is None:
            self.sent += text
            return text
        self._again += text
        if self.sent.startswith(self._again) and self._again != self.sent:
            return ""
        return self._joined(self._again)

    def whole(self, text: str) -> str:
        """The answer is settled as this: what of it was not sent. Raises `BegunAnewError`."""
        return self._joined(text)

    def _joined(self, whole: str) -> str:
        if not whole.startswith(self.sent):
            raise BegunAnewError("the answer was begun anew and says something else than was sent of it; ask again")
        rest, self.sent, self._again = whole[len(self.sent) :], whole, None
        return rest
