"""A studio's document is read, in both its forms; what is wrong in it is named by its path, never by its value."""

from typing import Any

import pytest

from folkmoot.workflows import BadFlowError, read_flow
from tests.workflows.flows import agent, document


def test_receivers_become_members_in_their_order() -> None:
    flow = read_flow(document("sequential", agent("ada", "You plan."), agent("bo", model="openai:gpt-5-mini")))
    assert (flow.pattern, flow.sender, [one.name for one in flow.members]) == (
        "sequential",
        "user_proxy",
        ["ada", "bo"],
    )
    assert (flow.members[0].persona, flow.members[1].models) == ("You plan.", ("openai:gpt-5-mini",))


def test_a_group_chat_s_members_stand_in_its_config_or_beside_it() -> None:
    inside = document("groupchat", agent("ada"), agent("bo"), allow_repeat_speaker=True, max_round=4)
    beside = {**inside, "receiver": {**agent("table", kind="groupchat"), "agents": [agent("ada"), agent("bo")]}}
    for one in (inside, beside):
        flow = read_flow(one)
        assert flow.pattern == "groupchat"
        assert flow.group is not None
        assert (flow.group.name, [member.name for member in flow.members]) == ("table", ["ada", "bo"])
    assert (read_flow(inside).allow_repeat_speaker, read_flow(inside).max_rounds) == (True, 4)


def test_the_list_of_agents_with_links_is_taken_too() -> None:
    flow = read_flow(
        {
            "name": "linked",
            "type": "autonomous",
            "agents": [
                {"agent": agent("me", kind="userproxy"), "link": {"agent_type": "sender"}},
                {"agent": agent("ada"), "link": {"agent_type": "receiver"}},
            ],
        }
    )
    assert (flow.sender, [one.name for one in flow.members]) == ("me", ["ada"])


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"type": "circular"}, "flow_config.type"),
        ({"receiver": []}, "flow_config.receiver"),
        ({"receiver": agent("", "x") | {"name": None}}, "flow_config.receiver.config.name"),
        ({"receiver": [agent("ada"), agent("ada")]}, "flow_config.receiver"),
        ({"receiver": [agent("ada"), agent("table", kind="groupchat")]}, "flow_config.receiver.1"),
        ({"receiver": agent("table", kind="groupchat")}, "flow_config.receiver"),
        (
            {"receiver": agent("ada", llm_config={"config_list": [{"model": 7}]})},
            "flow_config.receiver.config.llm_config",
        ),
        ({"receiver": [agent(f"a{number}") for number in range(21)]}, "flow_config.receiver"),
        ({"receiver": agent("proxy", kind="userproxy")}, "flow_config.receiver"),
        ({"summary_method": "rhyme"}, "flow_config.summary_method"),
    ],
)
def test_a_fault_is_named_by_its_path(wrong: dict[str, Any], path: str) -> None:
    with pytest.raises(BadFlowError, match=path.replace(".", r"\.")):
        read_flow({**document("sequential", agent("ada")), **wrong})


def test_a_fault_never_shows_a_value() -> None:
    broken = agent(
        "ada", llm_config={"config_list": [{"model": {"api_key": "sk-very-secret"}}], "timeout": "sk-very-secret"}
    )
    with pytest.raises(BadFlowError) as caught:
        read_flow(document("sequential", broken))
    assert "sk-very-secret" not in f"{caught.value.message}{caught.value.fields}"


def test_a_document_without_end_is_refused() -> None:
    with pytest.raises(BadFlowError, match="more than"):
        read_flow(document("sequential", agent("ada", "x" * 300_000)))


def test_what_is_not_done_here_is_noted() -> None:
    assert "nobody is asked" in read_flow(document("sequential", agent("ada", human_input_mode="ALWAYS"))).notes[0]
