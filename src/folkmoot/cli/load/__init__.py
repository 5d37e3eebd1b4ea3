"""Putting load on a server, and measuring what it does (SPEC E7).

`plan.py` says what is to be done; `drive.py` does it, with one socket for each client; `record.py` keeps what was
measured, `figures.py` makes numbers of it, `page.py` a page to look at. It knows the protocol of rooms and nothing else
of the house, so the server may be anywhere.
"""

from folkmoot.cli.load.drive import drive
from folkmoot.cli.load.figures import Report, report_of
from folkmoot.cli.load.page import page_of
from folkmoot.cli.load.plan import Plan
from folkmoot.cli.load.record import Record

__all__ = ["Plan", "Record", "Report", "drive", "page_of", "report_of"]
