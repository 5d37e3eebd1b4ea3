"""Knowledge an agent may search, guarded by scopes.

A passage belongs to one scope, and a search sees no scope that it was not given. A twin's passages carry the consent
they rest on and vanish with it. What people may see is decided by whoever asks; this room only never shows more.
"""

from folkmoot.memory.errors import InvalidPassageError, InvalidSearchError
from folkmoot.memory.index import KnowledgeIndex
from folkmoot.memory.model import Filters, Found, Passage, twin_scope

__all__ = ["Filters", "Found", "InvalidPassageError", "InvalidSearchError", "KnowledgeIndex", "Passage", "twin_scope"]
