"""Tools by which an agent keeps a diary for the user it acts for: workouts, meals, goals and preferences.

Each kind is a list in a JSON file of the user's own area (`entries.py`), which they read and take back; the days that
people name are in `days.py`. `training.py`, `food.py`, `aims.py` and `taking_back.py` hold the tools; `chest.py` names
them together.
"""

from folkmoot.tools.diary.chest import DIARY_TOOLS

__all__ = ["DIARY_TOOLS"]
