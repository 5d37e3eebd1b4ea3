"""Folkmoot: a self-hosted workplace for agents."""

from folkmoot.version import __version__

__all__ = ["__version__"]
