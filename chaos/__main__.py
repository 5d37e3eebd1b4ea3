"""`make chaos`: rounds of kills and scenarios on both brokers, a table, JSON in chaos/results/; 1 if a promise broke.

make chaos                 the short run, below ten minutes
CHAOS=full make chaos      200 kills of each kind, a backlog of a million, Redis gone for a minute
SEED=7 make chaos          the same strikes again (a seed is printed by each run)
CHAOS_PEERS=1 make chaos   AgentScope's bus in the same rounds, from a virtual environment made for it
make chaos ARGS="rounds"   only the rounds; or the name of a scenario, or several; `embedded`, `redis` name a broker
"""

import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from rich.console import Console
from rich.table import Table

from chaos.rounds import embedded_round, redis_round
from chaos.scenarios import NAMES, play
from chaos.tally import Tally, add
from folkmoot.telemetry import configure_logging

MESSAGES = 1000
RESULTS = Path(__file__).resolve().parent / "results"


def main() -> int:
    """Run what is named, or everything."""
    wanted = sys.argv[1:] or ["rounds", *NAMES]
    unknown = sorted({*wanted} - {"rounds", "embedded", "redis", *NAMES})
    if unknown:
        print(f"there is no {', '.join(unknown)}; there are: rounds, {', '.join(NAMES)}", file=sys.stderr)
        return 2
    brokers = [name for name in ("embedded", "redis") if name in wanted] or ["embedded", "redis"]
    full = os.environ.get("CHAOS") == "full"
    seed = int(os.environ.get("SEED") or Random().randrange(1_000_000))
    configure_logging(level="CRITICAL")
    console = Console()
    console.print(f"seed {seed}{' (full)' if full else ''}; repeat with SEED={seed}")
    report: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(),
        "seed": seed,
        "full": full,
        "python": platform.python_version(),
        "rounds": {},
        "scenarios": {},
    }
    faults: list[str] = []
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="folkmoot-chaos-"))
    try:
        if "rounds" in wanted or not {*wanted} & {*NAMES}:
            _rounds(console, report, faults, folder=folder, seed=seed, full=full, brokers=brokers)
        for name in NAMES:
            if name in wanted:
                for broker in brokers:
                    _scenario(console, report, faults, folder=folder, name=name, broker=broker, full=full)
    finally:
        if not faults:
            shutil.rmtree(folder, ignore_errors=True)
    report["seconds"] = time.monotonic() - began
    report["broken"] = faults
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    path.write_text(json.dumps(report, indent=2))
    console.print(f"{report['seconds']:.0f} s; kept as chaos/results/{path.name}")
    for fault in faults:
        console.print(f"[bold red]broken[/bold red] {fault}")
    if faults:
        console.print(f"ledgers, journals and databases are kept in {folder}")
    return 1 if faults else 0


def _rounds(
    console: Console,
    report: dict[str, Any],
    faults: list[str],
    *,
    folder: Path,
    seed: int,
    full: bool,
    brokers: Sequence[str],
) -> None:
    count, each = (20, 10) if full else (2, 5)
    kinds = dict.fromkeys(("producer", "consumer", "worker", "redis"), each)
    plays: dict[str, Callable[[Path, Random], Tally]] = {}
    if "embedded" in brokers:
        plays["embedded"] = lambda place, random: embedded_round(place, random, kills=2 * each, messages=MESSAGES)
    if "redis" in brokers:
        plays["redis"] = lambda place, random: redis_round(place, random, kills=kinds, messages=MESSAGES)
    if os.environ.get("CHAOS_PEERS"):
        from chaos.peers.agentscope import agentscope_round  # noqa: PLC0415  # it makes an environment of its own

        plays["agentscope"] = lambda place, random: agentscope_round(place, random, kills=kinds, messages=MESSAGES)
    tallies: dict[str, Tally] = {}
    for name, play_round in plays.items():
        rounds = []
        for number in range(count):
            console.print(f"{name}, round {number + 1} of {count} …")
            # Each round draws from a seed of its own, so that one can be repeated without those before it.
            rounds.append(play_round(folder / f"{name}-{number}", Random(seed * 1000 + number)))
        tallies[name] = add(rounds)
        if name != "agentscope":
            faults += [f"{name}: {fault}" for fault in tallies[name].broken()]
    report["rounds"] = {name: asdict(tally) for name, tally in tallies.items()}
    sheet = Table("figure", *tallies, header_style="bold")
    for figure in next(iter(report["rounds"].values()), {}):
        sheet.add_row(figure.replace("_", " "), *(_shown(asdict(tally)[figure]) for tally in tallies.values()))
    console.print(sheet)


def _scenario(
    console: Console, report: dict[str, Any], faults: list[str], *, folder: Path, name: str, broker: str, full: bool
) -> None:
    console.print(f"{name} on {broker} …")
    outcome = play(name, broker=broker, folder=folder / f"{name}-{broker}", full=full, seed=report["seed"])
    if outcome is None:
        return
    report["scenarios"][f"{name} on {broker}"] = outcome.figures | {"broken": outcome.broken}
    sheet = Table(f"{name} on {broker}", "", header_style="bold")
    for figure, value in outcome.figures.items():
        sheet.add_row(figure.replace("_", " "), _shown(value))
    console.print(sheet)
    faults += [f"{name} on {broker}: {fault}" for fault in outcome.broken]


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{count} {kind}" for kind, count in value.items())
    return f"{value:,.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


if __name__ == "__main__":
    sys.exit(main())
