"""The one way to Redis: a client by its URL, the names of keys, scripts that run inside it.

A URL may mean one server (`redis://`, `rediss://` with TLS), a set watched by Sentinels (`redis+sentinel://`) or a
Cluster (`redis+cluster://`). What is kept there is the business of the rooms above; they build every key by `keys.py`.
"""

from folkmoot.link.errors import BadRedisUrlError, LinkDownError, LinkError
from folkmoot.link.keys import Keys
from folkmoot.link.link import Link
from folkmoot.link.pipe import Pipe
from folkmoot.link.place import Place
from folkmoot.link.scripts import Scripts

__all__ = ["BadRedisUrlError", "Keys", "Link", "LinkDownError", "LinkError", "Pipe", "Place", "Scripts"]
