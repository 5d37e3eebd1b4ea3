"""The teams that come with Folkmoot, where their files are, and how they are written somewhere to start from."""

import shutil
from pathlib import Path
from typing import ClassVar, Final

from folkmoot.kernel import Family, FolkmootError

ACME: Final = "acme"
TEAMS: Final = (ACME, "agency", "startup", "wellness")
_PACKAGE: Final = Path(__file__).resolve().parents[1]
# The demo's twins come with exports, which are examples; the teams of specialists are part of the room of agents.
_ROOTS: Final = (_PACKAGE / "agents" / "teams", _PACKAGE / "examples", _PACKAGE.parents[1] / "examples")
ENV: Final = """\
# `folkmoot doctor` checks these settings.
WORKPLACE_FILE=workplace.yaml
FOLKMOOT_HOME=.folkmoot
# Answers are quoted from the documents until a language model is named, for example:
#MODEL=openai:gpt-5-mini
#OPENAI_API_KEY=
"""


class UnknownTeamError(FolkmootError):
    """No team of that name comes with Folkmoot."""

    code: ClassVar[str] = "unknown_team"
    family: ClassVar[Family] = Family.NOT_FOUND


class FileThereError(FolkmootError):
    """A file would be overwritten."""

    code: ClassVar[str] = "file_there"
    family: ClassVar[Family] = Family.CONFLICT


def team_folder(team: str) -> Path:
    """The folder of a built-in team: `workplace.yaml` and what it names beside it."""
    for root in _ROOTS:
        if team in TEAMS and (root / team / "workplace.yaml").is_file():
            return root / team
    raise UnknownTeamError(f"no team '{team}' comes with Folkmoot; there are: {', '.join(TEAMS)}", team=team)


def copy_team(team: str, home: Path) -> None:
    """Put a team's `workplace.yaml` and its documents into a home, which has none yet. Blocks."""
    source = team_folder(team)
    documents = source / "knowledge"
    if documents.is_dir():
        shutil.copytree(documents, home / "knowledge", dirs_exist_ok=True)
    shutil.copyfile(source / "workplace.yaml", home / "workplace.yaml")


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
    env.touch(mode=0o600)  # keys of models and services will stand in it
    env.write_text(ENV, encoding="utf-8")
    return [folder / path for path in wanted] + [env]
