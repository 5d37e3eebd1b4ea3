"""A stream of chunks, made from what happens to an answer."""

from collections.abc import Iterator

from folkmoot.conversations import ChatMessage, Moment
from folkmoot.conversations.errors import AnswerFailedError
from folkmoot.conversations.model import Status
from folkmoot.interop.openai.cut import Cutter
from folkmoot.interop.openai.errors import fault
from folkmoot.interop.openai.rejoin import BegunAnewError, Rejoined
from folkmoot.interop.openai.shapes import AGENT, DONE, Chunks, beside
from folkmoot.interop.openai.wanted import Asked

_UNAVAILABLE = 503


class Telling:
    """Tells one client of one answer. `over`: nothing more is to be told."""

    def __init__(self, turn: Asked, chunks: Chunks) -> None:
        self._chunks = chunks
        self._with_usage = turn.with_usage
        self._cutter = Cutter(stops=turn.stops, most=turn.most)
        self._words = Rejoined()
        self._begun = False
        self._ended = False
        self.over = False

    def of(self, moment: Moment) -> Iterator[bytes]:
        """What to send when this happens."""
        try:
            new = self._new(moment)
        except (AnswerFailedError, BegunAnewError) as error:
            self.over = True
            yield self._chunks.fault(fault(error.message, status=_UNAVAILABLE, code=error.code))
            return
        settled = moment.message if moment.kind == "settled" else None
        if not self._begun and (new or settled):
            self._begun = True
            yield self._chunks.role()
        text = self._cutter.feed(new) + (self._cutter.finish() if settled else "")
        if text:
            yield self._chunks.text(text)
        if not self._ended and (settled or self._cutter.ended):
            self._ended = True
            yield self._chunks.end(self._cutter.ended or "stop", **({"folkmoot": beside(settled)} if settled else {}))
        if settled and self._with_usage:  # known at the end alone, also where the client wanted only the beginning
            yield self._chunks.usage(settled)
        if settled or (self._ended and not self._with_usage):
            self.over = True
            yield DONE

    def _new(self, moment: Moment) -> str:
        match moment.kind:
            case "routed":
                self._chunks.model = f"{AGENT}{moment.data['agent_id']}"
            case "reset":
                self._words.anew()
            case "chunk":
                return self._words.said(moment.text)
            case "settled" if moment.message is not None:
                check_answered(moment.message)
                return self._words.whole(moment.message.content)
        return ""


def check_answered(answer: ChatMessage) -> None:
    """Raise `AnswerFailedError` for an answer that is none."""
    if answer.status is not Status.ANSWERED:
        raise AnswerFailedError(
            answer.error or "the answer was stopped",
            conversation_id=answer.conversation_id,
            message_id=answer.message_id,
            cause=answer.details.get("error_code", str(answer.status)),
        )
