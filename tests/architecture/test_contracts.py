"""The rules of the house that a tool can hold: floors, fences, sizes, one family of errors."""

import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import folkmoot
from benchmarks.__main__ import NAMES
from folkmoot.kernel import FolkmootError

ROOT = Path(__file__).resolve().parents[2]
ROOMS = sorted(path.name for path in (ROOT / "src" / "folkmoot").iterdir() if (path / "__init__.py").is_file())


def test_imports_go_down_and_fences_hold() -> None:
    tool = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


def test_no_file_is_too_long() -> None:
    done = subprocess.run([sys.executable, "tools/sizes.py"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_door_says_what_its_room_is_for_and_names_few_things() -> None:
    for room in ROOMS:
        door = importlib.import_module(f"folkmoot.{room}")
        assert door.__doc__, room
        assert len(door.__doc__.split()) >= 8, room
        assert len(getattr(door, "__all__", [])) <= 16, room


def test_every_error_has_a_code_of_its_own() -> None:
    for module in pkgutil.walk_packages(folkmoot.__path__, "folkmoot."):
        if module.name.endswith(("errors", "settings", "samples", "server", "team")):
            importlib.import_module(module.name)
    seen: dict[str, type[FolkmootError]] = {}
    todo = [FolkmootError]
    while todo:
        one = todo.pop()
        todo += one.__subclasses__()
        if not one.__module__.startswith("folkmoot.") or "code" not in vars(one):
            continue
        assert one.code not in seen or seen[one.code] is one, f"{one} and {seen[one.code]} share '{one.code}'"
        seen[one.code] = one
        assert one.__doc__, one


def test_no_leftovers_in_the_source() -> None:
    words = ("TODO", "FIXME", "XXX", "raise NotImplementedError", "pragma: no cover")
    for path in (ROOT / "src").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for word in words:
            assert word not in text, f"{path}: {word}"


def test_every_benchmark_can_be_run_by_its_name() -> None:
    files = (ROOT / "benchmarks").glob("*.py")
    measuring = {file.stem for file in files if re.search(r"^(async )?def run\(", file.read_text(), re.MULTILINE)}
    assert measuring == set(NAMES)
