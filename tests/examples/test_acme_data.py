"""The invented company is data that people learn from: these tests hold it to what it promises."""

import csv
import re
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

ACME = Path(__file__).parents[2] / "examples" / "acme"
EXPORTS = ACME / "exports"
ANDROID = re.compile(r"^(\d\d)[/.](\d\d)[/.](\d{2,4}), (\d\d:\d\d) - (?:([^:]{1,40}): )?")
IOS = re.compile(r"^\u200e?\[(\d\d)/(\d\d)/(\d{4}), (\d\d:\d\d:\d\d)\] ([^:]+): ")
PLACEHOLDERS = {
    "<Media omitted>",
    "<Medien ausgeschlossen>",
    "This message was deleted",
    "Diese Nachricht wurde gelöscht.",
    "image omitted",
    "video omitted",
}
TEAM = {"Jonas Weidner", "Mira Okafor", "Lin Hsu", "Pavel Sedlák", "Eleanor Whitcombe", "Carmen Ruiz"}


def _android(name: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for line in (EXPORTS / name).read_text(encoding="utf-8").split("\n"):
        head = ANDROID.match(line)
        if head is not None:
            found.append((head[5] or "", line[head.end() :]))
        elif line:
            author, text = found[-1]
            found[-1] = (author, f"{text}\n{line}")
    return found


def _ios(name: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for line in (EXPORTS / name).read_bytes().decode("utf-8").split("\r\n"):
        head = IOS.match(line)
        if head is not None:
            found.append((head[5], line[head.end() :].strip("\u200e")))
    return found


def _linkedin() -> list[dict[str, str]]:
    with (EXPORTS / "linkedin-messages.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _commits() -> list[tuple[str, str, list[str]]]:
    found = []
    log = (EXPORTS / "git.log").read_text(encoding="utf-8")
    for part in re.split(r"^commit [0-9a-f]{40}\n", log, flags=re.MULTILINE)[1:]:
        author = re.search(r"^Author: (.+) <\S+@acme\.example>$", part, flags=re.MULTILINE)
        assert author is not None, part
        message = "\n".join(re.findall(r"^    (.*)$", part, flags=re.MULTILINE))
        paths = part.strip().split("\n\n")[-1].splitlines()
        found.append((author[1], message, paths))
    return found


def _written() -> list[tuple[str, str]]:
    """What people wrote in chats and letters: (author, text), without placeholders and events."""
    chats = [*_android("whatsapp-team.txt"), *_android("whatsapp-mira-carmen.txt"), *_ios("whatsapp-jonas-lin.txt")]
    letters = [(row["FROM"], row["CONTENT"]) for row in _linkedin()]
    return [
        (author, text)
        for author, text in [*chats, *letters]
        if author and text not in PLACEHOLDERS and not text.startswith("Messages and calls are")
    ]


def _yaml(name: str) -> dict[str, Any]:
    loaded = yaml.safe_load((ACME / name).read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def _words(*texts: str) -> set[str]:
    return {word for text in texts for word in re.findall(r"[^\W\d_]+", text.casefold()) if len(word) > 3}


def _declared(agent: dict[str, Any]) -> set[str]:
    return _words(agent["role"], agent["description"], agent["department"], *agent["capabilities"])


def _skeleton(sentence: str) -> tuple[str, ...] | None:
    words = re.findall(r"\w+", re.sub(r"\d", "0", sentence.casefold()))
    return (*words[:4], *words[-2:]) if len(words) >= 5 else None


def test_there_are_at_least_700_messages_and_120_commits() -> None:
    assert len(_written()) >= 700
    assert len(_commits()) >= 120


def test_under_two_percent_of_the_messages_are_duplicates() -> None:
    texts = [" ".join(re.findall(r"\w+|[^\w\s]", text.casefold())) for _, text in _written()]
    assert len(texts) - len(set(texts)) < 0.02 * len(texts)


def test_no_sentence_pattern_occurs_more_than_three_times() -> None:
    texts = [text for _, text in _written()] + [message for _, message, _ in _commits()]
    sentences = [sentence for text in texts for sentence in re.split(r"(?<=[.!?…])\s+|\n", text)]
    patterns = Counter(pattern for sentence in sentences if (pattern := _skeleton(sentence)) is not None)
    assert [pattern for pattern, count in patterns.items() if count > 3] == []
    openings = Counter(pattern[:4] for pattern in patterns.elements())
    assert [opening for opening, count in openings.items() if count > 3] == []


def test_everybody_says_much_and_the_manners_differ() -> None:
    by_author = {person: [text for author, text in _written() if author == person] for person in TEAM}
    assert min(len(texts) for texts in by_author.values()) >= 75
    length = {person: sum(map(len, texts)) / len(texts) for person, texts in by_author.items()}
    assert length["Lin Hsu"] > 2.5 * length["Jonas Weidner"]
    shouted = {person: sum("!" in text for text in texts) / len(texts) for person, texts in by_author.items()}
    assert shouted["Carmen Ruiz"] > 0.6
    assert max(shouted["Jonas Weidner"], shouted["Lin Hsu"], shouted["Eleanor Whitcombe"]) < 0.05
    capitals = {person: sum(text[0].isupper() for text in texts) / len(texts) for person, texts in by_author.items()}
    assert capitals["Jonas Weidner"] < 0.05
    assert capitals["Eleanor Whitcombe"] > 0.9


@pytest.mark.parametrize("name", ["whatsapp-team.txt", "whatsapp-mira-carmen.txt"])
def test_android_dates_never_go_back_and_leave_no_doubt(name: str) -> None:
    heads = [ANDROID.match(line) for line in (EXPORTS / name).read_text(encoding="utf-8").split("\n")]
    stamps = [
        datetime.strptime(f"{head[1]}/{head[2]}/{head[3][-2:]} {head[4]} +0000", "%d/%m/%y %H:%M %z")
        for head in heads
        if head is not None
    ]
    assert stamps == sorted(stamps)
    assert any(stamp.day > 12 for stamp in stamps)


def test_the_group_holds_what_real_exports_hold() -> None:
    text = (EXPORTS / "whatsapp-team.txt").read_text(encoding="utf-8")
    for part in ("<Media omitted>", "This message was deleted", "<This message was edited>", "POLL:\n", "OPTION: "):
        assert part in text
    group = _android("whatsapp-team.txt")
    assert sum(author == "" for author, _ in group) >= 4
    assert sum("\n" in body for _, body in group) >= 5


def test_the_iphone_export_has_its_marks_and_line_ends() -> None:
    raw = (EXPORTS / "whatsapp-jonas-lin.txt").read_bytes().decode("utf-8")
    assert raw.count("\u200e") >= 6
    assert "image omitted\r\n" in raw
    assert re.search(r"[^\r]\n", raw), "a line break inside a message is a bare LF"


def test_linkedin_letters_have_the_usual_heading_newest_first() -> None:
    rows = _linkedin()
    assert list(rows[0]) == [
        "CONVERSATION ID",
        "CONVERSATION TITLE",
        "FROM",
        "SENDER PROFILE URL",
        "TO",
        "RECIPIENT PROFILE URLS",
        "DATE",
        "SUBJECT",
        "CONTENT",
        "FOLDER",
    ]
    dates = [row["DATE"] for row in rows]
    assert dates == sorted(dates, reverse=True)
    assert all("Eleanor Whitcombe" in (row["FROM"], row["TO"]) for row in rows)


def test_commits_come_from_four_people_with_paths() -> None:
    commits = _commits()
    assert {author for author, _, _ in commits} == {"Jonas Weidner", "Mira Okafor", "Lin Hsu", "Pavel Sedlák"}
    assert min(Counter(author for author, _, _ in commits).values()) >= 20
    assert all(message and paths for _, message, paths in commits)


def test_there_is_personal_data_to_redact_and_all_of_it_is_reserved() -> None:
    everything = "\n".join(path.read_text(encoding="utf-8") for path in sorted(EXPORTS.iterdir()))
    for planted in ("4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00", "AKIAIOSFODNN7EXAMPLE", "Musterstraße 12"):
        assert planted in everything
    assert len(re.findall(r"\+(?:49|1)[ \d]{8,}", everything)) >= 5
    hosts = set(re.findall(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)", everything))
    assert len(hosts) >= 3
    assert all(host.endswith(".example") for host in hosts)


def test_workplace_names_six_twins_a_manager_and_every_import() -> None:
    workplace = _yaml("workplace.yaml")
    agents = {agent["agent_id"]: agent for agent in workplace["agents"]}
    assert Counter(agent["type"] for agent in agents.values()) == {"twin": 6, "manager": 1}
    twins = [agent for agent in agents.values() if agent["type"] == "twin"]
    assert {twin["name"] for twin in twins} == TEAM
    known = {name for agent in agents.values() for name in agent["capabilities"]}
    assert all(set(needed) <= known for needed in workplace["task_types"].values())
    names = {twin["person"]: twin["name"] for twin in twins}
    assert {entry["person"] for entry in workplace["imports"]} == set(names)
    for entry in workplace["imports"]:
        assert entry["author"] == names[entry["person"]]
        assert entry["author"] in (ACME / entry["file"]).read_text(encoding="utf-8"), entry
        assert entry["email"].endswith("@acme.example")


def test_eight_tasks_of_different_kinds() -> None:
    tasks = _yaml("tasks.yaml")["tasks"]
    workplace = _yaml("workplace.yaml")
    assert len(tasks) == 8
    assert len({task["task_type"] for task in tasks}) == 8
    assert {task["task_type"] for task in tasks} <= set(workplace["task_types"])
    titles = [task["title"] for task in tasks]
    for task in tasks:
        assert 1 <= task["priority"] <= 10
        assert set(task.get("depends_on", [])) <= set(titles) - {task["title"]}
        assert task["expected"] in {agent["agent_id"] for agent in workplace["agents"]}
    assert len({task["expected"] for task in tasks}) == 6


def test_in_half_of_the_tasks_the_right_person_shares_no_word_with_the_title_while_another_does() -> None:
    agents = {agent["agent_id"]: agent for agent in _yaml("workplace.yaml")["agents"] if agent["type"] == "twin"}
    hard = 0
    for task in _yaml("tasks.yaml")["tasks"]:
        title = _words(task["title"])
        sharing = {agent_id for agent_id, agent in agents.items() if title & _declared(agent)}
        hard += bool(sharing) and task["expected"] not in sharing
    assert hard >= 4
