"""The tree of commands, and how every command ends.

Exit codes: 0 done; 1 failed, with one line that says why; 2 wrong usage; 3 a task ended unassigned or a check found a
fault; 130 interrupted.
"""

import gc
import os
import sys
from typing import Annotated

import typer

from folkmoot.cli import (
    agent,
    ask,
    backtest,
    consent,
    db,
    key,
    knowledge,
    lead,
    monitor,
    server,
    task,
    tool,
    twin,
    usage,
    user,
)
from folkmoot.kernel import FolkmootError
from folkmoot.version import __version__

app = typer.Typer(
    name="folkmoot",
    help="A workplace for agents: digital twins of a team that consult, negotiate and share out the work.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
server.add_to(app)
app.command()(ask.ask)
app.command()(monitor.monitor)
app.add_typer(task.app, name="task")
app.add_typer(lead.app, name="lead")
app.add_typer(agent.app, name="agent")
app.add_typer(tool.app, name="tool")
app.add_typer(twin.app, name="twin")
app.add_typer(consent.app, name="consent")
app.add_typer(backtest.app, name="backtest")
app.add_typer(knowledge.app, name="knowledge")
app.add_typer(usage.app, name="usage")
app.add_typer(user.app, name="user")
app.add_typer(key.app, name="key")
app.add_typer(db.app, name="db")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"folkmoot {__version__}")
        raise typer.Exit


@app.callback()
def root(
    _version_wanted: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Commands find the running server of FOLKMOOT_HOME, or FOLKMOOT_URL with FOLKMOOT_TOKEN; else they work alone."""


def main() -> None:
    """Run the command line and end the process with its exit code."""
    # Read when numpy is first imported: its threads would spin beside the server's own for matrices this small.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # What is imported lives to the end: looking through it after every 700 new objects is a seventh of each start.
    gc.set_threshold(30_000, 20, 50)
    try:
        app()
    except FolkmootError as error:
        typer.echo(f"folkmoot: {error.message}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
