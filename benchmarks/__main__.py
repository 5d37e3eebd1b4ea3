"""`make bench`: runs every benchmark, prints a table, and keeps the figures as JSON in benchmarks/results/.

A figure is a ratio to a peer or a raw limit measured in the same run, so that a slow or busy machine does not change
what it says. `python -m benchmarks messaging estimator` runs only those named.
"""

import asyncio
import importlib
import inspect
import json
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

NAMES = (
    "messaging",
    "redis_messaging",
    "in_process",
    "consultation",
    "imports",
    "estimator",
    "knowledge",
    "tools",
    "telemetry",
    "encryption",
    "registry",
    "conversations",
    "chat_streams",
    "routing",
    "streaming_model",
)
RESULTS = Path(__file__).resolve().parent / "results"


def main() -> int:
    """Run what is named, or everything."""
    wanted = [name for name in sys.argv[1:] if not name.startswith("-")] or list(NAMES)
    unknown = sorted(set(wanted) - set(NAMES))
    if unknown:
        print(f"there is no benchmark {', '.join(unknown)}; there are: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    console = Console()
    report: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
    }
    for name in wanted:
        console.print(f"[bold]{name}[/bold] …")
        run = importlib.import_module(f"benchmarks.{name}").run
        result = asyncio.run(run()) if inspect.iscoroutinefunction(run) else run()
        report[name] = result
        sheet = Table("figure", "value", header_style="bold")
        for key, value in _flat(result):
            sheet.add_row(key, f"{value:,.4g}" if isinstance(value, float) else str(value))
        console.print(sheet)
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    path.write_text(json.dumps(report, indent=2))
    console.print(f"kept as benchmarks/results/{path.name}")
    return 0


def _flat(value: Any, prefix: str = "") -> list[tuple[str, Any]]:
    if not isinstance(value, dict):
        return [(prefix, value)]
    return [pair for key, one in value.items() for pair in _flat(one, f"{prefix}.{key}" if prefix else str(key))]


if __name__ == "__main__":
    sys.exit(main())
