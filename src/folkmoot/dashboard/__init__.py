"""The web pages: what goes on, who works here, how a task found its owner, what twins learned.

`assembly` calls `mount_dashboard` last, when all rooms are there. `pages/` has one file a page, `components/` what
pages are made of, `assets/` the style sheets, icons and the little that runs in the browser alone. Nothing is loaded
from anywhere else.
"""

from folkmoot.dashboard.mount import mount_dashboard

__all__ = ["mount_dashboard"]
