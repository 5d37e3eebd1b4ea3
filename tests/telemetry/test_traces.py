"""One request is one tree of spans, whatever it sets off, and nobody's words are in it."""

from collections.abc import Callable

from tests.telemetry.conftest import CANARY, Collector, SeenSpan, Watched
from tests.waiting import wait_until

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


def tree_of(collector: Collector, trace: str) -> dict[str, SeenSpan]:
    return {one.id: one for one in collector.spans if one.trace == trace}


def ancestors(span: SeenSpan, tree: dict[str, SeenSpan]) -> list[str]:
    names, at = [], span
    while at.parent in tree:
        at = tree[at.parent]
        names.append(at.name)
    return names


async def seen(
    collector: Collector, trace: str, complete: Callable[[dict[str, SeenSpan]], bool]
) -> dict[str, SeenSpan]:
    await wait_until(lambda: complete(tree_of(collector, trace)), seconds=60)
    return tree_of(collector, trace)


async def test_a_question_is_one_tree_from_the_request_to_the_tool(watched: Watched) -> None:
    watched.model.call("search_knowledge", query=f"sleep {CANARY}-words")
    watched.model.say("Go to bed early.")
    with watched.server.client() as client:
        message = {
            "sender_id": "tester",
            "recipient_id": "helios",
            "intent": "chat",
            "payload": {"data": {"message": f"How do I sleep? {CANARY}-words"}},
        }
        answer = client.post(
            "/api/agents/messages",
            params={"wait": 60},
            json=message,
            headers={"traceparent": f"00-{TRACE}-{PARENT}-01"},
        )
        assert answer.json()["reply"]["payload"]["data"]["answer"] == "Go to bed early."
    tree = await seen(watched.collector, TRACE, lambda spans: any(one.parent == PARENT for one in spans.values()))
    by_name = {one.name: one for one in tree.values()}
    root = by_name["POST /api/agents/messages"]
    assert root.parent == PARENT  # the caller's own span is above it
    assert ancestors(by_name["execute_tool search_knowledge"], tree) == ["handle chat", root.name]
    models = [one for one in tree.values() if one.name == "chat openai:stub-small"]
    assert len(models) == 2
    assert all(ancestors(one, tree) == ["handle chat", root.name] for one in models)
    assert models[0].attributes["gen_ai.request.model"] == "stub-small"
    # Nobody's words, and no secret, left the house with them.
    assert not any(CANARY.encode() in body for body in watched.collector.raw)
    assert all(CANARY in headers["x-collector-key"] for headers in watched.collector.headers)


async def test_a_task_is_one_tree_from_the_request_over_the_manager_s_run_to_the_agents(watched: Watched) -> None:
    trace = TRACE[::-1]
    task = {"title": "Plan the sleep week", "task_type": "General", "required_skills": ["sleep"]}
    with watched.server.client() as client:
        client.post(
            "/api/tasks", params={"wait": 90}, json=task, headers={"traceparent": f"00-{trace}-{PARENT}-01"}
        ).raise_for_status()
    tree = await seen(
        watched.collector,
        trace,
        lambda spans: {"POST /api/tasks", "run share_out_task", "handle award"} <= {one.name for one in spans.values()},
    )
    asked = [one for one in tree.values() if one.name == "handle consult"]
    assert {one.attributes["messaging.destination.name"] for one in asked} == {"helios", "ceres"}
    assert all(ancestors(one, tree) == ["run share_out_task", "POST /api/tasks"] for one in asked)
    thought = [one for one in tree.values() if one.name.startswith("chat openai")]
    assert thought
    assert all(ancestors(one, tree)[-2:] == ["run share_out_task", "POST /api/tasks"] for one in thought)
    assert all(one.trace == trace for one in tree.values())
