"""What is imported when: the package alone stays light, and `--help` needs no room."""

import json
import subprocess
import sys

import pytest

HEAVY = {"fastapi", "starlette", "nicegui", "dbos", "sklearn", "scipy", "numpy", "sqlalchemy", "pydantic_ai", "torch"}


def modules_after(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after `statement`."""
    code = f"{statement}\nimport json, sys\nprint(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("statement", ["import folkmoot", "import folkmoot.cli"])
def test_nothing_heavy_is_imported_before_it_is_needed(statement: str) -> None:
    assert not modules_after(statement) & HEAVY


def test_the_assembly_leaves_the_dashboard_and_the_estimator_s_library_out() -> None:
    assert not modules_after("import folkmoot.assembly") & {"nicegui", "sklearn", "scipy", "dbos", "torch"}
