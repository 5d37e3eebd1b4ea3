"""OpenAI's chat API: `/v1/models` and `/v1/chat/completions` (SPEC J4).

A client of that API holds its conversation itself and sends all of it each time. So each request is a conversation of
its own here: its last message is the turn, what came before goes along as what was said earlier. `wanted.py` reads a
request, `completions.py` has it answered, `shapes.py` writes what goes out; `cut.py` ends an answer where the client
wants it ended, `rejoin.py` goes on where an answer was begun anew, `errors.py` is the form of errors.
"""

from folkmoot.interop.openai.completions import router
from folkmoot.interop.openai.errors import OpenAIErrors

__all__ = ["OpenAIErrors", "router"]
