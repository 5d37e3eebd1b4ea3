"""Which workplace a program means: a Redis, a server, or the house in its own home."""

import os
from dataclasses import dataclass

from folkmoot.assembly.joining import owner_of
from folkmoot.assembly.lines.embedded import embedded_line
from folkmoot.assembly.lines.errors import NoMailHereError
from folkmoot.assembly.lines.keep import is_open
from folkmoot.assembly.lines.line import LinePlace
from folkmoot.assembly.lines.on_redis import redis_line
from folkmoot.assembly.mail import redis_place
from folkmoot.assembly.settings import Settings, load_settings
from folkmoot.home import Home


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a program said of the place: arguments go before the settings, those before the environment."""

    redis_url: str | None = None
    url: str | None = None
    token: str | None = None
    settings: Settings | None = None


@dataclass(frozen=True, kw_only=True)
class ServerPlace:
    """A server that runs: what it is asked goes over HTTP. `where` names it to people."""

    where: str
    url: str | None
    token: str | None
    settings: Settings


async def choose(wanted: Wanted) -> LinePlace | ServerPlace:
    """The place that is meant: Redis before a server's URL, before the server of the home, before the home itself.

    Raises `WrongSettingError`.
    """
    settings = _settings(wanted)
    if settings.redis_url is not None and wanted.url is None:
        return _redis(settings)
    url = wanted.url or os.environ.get("FOLKMOOT_URL")
    if url:
        return ServerPlace(where=url, url=url, token=wanted.token, settings=settings)
    home = Home(settings.home)
    own = LinePlace(key=("home", home.folder), opening=lambda: embedded_line(settings))
    owner = None if is_open(own) else await owner_of(home)
    if owner is not None and owner.url is not None:
        return ServerPlace(where=owner.url, url=None, token=None, settings=settings)
    return own


async def choose_line(wanted: Wanted) -> LinePlace:
    """The same for who takes mail. Raises `NoMailHereError` where a server has the home, which keeps its mail."""
    place = await choose(wanted)
    if isinstance(place, ServerPlace):
        raise NoMailHereError(
            f"the workplace is that of the server at {place.where}, and agents of another process get no mail from it; "
            "set REDIS_URL for both, let the server host the agent, or take another FOLKMOOT_HOME",
            url=place.where,
        )
    return place


def _settings(wanted: Wanted) -> Settings:
    if wanted.settings is None:
        return load_settings(redis_url=wanted.redis_url)
    if wanted.redis_url is None:
        return wanted.settings
    from pydantic import SecretStr

    return wanted.settings.model_copy(update={"redis_url": SecretStr(wanted.redis_url)})


def _redis(settings: Settings) -> LinePlace:
    place = redis_place(settings)
    return LinePlace(key=("redis", str(place), place.username), opening=lambda: redis_line(settings))
