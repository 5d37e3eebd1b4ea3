"""The line over Redis: programs and servers on many machines that name the same one are one workplace."""

from contextlib import AbstractAsyncContextManager

from folkmoot.assembly.lines.errors import NoRedisLineError
from folkmoot.assembly.lines.line import Line
from folkmoot.assembly.settings import Settings


def redis_line(settings: Settings) -> AbstractAsyncContextManager[Line]:
    """Open while the block runs; `settings.redis_url` names the place. Raises `NoRedisLineError`."""
    assert settings.redis_url is not None
    raise NoRedisLineError("agents cannot join by Redis in this version; unset REDIS_URL to stay in one process")
