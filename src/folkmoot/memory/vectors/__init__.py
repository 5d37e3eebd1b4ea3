"""Searching by meaning: passages as vectors of an embedding model, beside the search by words.

`embed.py` makes vectors in the background, `side.py` answers which passages are near a question. Where the vectors are
is a `Vectors`: in this process (`in_process.py`, rows in the database and one numpy matrix) or on a Qdrant server
(`qdrant.py`). Whether a person's texts may go to an embedding model elsewhere is asked before each batch.
"""

from folkmoot.memory.vectors.embed import Embedding, Progress
from folkmoot.memory.vectors.in_process import VectorsInProcess
from folkmoot.memory.vectors.model import Embedded, Embedder, Vectors
from folkmoot.memory.vectors.side import VectorSearch

__all__ = ["Embedded", "Embedder", "Embedding", "Progress", "VectorSearch", "Vectors", "VectorsInProcess"]
