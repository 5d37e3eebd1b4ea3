"""The teams that come with the house, written somewhere to start from; and what a workplace file may say of them."""

from pathlib import Path

import pytest

from folkmoot.agents import WorkplaceInvalidError, load_workplace, parse_workplace
from folkmoot.assembly.samples import TEAMS, FileThereError, UnknownTeamError, copy_team, write_template
from folkmoot.assembly.team_knowledge import missing_files


@pytest.mark.parametrize("team", TEAMS)
def test_a_template_is_written_whole_and_can_be_read(team: str, tmp_path: Path) -> None:
    written = write_template(team, tmp_path, replace=False)
    assert all(path.is_file() for path in written)
    workplace = load_workplace(tmp_path / "workplace.yaml")
    assert missing_files(workplace, tmp_path) == []
    assert "WORKPLACE_FILE=workplace.yaml" in (tmp_path / ".env").read_text()
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0


def test_nothing_that_is_there_is_overwritten_unless_that_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "knowledge").mkdir()
    (tmp_path / "knowledge" / "eating-well.md").write_text("mine")
    with pytest.raises(FileThereError, match=r"eating-well\.md"):
        write_template("wellness", tmp_path, replace=False)
    assert not (tmp_path / "workplace.yaml").exists()
    write_template("wellness", tmp_path, replace=True)
    assert (tmp_path / "knowledge" / "eating-well.md").read_text() != "mine"


@pytest.mark.parametrize("name", ["shop", "", "../acme", "ACME"])
def test_an_unknown_team_is_named_with_those_there_are(name: str, tmp_path: Path) -> None:
    with pytest.raises(UnknownTeamError, match="agency, startup, wellness"):
        write_template(name, tmp_path, replace=False)
    assert list(tmp_path.iterdir()) == []


def test_a_home_gets_the_team_without_its_exports(tmp_path: Path) -> None:
    copy_team("agency", tmp_path)
    assert missing_files(load_workplace(tmp_path / "workplace.yaml"), tmp_path) == []
    (tmp_path / "other").mkdir()
    copy_team("acme", tmp_path / "other")
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["workplace.yaml"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("agents: [{agent_id: a, specialty: Web Dev}]", r"agents\[0\].specialty"),
        ("agents: [{agent_id: a, person: Ada, specialty: web}]", "only a specialist has a 'specialty'"),
        (
            "agents: [{agent_id: a}]\nservices: [{agent: b, title: B}]",
            r"services\[0\].agent: 'b' is none of the agents",
        ),
        ("agents: [{agent_id: a}]\nservices: [{agent: a, title: A, price_from: 5}]", "needs both 'price_from'"),
        (
            "agents: [{agent_id: a}]\nservices: [{agent: a, title: A, price_from: 5, price_to: 4}]",
            "needs both 'price_from'",
        ),
        ("agents: [{agent_id: a}]\nknowledge: [{file: x.md}]", r"knowledge\[0\].scope"),
        ("agents: [{agent_id: a}]\nknowledge: [{file: x.md, scope: 'twin:ada'}]", "a person's own messages"),
        ("agents: [{agent_id: a}]\nknowledge: [{file: x.md, scop: a}]", "did you mean 'scope'"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, fault: str) -> None:
    with pytest.raises(WorkplaceInvalidError, match=fault):
        parse_workplace(text.encode())


def test_a_document_that_is_not_there_is_named(tmp_path: Path) -> None:
    workplace = parse_workplace(b"agents: [{agent_id: a}]\nknowledge: [{file: gone.md, scope: sales}]")
    (fault,) = missing_files(workplace, tmp_path)
    assert fault.field == "knowledge[0].file"
    assert "gone.md" in fault.message
