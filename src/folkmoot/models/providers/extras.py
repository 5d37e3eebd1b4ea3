"""Whether what an extra brings is there."""

import sys
from importlib.util import find_spec


def installed(module: str) -> bool:
    """Whether `module` can be imported; it is looked for and not imported."""
    if module in sys.modules:
        return sys.modules[module] is not None
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # not even the package that it would be in
        return False
