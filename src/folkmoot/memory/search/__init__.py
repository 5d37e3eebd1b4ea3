"""How a search finds: by words in the database's index, by vectors where there is a model, fused by rank, and kept.

`find.py` is the act, `store.py` the index's SQL, `choose.py` which words of a question are looked up, `fuse.py` the
one ranking, `cache.py` the answers that are still true. Everything here is given scopes; none is ever added.
"""

from folkmoot.memory.search.cache import SearchCache
from folkmoot.memory.search.find import HybridSearch
from folkmoot.memory.search.fuse import Weights, fused

__all__ = ["HybridSearch", "SearchCache", "Weights", "fused"]
