"""The teams that come with Folkmoot, and where their files are."""

import shutil
from pathlib import Path
from typing import ClassVar, Final

from folkmoot.kernel import Family, FolkmootError

ACME: Final = "acme"
_BESIDE_PACKAGE: Final = Path(__file__).resolve().parents[1] / "examples"  # in a wheel
_IN_REPOSITORY: Final = Path(__file__).resolve().parents[3] / "examples"


class UnknownTeamError(FolkmootError):
    """No team of that name comes with Folkmoot."""

    code: ClassVar[str] = "unknown_team"
    family: ClassVar[Family] = Family.NOT_FOUND


class FileThereError(FolkmootError):
    """A file would be overwritten."""

    code: ClassVar[str] = "file_there"
    family: ClassVar[Family] = Family.CONFLICT


def team_folder(team: str) -> Path:
    """The folder of a built-in team: `workplace.yaml`, `tasks.yaml` and its exports."""
    for root in (_BESIDE_PACKAGE, _IN_REPOSITORY):
        if team == ACME and (root / team / "workplace.yaml").is_file():
            return root / team
    raise UnknownTeamError(f"no team '{team}' comes with Folkmoot; there is: {ACME}", team=team)


def write_template(template: str, folder: Path, *, replace: bool) -> list[Path]:
    """Write a team's `workplace.yaml` with its files, and an `.env` to start from; the paths written.

    Raises `FileThereError`, before anything is written, if a file is there and `replace` is False.
    """
    source = team_folder(template)
    wanted = [path.relative_to(source) for path in sorted(source.rglob("*")) if path.is_file()]
    taken = [folder / path for path in (*wanted, Path(".env")) if (folder / path).exists()]
    if taken and not replace:
        raise FileThereError(f"{taken[0]} is there already; choose another folder, or give --force to replace it")
    for path in wanted:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / path, folder / path)
    env = folder / ".env"
    env.write_text(
        "# `folkmoot doctor` checks these settings.\nWORKPLACE_FILE=workplace.yaml\nFOLKMOOT_HOME=.folkmoot\n"
    )
    return [folder / path for path in wanted] + [env]
