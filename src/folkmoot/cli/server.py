"""`folkmoot init`, `serve`, `demo`, `doctor`."""

from pathlib import Path
from typing import Annotated

import typer

from folkmoot.cli.output import AsJson, as_json, table

FAULT_EXIT = 3
Host = Annotated[str | None, typer.Option(help="Address to listen on (API_HOST).")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on (API_PORT); 0 takes a free one.")]
HomeFolder = Annotated[Path | None, typer.Option(help="Folder for all data (FOLKMOOT_HOME).")]


def add_to(app: typer.Typer) -> None:
    """Hang the commands into the tree's top."""
    app.command()(init)
    app.command()(serve)
    app.command()(demo)
    app.command()(doctor)


def init(
    folder: Annotated[Path | None, typer.Argument(help="Where the files go; here, if nothing is said.")] = None,
    template: Annotated[str, typer.Option(help="The team to start from: acme, agency, startup or wellness.")] = "acme",
    into: Annotated[Path | None, typer.Option(help="Where the files go, as an option.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
) -> None:
    """Write a workplace.yaml with its documents, and an .env, to start from."""
    from folkmoot.assembly import write_template

    if folder is not None and into is not None and folder != into:
        raise typer.BadParameter(f"say where once: '{folder}', or --into '{into}'")
    where = folder or into or Path()
    for path in write_template(template, where, replace=force):
        typer.echo(f"wrote {path}")
    typer.echo(f"start it with: cd {where} && folkmoot serve")
    typer.echo("then, in that folder: folkmoot agent list, and folkmoot ask AGENT QUESTION")
    typer.echo("who works there, and what they know, is said in workplace.yaml and in the files beside it")


def serve(
    host: Host = None,
    port: Port = None,
    home: HomeFolder = None,
    new_token: Annotated[
        bool, typer.Option("--new-token", help="Make a new administrator's token; the old one ends.")
    ] = False,
    no_agents: Annotated[
        bool,
        typer.Option("--no-agents", help="Leave every agent to other processes, over Redis (LOCAL_AGENTS=off)."),
    ] = False,
) -> None:
    """Start the server: API, dashboard, agents."""
    from folkmoot.assembly import load_settings
    from folkmoot.home import Home

    leaving = "off" if no_agents else None
    settings = load_settings(api_host=host, api_port=port, folkmoot_home=home, local_agents=leaving)
    with Home(settings.home).expected():
        from folkmoot.assembly.server import run_server

        run_server(settings, new_token=new_token)


def demo(
    host: Host = None,
    port: Port = None,
    home: HomeFolder = None,
    exit_: Annotated[bool, typer.Option("--exit", help="End after the distribution instead of serving on.")] = False,
) -> None:
    """Build the acme twins from their exports and watch them share out eight tasks."""
    from folkmoot.assembly import load_settings
    from folkmoot.home import Home

    settings = load_settings(api_host=host, api_port=port, folkmoot_home=home)
    with Home(settings.home).expected():
        from folkmoot.cli.demo import run_demo

        run_demo(settings, leave=exit_)


def doctor(json: AsJson = False) -> None:
    """Check every part and say what to do about what is wrong."""
    import asyncio

    from folkmoot.assembly.doctor import examine
    from folkmoot.telemetry import configure_logging

    configure_logging(level="ERROR")
    findings = asyncio.run(examine())
    if json:
        as_json([one.as_json() for one in findings])
    else:
        table(
            "folkmoot doctor",
            ("", "part", "found", "what to do"),
            (("ok" if one.ok else "!!", one.part, one.found, "" if one.ok else one.remedy) for one in findings),
        )
    if not all(one.ok for one in findings):
        raise typer.Exit(FAULT_EXIT)
