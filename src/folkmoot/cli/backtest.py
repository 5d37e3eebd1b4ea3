"""`folkmoot backtest`: replay a real history and compare with what simple methods would have said."""

from pathlib import Path
from typing import Annotated

import typer

from folkmoot.cli.output import AsJson, as_json, table

app = typer.Typer(
    help="Replay a history: would the agents have found who really did it?", no_args_is_help=True, rich_markup_mode=None
)


@app.callback()
def _group() -> None:
    """Keeps `jsonl` a subcommand while it is the only one."""


@app.command()
def jsonl(
    train: Annotated[Path, typer.Option(help="What each person did before: JSON lines, .gz accepted.")],
    test: Annotated[Path, typer.Option(help="The next pieces of work, as tasks.")],
    gold: Annotated[Path, typer.Option(help="Who really did each: {id, <person>} lines.")],
    person: Annotated[str, typer.Option(help="Field that names the person.")] = "dev",
    text: Annotated[str, typer.Option(help="Fields of the text, the first is the title.")] = "title,body",
    time: Annotated[str, typer.Option(help="Field of the time: a number of days, or RFC 3339.")] = "day",
    labels: Annotated[str, typer.Option(help="Field of paths or areas, in the training part only.")] = "areas",
    learn: Annotated[bool, typer.Option("--learn", help="Feed each outcome back after its prediction.")] = False,
    predictions: Annotated[Path | None, typer.Option(help="Write {id, ranking} lines to this file.")] = None,
    json: AsJson = False,
) -> None:
    """Consult and negotiate about each item of TEST with one agent a person; GOLD is read after each prediction."""
    import asyncio

    from rich.console import Console
    from rich.progress import Progress

    from folkmoot.assembly.backtesting import backtest_jsonl

    with Progress(console=Console(stderr=True), transient=True, disable=json) as bars:
        bar = bars.add_task("replaying", total=None)
        report = asyncio.run(
            backtest_jsonl(
                train=train,
                test=test,
                gold=gold,
                person=person,
                text=tuple(part.strip() for part in text.split(",") if part.strip()),
                time=time,
                labels=labels or None,
                learn=learn,
                predictions=predictions,
                progress=lambda done, total: bars.update(bar, completed=done, total=total),
            )
        )
    if json:
        as_json(report.as_json())
        return
    rows = [("folkmoot", report.folkmoot), *report.baselines.items()]
    table(
        f"{report.items} items, {report.people} people (95 % intervals)",
        ("method", "top-1", "top-3", "MRR", "macro"),
        ((name, *(figure.shown() for figure in measured.figures())) for name, measured in rows),
    )
