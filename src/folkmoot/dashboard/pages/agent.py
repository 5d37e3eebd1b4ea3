"""x"""

from folkmoot.dashboard.visit import Visit


async def build(visit: Visit) -> None:
    """x"""
