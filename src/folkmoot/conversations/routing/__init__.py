"""Which agent answers a user's message: a cascade of small stages behind one interface (SPEC E1).

`router.py` is that interface and keeps the trained classifiers; `view.py` asks the stages about one message
(`mention.py`, `keywords.py`, `classifier.py`) and `cascade.py`, a pure function, decides by what they found;
`ask_model.py` asks a language model about what stays unclear. What chances mean is learned in `train.py` with
`held_out.py` and `calibrate.py`; overrides pass the gate of `overrides.py`. Rows are written by `store.py`.
"""

from folkmoot.conversations.routing.ask_model import ModelStage
from folkmoot.conversations.routing.errors import BadRoutingFileError, NobodyToAnswerError, RoutingError
from folkmoot.conversations.routing.model import Alternative, Candidate, Decision, Utterance
from folkmoot.conversations.routing.router import Router

__all__ = [
    "Alternative",
    "BadRoutingFileError",
    "Candidate",
    "Decision",
    "ModelStage",
    "NobodyToAnswerError",
    "Router",
    "RoutingError",
    "Utterance",
]
