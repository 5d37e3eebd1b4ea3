"""The workplace file: what it may hold, and errors that lead to the line."""

from pathlib import Path

import pytest

from folkmoot.agents import WorkplaceInvalidError, load_workplace, parse_workplace
from folkmoot.agents.errors import WorkplaceMissingError

GOOD = """\
workplace:
  name: Acme
  description: They build things.
agents:
  - agent_id: twin.mira
    name: Mira Okafor
    person: Mira Okafor
    email: mira@acme.example
    role: Developer
    department: Engineering
    capabilities: {python: 0.9, css: 0.4}
    supported_intents: [chat, "custom:standup"]
    max_capacity: 3
    persona: Speaks briefly.
    model: ollama:llama3.2
    tools: [search_knowledge]
    memory_scopes: [engineering]
    examples: ["Why does the build fail?"]
    keywords: [build]
    limits: {tokens: 2000, cost: 0.5, turns: 4}
  - agent_id: agent.seo
    user_name: Sarah
    capabilities: [seo, writing]
task_types:
  bugfix: [python, debugging]
imports:
  - {person: mira okafor, platform: whatsapp, file: a.txt, author: Mira, timezone: Europe/Berlin}
"""


def faults(text: str | bytes, *, as_json: bool = False) -> list[str]:
    """What is said about a file, a line each."""
    with pytest.raises(WorkplaceInvalidError) as refused:
        parse_workplace(text.encode() if isinstance(text, str) else text, as_json=as_json)
    return str(refused.value).splitlines()


def agent(more: str) -> str:
    """A file with one agent and something more on its third line."""
    return f"agents:\n  - agent_id: a\n    {more}\n"


def test_a_workplace_is_read() -> None:
    workplace = parse_workplace(GOOD.encode())
    mira, sarah = workplace.agents
    assert (workplace.name, workplace.description) == ("Acme", "They build things.")
    assert (mira.type, mira.capabilities, mira.limits.turns) == ("twin", {"python": 0.9, "css": 0.4}, 4)
    assert (sarah.type, sarah.name, sarah.capabilities) == ("specialist", "Sarah", {"seo": 1.0, "writing": 1.0})
    assert workplace.task_types == {"bugfix": ["python", "debugging"]}
    assert workplace.imports[0].timezone == "Europe/Berlin"


def test_the_json_form_is_read() -> None:
    raw = b'{"agents": [\n\t{"agent_id": "agent.user1", "user_name": "user1", "role": "cmo", "capabilities": ["x"]}]}'
    workplace = parse_workplace(raw, file="agents.json", as_json=True)
    assert workplace.agents[0].name == "user1"


def test_everything_wrong_is_said_at_once_in_the_order_of_the_file() -> None:
    text = (
        "agents:\n"
        "  - agent_id: twin.a\n"
        "    capabilities:\n"
        "      css: 0.5\n"
        "      python: 3\n"
        "  - agent_id: twin.a\n"
        "    max_capacity: many\n"
        "    colur: red\n"
        "task_types: {bug: python}\n"
    )
    assert [fault[: fault.index(", type")] + ", …" if "known are" in fault else fault for fault in faults(text)] == [
        "workplace.yaml, line 5, agents[0].capabilities.python: 3 is not between 0 and 1",
        "workplace.yaml, line 6, agents[1].agent_id: 'twin.a' is the id of agents[0] already",
        "workplace.yaml, line 7, agents[1].max_capacity: 'many' is not a whole number",
        "workplace.yaml, line 8, agents[1].colur: is not a known field; known are agent_id, name, …",
        "workplace.yaml, line 9, task_types.bug: must be a list, not 'python'",
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("capabilities: {python: yes}", "agents[0].capabilities.python: true is not between 0 and 1"),
        ("capabilities: {python: .nan}", "agents[0].capabilities.python: nan is not between 0 and 1"),
        ("capabilities: 5", "agents[0].capabilities: must be fields with values, not 5"),
        ("type: twin", "agents[0]: a twin needs the 'person' it stands for"),
        ("type: boss", "agents[0].type: 'boss' is none of 'twin', 'specialist', 'manager' or 'user_proxy'"),
        ("supported_intents: [chat, dance]", "agents[0].supported_intents[1]: unknown intent 'dance'"),
        ("max_capacity: -1", "agents[0].max_capacity: -1 must be at least 0"),
        ("limits: {tokens: 0}", "agents[0].limits.tokens: 0 must be greater than 0"),
        ("limits: {tokns: 5}", "agents[0].limits.tokns: is not a known field; did you mean 'tokens'?"),
        ("memory_scopes: [seo, 'twin:mira']", "agents[0].memory_scopes[1]: 'twin:mira' are a person's own messages"),
        ("name: 12", "agents[0].name: 12 is not text; put it in quotation marks"),
        ("email: mira", "agents[0].email: 'mira' is not an e-mail address"),
        ("rol: x", "agents[0].rol: is not a known field; did you mean 'role'?"),
        ("role: a\n    role: b", "agents[0].role: stands twice; the first is on line 3"),
    ],
)
def test_a_wrong_field_is_named_with_its_line(line: str, said: str) -> None:
    (fault,) = faults(agent(line))
    at = "2" if line == "type: twin" else "4" if "role: b" in line else "3"
    assert fault.startswith(f"workplace.yaml, line {at}, {said}")


@pytest.mark.parametrize(
    "agent_id",
    ["health", "Directory", "messages", "invoke", "workflows", "everybody", "role:cso", "a b", "a/b", "é", ".."],
)
def test_ids_that_could_not_be_reached_are_refused(agent_id: str) -> None:
    (fault,) = faults(f"agents:\n  - agent_id: {agent_id!r}\n")
    assert fault.startswith("workplace.yaml, line 2, agents[0].agent_id: '")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "workplace.yaml: is empty"),
        (b"  \n# only words\n", "workplace.yaml: is empty"),
        (b"agents: []", "workplace.yaml, line 1, agents: is empty; at least one agent is needed"),
        (b"workplace: {name: x}", "workplace.yaml, line 1, agents: is missing"),
        (b"- a", "workplace.yaml, line 1: must be fields with values"),
        (b"agents:\n  - agent_id: [a", "workplace.yaml, line 2: is not valid YAML"),
        (b"agents:\n\t- agent_id: a", "workplace.yaml, line 2: is not valid YAML: a tab"),
        (b"a: 1\nb: \xff\xfe", "workplace.yaml, line 2: is not UTF-8 text"),
        (b"\x00\x01", "workplace.yaml"),
        (b"agents: &a [*a]", "workplace.yaml: cannot be read: it refers to itself"),
        (b"agents: !!python/object/apply:os.system [ls]", "workplace.yaml, line 1: is not valid YAML"),
        (b"agents:\n  - 5", "workplace.yaml, line 2, agents[0]: must be fields with values, not 5"),
        (b"agents:\n  - agent_id: a\n    role: 2026-13-45", "workplace.yaml"),
    ],
)
def test_a_file_that_is_no_workplace_is_refused(raw: bytes, said: str) -> None:
    assert faults(raw)[0].startswith(said)


def test_aliases_of_aliases_do_not_grow_without_end() -> None:
    layers = "\n".join(f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 10)}]" for i in range(1, 9))
    assert "aliases" in faults(f"l0: &l0 [x]\n{layers}\n")[0]


def test_broken_json_names_its_line() -> None:
    assert faults('{"agents": [\n{"agent_id": "a",}]}', as_json=True)[0].startswith(
        "workplace.yaml, line 2: is not JSON"
    )


def test_a_byte_order_mark_is_no_fault() -> None:
    assert parse_workplace(b"\xef\xbb\xbf" + GOOD.encode()).name == "Acme"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{person: Zoe, platform: whatsapp, file: a}", "imports[0].person: 'Zoe' has no twin among the agents"),
        ("{person: A, platform: whatsapp, file: a, timezone: Berlin}", "imports[0].timezone: 'Berlin' is no time zone"),
        ("{person: A, platform: whatsapp, file: a, date_order: dym}", "imports[0].date_order: 'dym' is none of"),
        ("{person: A, platform: whatsapp}", "imports[0].file: is missing"),
    ],
)
def test_imports_are_checked(entry: str, said: str) -> None:
    (fault,) = faults(f"agents:\n  - {{agent_id: a, person: A}}\nimports:\n  - {entry}\n")
    assert fault.startswith(f"workplace.yaml, line 4, {said}")


def test_a_person_has_one_twin() -> None:
    (fault,) = faults("agents:\n  - {agent_id: a, person: Mira}\n  - {agent_id: b, person: ' MIRA '}\n")
    assert "line 3, agents[1].person: ' MIRA ' is the person of agents[0] already" in fault


def test_a_missing_file_says_how_to_write_one(tmp_path: Path) -> None:
    with pytest.raises(WorkplaceMissingError, match="folkmoot init"):
        load_workplace(tmp_path / "workplace.yaml")
    with pytest.raises(WorkplaceMissingError, match="cannot be read"):
        load_workplace(tmp_path)


def test_the_demo_company_is_a_workplace() -> None:
    workplace = load_workplace(Path(__file__).parents[2] / "examples" / "acme" / "workplace.yaml")
    assert {agent.type for agent in workplace.agents} == {"manager", "twin"}
    assert workplace.imports


def test_the_error_carries_its_facts() -> None:
    with pytest.raises(WorkplaceInvalidError) as refused:
        parse_workplace(agent("max_capacity: -1").encode(), file="team.yaml")
    assert refused.value.fields["errors"] == [
        {"file": "team.yaml", "line": 3, "field": "agents[0].max_capacity", "message": "-1 must be at least 0"}
    ]


def test_permissions_are_read_and_are_everybody_s_where_nothing_is_said() -> None:
    text = """\
agents:
  - agent_id: vault
    visible_to: [type:manager, "role:cso"]
    reachable_by: [people, clerk, "department:legal", "capability:audit"]
  - agent_id: clerk
"""
    vault, clerk = parse_workplace(text.encode()).agents
    assert vault.visible_to == ("type:manager", "role:cso")
    assert vault.reachable_by == ("people", "clerk", "department:legal", "capability:audit")
    assert clerk.visible_to == clerk.reachable_by == ("everybody",)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("visible_to: ['role:']", "agents[0].visible_to[0]: 'role:' selects nobody"),
        (
            "reachable_by: [people, type:boss]",
            "agents[0].reachable_by[1]: 'boss' is no type of agent; use one of twin,",
        ),
        ("reachable_by: [people, b]", "agents[0].reachable_by[1]: 'b' is none of the agents of this file"),
        ("reachable_by: everybody", "agents[0].reachable_by: must be a list"),
        ("visible_to: [7]", "agents[0].visible_to[0]: 7 is not text"),
    ],
)
def test_a_permission_that_means_nobody_is_named_with_its_line(line: str, said: str) -> None:
    (fault,) = faults(agent(line))
    assert fault.startswith("workplace.yaml, line 3, " + said), fault


def test_an_agent_that_is_mistyped_in_a_permission_is_guessed() -> None:
    text = "agents:\n  - agent_id: vault\n    reachable_by:\n      - clark\n  - agent_id: clerk\n"
    (fault,) = faults(text)
    assert fault == (
        "workplace.yaml, line 4, agents[0].reachable_by[0]: 'clark' is none of the agents of this file; "
        "did you mean 'clerk'?"
    )
