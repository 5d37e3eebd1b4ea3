"""The registry on a Redis that servers and hosts on many machines share.

What is kept of an agent is one JSON text; sets are its index. A change is computed here from what was read, and a
script writes text, index, presence and the news of the change in one step, if the text is still the one that was read.
"""

from folkmoot.registry.on_redis.registry import RedisRegistry

__all__ = ["RedisRegistry"]
