"""The folder of a workplace, `FOLKMOOT_HOME`: who owns it now, and where its server can be reached.

It stands apart from `storage` so that a command that only asks a running server need not import a database.
"""

from folkmoot.home.errors import HomeBusyError, HomeUnusableError
from folkmoot.home.home import Home, RunningServer

__all__ = ["Home", "HomeBusyError", "HomeUnusableError", "RunningServer"]
