"""Conversations: what people say to agents, who answers, and that nothing said is lost.

`desk.py` is the counter: a turn is accepted there once its rows are durable, and is answered by a run of its own
(`answering.py`) whether anybody waits or not. A run picks the agent (`routing/`), asks it by message, and keeps its
words as they come; `lobby.py` tells whoever listens. Rows are in `store.py`, versions and branches in `branch.py`.
What an agent does to answer is the agents' business.
"""

from folkmoot.conversations.desk import ConversationDesk
from folkmoot.conversations.errors import ConversationError, UnknownConversationError
from folkmoot.conversations.lobby import Lobby
from folkmoot.conversations.model import Before, ChatMessage, Conversation, Mark, Moment, Saying, Speaker, Upload

__all__ = [
    "Before",
    "ChatMessage",
    "Conversation",
    "ConversationDesk",
    "ConversationError",
    "Lobby",
    "Mark",
    "Moment",
    "Saying",
    "Speaker",
    "UnknownConversationError",
    "Upload",
]
