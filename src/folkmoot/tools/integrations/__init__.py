"""Services of others, by their documented HTTP APIs: HubSpot, SendGrid, Google Calendar, Google Drive.

`calls.py` is the one place that calls out, with the kernel's breaker, `exchange.py` and a `Dialect` per service; each
client is one file, its tools are in `crm_tools.py`, `mail_tools.py` and `calendar_tools.py`. A service that is not
configured has a `Connection` without a client: its tools are there and are skipped. What is configured is chosen by the
assembly; following a Drive folder is the memory room's.
"""

from folkmoot.tools.integrations.calendar_tools import calendar_tools
from folkmoot.tools.integrations.connection import Connection
from folkmoot.tools.integrations.crm_tools import crm_tools
from folkmoot.tools.integrations.errors import IntegrationError
from folkmoot.tools.integrations.google_calendar import GoogleCalendar
from folkmoot.tools.integrations.google_drive import GoogleDrive
from folkmoot.tools.integrations.hubspot import HubSpot
from folkmoot.tools.integrations.mail_tools import mail_tools
from folkmoot.tools.integrations.sendgrid import SendGrid
from folkmoot.tools.integrations.standing import Report

__all__ = [
    "Connection",
    "GoogleCalendar",
    "GoogleDrive",
    "HubSpot",
    "IntegrationError",
    "Report",
    "SendGrid",
    "calendar_tools",
    "crm_tools",
    "mail_tools",
]
