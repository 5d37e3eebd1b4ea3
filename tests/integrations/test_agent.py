"""An agent whose service is away goes on, and says so: with a model that calls the tool and hears what became of it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from folkmoot.agents import AgentHost
from folkmoot.agents.offer import searching
from folkmoot.messaging import AgentMessage, MessagePayload
from folkmoot.models import ModelHub, ModelSettings
from folkmoot.models.providers import Offline, OpenAICompatible
from folkmoot.tools import CallStatus
from folkmoot.tools.integrations import Connection, HubSpot, crm_tools
from tests.agents.conftest import house
from tests.agents.house import PATIENCE, House, definition
from tests.integrations.servers.hubspot import HubSpotServer
from tests.stub_model import StubModel, stub_model
from tests.tools.shop import Shop, open_shop

__all__ = ["house", "stub_model"]

LEAD = {"email": "zoe@kunde.example", "name": "Zoe"}


@pytest.fixture
async def crm_shop(house: House, tmp_path: Path, hubspot: HubSpot) -> AsyncIterator[Shop]:
    tools = crm_tools(Connection(service="HubSpot", client=hubspot))
    shop = open_shop(house.database, house.clock, tmp_path, searching, *tools)
    yield shop
    await shop.desk.stop()


@pytest.fixture
async def qualifier(house: House, crm_shop: Shop, stub_model: StubModel) -> AsyncIterator[AgentHost]:
    settings = ModelSettings(model="openai:stub-small", openai_base_url=stub_model.base_url)
    hub = ModelHub(settings=settings, providers=[OpenAICompatible(settings), Offline()])
    host = AgentHost(context=replace(house.context, models=hub, tools=crm_shop.desk))
    await host.start()
    await host.add(definition("lead_qualification", tools=["sync_lead_to_crm"]))
    yield host
    await host.stop()
    await hub.close()


async def ask(house: House, text: str) -> dict[str, Any]:
    message = AgentMessage(
        sender_id="somebody",
        recipient_id="lead_qualification",
        intent="chat",
        payload=MessagePayload(data={"message": text}),
    )
    return (await house.broker.request(message, timeout=PATIENCE)).payload.data


def told(stub: StubModel) -> str:
    """What the model heard of its last tool call."""
    return next(str(one["content"]) for one in reversed(stub.requests[-1]["messages"]) if one["role"] == "tool")


@pytest.mark.slow
@pytest.mark.usefixtures("qualifier")
async def test_with_the_crm_away_the_agent_goes_on_and_says_so(
    house: House, crm_shop: Shop, stub_model: StubModel, hubspot_server: HubSpotServer
) -> None:
    await hubspot_server.stop()
    stub_model.call("sync_lead_to_crm", **LEAD)
    stub_model.say("Zoe is a good lead. I could not write her into the CRM, which is away.")
    answer = await ask(house, "Qualify Zoe")
    assert "could not write her into the CRM" in str(answer)
    assert "was skipped, go on without it and say so: HubSpot cannot be reached" in told(stub_model)
    [call], _ = await crm_shop.ledger.page(action="tool_execution:sync")
    assert call.status is CallStatus.SKIPPED

    await hubspot_server.start()
    stub_model.call("sync_lead_to_crm", **LEAD)
    stub_model.say("Now she is in the CRM.")
    await ask(house, "Try again")
    assert [one.properties["email"] for one in hubspot_server.made("contacts")] == ["zoe@kunde.example"]
