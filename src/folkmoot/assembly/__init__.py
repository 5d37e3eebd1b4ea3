"""The composition root: reads settings, chooses the parts, starts and stops them.

Nothing else knows which broker, model provider or database is in use. `workplace.py` builds the house, `server.py`
serves it, `doctor.py` examines it, `samples.py` finds the teams that come with it. The door holds what can be imported
at once; the heavy parts are imported by their names when they are wanted.
"""

from folkmoot.assembly.samples import team_folder, write_template
from folkmoot.assembly.settings import Settings, WrongSettingError, load_settings

__all__ = [
    "Settings",
    "WrongSettingError",
    "load_settings",
    "team_folder",
    "write_template",
]
