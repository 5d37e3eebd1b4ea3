"""`DashboardInterface`: a dashboard asks roles and departments (SPEC B3)."""

from folkmoot.agents.dashboard import Dashboard
from folkmoot.assembly.programs.sender import MessageSender
from folkmoot.assembly.settings import Settings
from folkmoot.kernel import new_id


class DashboardInterface(Dashboard):
    """Joins as `MessageSender` does, with the same arguments."""

    def __init__(
        self,
        redis_url: str | None = None,
        *,
        url: str | None = None,
        token: str | None = None,
        sender_id: str | None = None,
        settings: Settings | None = None,
    ) -> None:
        named = sender_id or new_id("dashboard")
        super().__init__(MessageSender(redis_url, url=url, token=token, sender_id=named, settings=settings))
