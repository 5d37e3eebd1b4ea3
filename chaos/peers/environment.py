"""The virtual environment of the peers: made on request, in `build/`, so that Folkmoot's own holds none of them."""

import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = ROOT / "build" / "peers"
PACKAGES: Final = (
    "agentscope[service]",
    "autogen-core",
    "faststream[redis]",
    "pydocket",
    "pytest",  # what starts Redis here is a part of the tests
    "taskiq-redis",
)


def peers_python() -> Path:
    """The interpreter that has the peers installed; the first call installs them."""
    python = FOLDER / "bin" / "python"
    done = FOLDER / "installed"
    if not done.exists() or done.read_text() != "\n".join(PACKAGES):
        subprocess.run([sys.executable, "-m", "venv", str(FOLDER)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--upgrade", *PACKAGES], check=True)
        done.write_text("\n".join(PACKAGES))
    return python
