"""The command `folkmoot`: parse, call, print.

Commands speak HTTP to the server that owns the home if one runs, else they build the workplace in this process; each is
written once, against the REST API. Modules import typer alone at their top, so that `--help` answers at once.
"""

from folkmoot.cli.app import main

__all__ = ["main"]
