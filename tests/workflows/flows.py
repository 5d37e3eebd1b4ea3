"""Documents as a studio writes them."""

from typing import Any


def agent(
    name: str, persona: str = "", *, kind: str = "assistant", model: str = "offline", **more: Any
) -> dict[str, Any]:
    """An agent's part of a document."""
    llm: Any = False if kind == "userproxy" else {"config_list": [{"model": model, "api_key": "sk-secret-of-a-test"}]}
    config = {"name": name, "human_input_mode": "NEVER", "system_message": persona, "llm_config": llm, **more}
    return {"name": name, "type": kind, "config": config}


def document(kind: str = "sequential", *members: dict[str, Any], summary: str = "last", **more: Any) -> dict[str, Any]:
    """A whole document; `groupchat` puts the members into a chat called `table`."""
    receiver: Any = list(members)
    if kind == "groupchat":
        receiver = agent("table", "Speak when it helps.", kind="groupchat", agents=receiver, **more)
    sender = agent("user_proxy", kind="userproxy")
    return {"name": "a flow", "type": kind, "summary_method": summary, "sender": sender, "receiver": receiver}
