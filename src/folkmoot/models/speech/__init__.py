"""Speech in and out, by a server that speaks OpenAI's audio protocol (SPEC E8): one's own or a service.

Both are optional, each by itself; `desk.py` says what is there and what would have to be set. What was recorded is
passed on and not kept. Which words are spoken is the caller's matter: what a twin said was permitted when it was said.
"""

from folkmoot.models.speech.desk import SpeechDesk
from folkmoot.models.speech.errors import SpeechError
from folkmoot.models.speech.model import SpeechSettings, SpeechState, Spoken, Transcript

__all__ = ["SpeechDesk", "SpeechError", "SpeechSettings", "SpeechState", "Spoken", "Transcript"]
