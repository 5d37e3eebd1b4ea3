"""The size ratchet: no file grows past its ceiling, and a file over the soft ceiling is named.

Source files end at 400 lines, tests at 500. `SOFT` is where one starts to look for the seam.
"""

import sys
from pathlib import Path

SOFT, HARD, HARD_TESTS = 300, 400, 500
ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Print what is too long; 1 if anything is."""
    failed = False
    for folder, hard in (("src", HARD), ("tests", HARD_TESTS), ("tools", HARD), ("benchmarks", HARD), ("chaos", HARD)):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations/versions" in path.as_posix():
                continue  # a revision is history: it is written once and never split
            lines = len(path.read_text(encoding="utf-8").splitlines())
            if lines > hard:
                print(f"{path.relative_to(ROOT)}: {lines} lines, the ceiling is {hard}; split it by act")
                failed = True
            elif lines > SOFT and folder == "src":
                print(f"{path.relative_to(ROOT)}: {lines} lines, over the soft ceiling of {SOFT}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
