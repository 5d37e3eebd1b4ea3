"""`folkmoot backtest`: replay what really happened, a history of work or messages, and measure what would be said."""

from pathlib import Path
from typing import Annotated

import typer

from folkmoot.cli.output import AsJson, as_json, fields, table

app = typer.Typer(
    help="Replay a history: would the agents have found who really did it, and the router who should answer?",
    no_args_is_help=True,
    rich_markup_mode=None,
)


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


@app.command()
def routing(
    agents: Annotated[Path, typer.Option(help="A JSON list of {id, name, description, keywords, examples}.")],
    messages: Annotated[Path, typer.Option(help="What to route: {id, text} lines, .gz accepted.")],
    tune: Annotated[Path | None, typer.Option(help="{text, agent} lines for the threshold and calibration.")] = None,
    gold: Annotated[Path | None, typer.Option(help="Who is right: {id, agent} lines; 'general': nobody.")] = None,
    predictions: Annotated[Path | None, typer.Option(help="Write the decisions to this file, one a line.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write the reliability plot to this .svg; needs GOLD.")] = None,
    ask_model: Annotated[
        bool, typer.Option("--ask-model", help="Ask the language model of MODEL about what stays unclear.")
    ] = False,
    replay: Annotated[bool, typer.Option("--replay", help="Decide each once more from its stored evidence.")] = False,
    json: AsJson = False,
) -> None:
    """Route MESSAGES among AGENTS as live ones are; GOLD is read after each decision."""
    import asyncio

    from rich.console import Console
    from rich.progress import Progress

    from folkmoot.assembly import load_settings
    from folkmoot.assembly.routing import backtest_routing

    with Progress(console=Console(stderr=True), transient=True, disable=json) as bars:
        bar = bars.add_task("routing", total=None)
        found = asyncio.run(
            backtest_routing(
                load_settings(),
                agents=agents,
                messages=messages,
                tune=tune,
                gold=gold,
                predictions=predictions,
                report=report,
                ask_model=ask_model,
                replay=replay,
                progress=lambda done, total: bars.update(bar, completed=done, total=total),
            )
        )
    told = found.as_json()
    if json:
        as_json(told)
        return
    bins = told.pop("bins", [])
    methods = told.pop("methods")
    fields("routing", [(name, round(value, 4) if isinstance(value, float) else value) for name, value in told.items()])
    table("decided by", ("method", "messages"), sorted(methods.items()))
    if bins:
        table(
            "reliability",
            ("stated", "right", "messages"),
            ((f"{one['stated']:.2f}", f"{one['right']:.2f}", one["count"]) for one in bins),
        )
