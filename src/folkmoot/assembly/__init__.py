"""The composition root: reads settings, chooses the parts, starts and stops them.

Nothing else knows which broker, model provider or database is in use. `workplace.py` builds the house, `server.py`
serves it, `samples.py` finds the teams that come with it. The names here are what commands call.
"""

from folkmoot.assembly.doctor import examine
from folkmoot.assembly.samples import team_folder, write_template
from folkmoot.assembly.server import run_server
from folkmoot.assembly.settings import Settings, WrongSettingError, load_settings
from folkmoot.assembly.workplace import OpenWorkplace, on_database, open_workplace

__all__ = [
    "OpenWorkplace",
    "Settings",
    "WrongSettingError",
    "examine",
    "load_settings",
    "on_database",
    "open_workplace",
    "run_server",
    "team_folder",
    "write_template",
]
