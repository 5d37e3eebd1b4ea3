"""What was said before: found by its words, and taken along as a file (SPEC E4).

`archive.py` is the counter, `search.py` what a search asks for and shows, `markdown.py` the form in which text that
people and agents wrote stands safely in a file; `full_text.py` of the room above keeps the index.
"""

from folkmoot.conversations.archive.archive import Archive, Export
from folkmoot.conversations.archive.search import Found

__all__ = ["Archive", "Export", "Found"]
