"""A sender and a dashboard where a server has the workplace: they speak HTTP to it, by its home or its address."""

import pytest

from folkmoot import DashboardInterface, MessageSender
from folkmoot.assembly import Settings
from folkmoot.assembly.joining import JoinError
from folkmoot.messaging import MessageIntent, Receipt
from folkmoot.registry import UnknownAgentError
from tests.faces.accounts import account
from tests.serving import TOKEN, Served


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FOLKMOOT_URL", "FOLKMOOT_TOKEN", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)


async def test_a_sender_finds_the_server_of_its_home(server: Served) -> None:
    settings = Settings.model_validate({"FOLKMOOT_HOME": server.home})
    async with MessageSender(settings=settings) as sender:
        twins = await sender.discover_agents(department="Product", online_only=True)
        assert twins
        assert all(one.department == "Product" and one.presence == "online" for one in twins)
        chosen = twins[0].agent_id
        reply = await sender.send_message(chosen, MessageIntent.CAPABILITY_QUERY, wait_for_response=True)
        assert reply.payload.data["agent_id"] == chosen
        receipt = await sender.send_message(chosen, MessageIntent.HEALTH_CHECK)
        assert isinstance(receipt, Receipt)
        assert receipt.recipient_id == chosen
        assert (await sender.get_agent_status(chosen))["status"] == "online"
        assert chosen in await sender.broadcast_message(MessageIntent.HEALTH_CHECK, department="Product")
        with pytest.raises(UnknownAgentError, match=r"agent\.nobody"):
            await sender.assign_task("agent.nobody", "T1")


async def test_a_dashboard_asks_by_address_and_token(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOLKMOOT_URL", server.url)
    monkeypatch.setenv("FOLKMOOT_TOKEN", TOKEN)
    async with DashboardInterface() as dashboard:
        state = await dashboard.exec_request_department_status("Product")
        assert state["success"]
        assert all("agent" in one for one in state["data"]["agents"].values())
        nobody = await dashboard.ask_role("astronomer", "Are we alone?")
        assert (nobody["success"], "astronomer" in str(nobody["error"])) == (False, True)


async def test_a_member_sends_in_their_own_name_alone(server: Served) -> None:
    with account(server) as somebody:
        token, own = somebody.client.headers["Authorization"].removeprefix("Bearer "), f"user:{somebody.user_id}"
        async with MessageSender(url=server.url, token=token) as stranger:
            everybody = await stranger.discover_agents()
            with pytest.raises(JoinError, match=own):
                await stranger.send_message(everybody[0].agent_id, MessageIntent.HEALTH_CHECK)
        async with MessageSender(url=server.url, token=token, sender_id=own) as member:
            asked = everybody[0].agent_id
            reply = await member.send_message(asked, MessageIntent.HEALTH_CHECK, wait_for_response=True)
            assert reply.payload.data["status"] == "healthy"
