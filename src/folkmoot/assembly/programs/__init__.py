"""The Python API of programs (SPEC J7): the classes of `agents` with a way to join, found by the settings.

What they do is said in `agents` (`agent.py`, `sender.py`, `mixin.py`, `dashboard.py`); here is only how they come by a
workplace. The names are exported by `folkmoot`.
"""
