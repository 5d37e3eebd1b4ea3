"""`MessageSender`: a program that is no agent sends, asks and finds (SPEC A8)."""

from folkmoot.agents.sender import Sender
from folkmoot.assembly.lines.choose import Wanted
from folkmoot.assembly.lines.join import Membership
from folkmoot.assembly.settings import Settings
from folkmoot.kernel import new_id


class MessageSender(Sender):
    """Joins by `redis_url` or REDIS_URL; else speaks HTTP to `url`, FOLKMOOT_URL or the server of FOLKMOOT_HOME; else
    opens that home in this process, where it meets the agents of this program.

    `sender_id` is in whose name it sends, by default an id of its own. Over HTTP with a user's `token`, that is
    `user:<user_id>`.
    """

    def __init__(
        self,
        redis_url: str | None = None,
        *,
        url: str | None = None,
        token: str | None = None,
        sender_id: str | None = None,
        settings: Settings | None = None,
    ) -> None:
        joining = Membership(Wanted(redis_url=redis_url, url=url, token=token, settings=settings))
        super().__init__(joining, sender_id=sender_id or new_id("sender"))
