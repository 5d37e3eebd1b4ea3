"""Knowledge an agent may search, guarded by scopes, and memory that agents share.

A passage belongs to one scope, and a search sees no scope that it was not given. `desk.py` decides which those are:
the agent's by its role, as far as the asking person may see them too. A twin's passages carry the consent they rest on
and vanish with it. `search/` finds, `vectors/` searches by meaning, `shared/` is what agents tell each other by key.
"""

from folkmoot.memory.desk import KnowledgeDesk
from folkmoot.memory.errors import InvalidPassageError, InvalidSearchError
from folkmoot.memory.index import KnowledgeIndex
from folkmoot.memory.model import Filters, Findings, Found, Passage, twin_scope
from folkmoot.memory.scopes import RoleScopes

__all__ = [
    "Filters",
    "Findings",
    "Found",
    "InvalidPassageError",
    "InvalidSearchError",
    "KnowledgeDesk",
    "KnowledgeIndex",
    "Passage",
    "RoleScopes",
    "twin_scope",
]
