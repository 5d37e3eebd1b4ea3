"""Agents with a language model: they decide in typed answers with the figures before them, and only as permitted."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from folkmoot.consent import Consent, Purpose
from folkmoot.models import ModelHandle, ModelHub, ModelSettings
from folkmoot.models.model import chain_of
from folkmoot.tasks.mind import Character, ConsentedPlatforms, HubMinds
from folkmoot.tasks.talk import Consultation
from tests.models.shelf import hub_for
from tests.stub_model import StubModel, stub_model
from tests.tasks.house import House, open_house

__all__ = ["stub_model"]


@dataclass
class Cast:
    """Only `thinker` has a model."""

    person: str | None = None

    def character(self, agent_id: str) -> Character | None:
        if agent_id != "thinker":
            return Character(model="offline")
        return Character(model="openai:stub-small", persona="You are careful.", person=self.person)


@dataclass
class Permission:
    """The gate as the test sets it."""

    given: bool = True

    async def may_leave(self, person: str) -> bool:  # noqa: ARG002  # one answer for everybody
        return self.given


PATIENT = timedelta(seconds=90)  # the first question imports the model loop


def thinking(hub: ModelHub) -> HubMinds:
    return HubMinds(hub=hub, characters=Cast(), gate=Permission())


@pytest.fixture
async def mind_hub(stub_model: StubModel) -> AsyncIterator[ModelHub]:
    hub = hub_for(ModelSettings(openai_base_url=stub_model.base_url, openai_api_key="k"))
    yield hub
    await hub.close()


async def asked(house: House, title: str) -> dict[str, Consultation]:
    task = await house.shared_out(title)
    return {one.agent: one for one in (await house.desk.report(task.task_id)).consultation}


async def test_the_model_decides_with_the_figures_before_it(
    tmp_path: Path, stub_model: StubModel, mind_hub: ModelHub
) -> None:
    stub_model.decide(
        can_do=True,
        confidence=0.7,
        estimated_hours=3,
        message="I know this smithy.",
        concerns=["It is hot."],
        facts=[1],
    )
    async with open_house(tmp_path, minds=thinking(mind_hub), patience=PATIENT) as house:
        await house.join("thinker", smithing=0.8)
        answer = (await asked(house, "Smithing a gate"))["thinker"]
    assert (answer.can_do, answer.confidence, answer.estimated_hours) == (True, 0.7, 3)
    assert answer.decided_by == "openai:stub-small"
    assert answer.message == "I know this smithy."
    assert answer.reasons[0].evidence == ("agent:thinker/capabilities",), "its words cite what fact 1 rests on"
    (request,) = stub_model.requests
    told = str(request["messages"])
    assert "Smithing a gate" in told
    assert "Fact 1: I am declared able: smithing." in told
    assert "You are careful." in told


async def test_a_model_sees_the_quotation_and_cannot_have_it_kept(
    tmp_path: Path, stub_model: StubModel, mind_hub: ModelHub
) -> None:
    stub_model.decide(
        can_do=True,
        confidence=0.7,
        estimated_hours=3,
        message="I once wrote: forged the iron gate of the old mill.",
        concerns=["The iron gate of the old mill again?"],
        facts=[1],
    )
    async with open_house(tmp_path, minds=thinking(mind_hub), patience=PATIENT) as house:
        await house.join("thinker", person="thinker", smithing=0.8)
        await house.learn("thinker", *(f"forged the iron gate of the old mill, day {n}" for n in range(4)))
        answer = (await asked(house, "Smithing an iron gate"))["thinker"]
    (request,) = stub_model.requests
    assert "gate of the old mill" in str(request["messages"])
    assert answer.decided_by == "openai:stub-small"
    assert answer.can_do
    assert "mill" not in answer.message
    assert not any("mill" in one.text for one in (*answer.reasons, *answer.concerns))


async def test_a_model_that_fails_leaves_the_decision_to_the_figures(
    tmp_path: Path, stub_model: StubModel, mind_hub: ModelHub
) -> None:
    for _ in range(5):
        stub_model.fail(400)
    async with open_house(tmp_path, minds=thinking(mind_hub), patience=PATIENT) as house:
        await house.join("thinker", smithing=0.8)
        answer = (await asked(house, "Smithing a gate"))["thinker"]
    assert answer.can_do
    assert answer.decided_by == "offline, because openai:stub-small failed"


async def test_two_with_and_without_a_model_negotiate(
    tmp_path: Path, stub_model: StubModel, mind_hub: ModelHub
) -> None:
    stub_model.decide(can_do=True, confidence=0.9, estimated_hours=3, message="Gladly.", facts=[1])
    for _ in range(2):  # by the figures plain steps back too; in the second round it hears that it was left to it
        stub_model.decide(stance="concede", toward="plain", message="Let plain have it.", facts=[1])
    async with open_house(tmp_path, minds=thinking(mind_hub), patience=PATIENT) as house:
        await house.join("thinker", smithing=0.9)
        await house.join("plain", smithing=0.85)
        task = await house.shared_out("Smithing a gate")
        report = await house.desk.report(task.task_id)
    stood = {one.agent: one for one in report.negotiation.rounds[0].positions}
    assert stood["thinker"].decided_by == "openai:stub-small"
    assert (stood["thinker"].stance, stood["thinker"].toward) == ("concede", "plain")
    assert task.owner == "plain"
    taken = next(one for one in report.negotiation.rounds[1].positions if one.agent == "plain")
    assert taken.message == "Thinker left it to me, so I take it."


async def test_a_twin_without_consent_decides_offline_before_a_remote_model(mind_hub: ModelHub) -> None:
    far = ModelHandle(name="openai:far", provider="openai", model="far", offline=False, remote=True)
    near = ModelHandle(name="ollama:near", provider="ollama", model="near", offline=False, remote=False)
    chain = chain_of([far, near])
    assert chain is not None

    @dataclass(frozen=True)
    class FarHub:
        handle: ModelHandle

        async def resolve(self, name: str | None = None) -> ModelHandle:  # noqa: ARG002  # one model
            return self.handle

    async def mind(handle: ModelHandle, *, given: bool) -> str | None:
        minds = HubMinds(hub=FarHub(handle), characters=Cast(person="Thea"), gate=Permission(given))  # type: ignore[arg-type]  # a model that is far away cannot be had on loopback
        found = await minds.of("thinker")
        return found.name if found else None

    assert await mind(far, given=False) is None
    assert await mind(far, given=True) == "openai:far"
    assert await mind(chain, given=False) == "ollama:near"  # of a chain, what stays within the network
    assert await mind(chain, given=True) == "openai:far, ollama:near"
    assert mind_hub is not None


async def test_every_platform_a_profile_rests_on_must_allow_it() -> None:
    class Ledger:
        def __init__(self, **platforms: set[Purpose]) -> None:
            self.platforms = platforms

        async def live(self, person: str, purpose: Purpose) -> list[Consent]:
            now = datetime(2026, 1, 5, tzinfo=UTC)
            return [
                Consent(
                    consent_id=name,
                    person="thea",
                    name=person,
                    email="",
                    platform=name,
                    purposes=tuple(purposes),
                    granted_at=now,
                    expires_at=now + timedelta(days=1),
                )
                for name, purposes in self.platforms.items()
                if purpose in purposes
            ]

    both = {Purpose.PROFILE, Purpose.REMOTE_MODEL}
    assert await ConsentedPlatforms(consents=Ledger(git=both)).may_leave("Thea")
    assert not await ConsentedPlatforms(consents=Ledger(git=both, whatsapp={Purpose.PROFILE})).may_leave("Thea")
    assert not await ConsentedPlatforms(consents=Ledger(git={Purpose.PROFILE})).may_leave("Thea")
    assert not await ConsentedPlatforms(consents=Ledger()).may_leave("Thea")
