"""Who has a twin, and what is said of each."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from folkmoot.twins.errors import UnknownImportError, UnknownTwinError
from folkmoot.twins.store import select_secret
from tests.twins.workshop import Workshop, chat


async def test_a_person_has_one_twin_however_the_name_is_written(workshop: Workshop) -> None:
    made = await workshop.roster.ensure("Zoë  Vale")
    assert (made.name, made.person, made.agent_id) == ("Zoë Vale", "zoë vale", "zoe-vale")
    again = await workshop.roster.ensure("zoë VALE", email="zoe@vale.example")
    assert (again.name, again.email, again.agent_id) == ("Zoë Vale", "zoe@vale.example", "zoe-vale")
    assert (await workshop.roster.ensure("Zoë Vale")).email == "zoe@vale.example"
    assert len(await workshop.roster.list()) == 1
    assert (await workshop.roster.ensure("Zoë Vale", agent_id="twin.zoe")).agent_id == "twin.zoe"


async def test_names_that_look_alike_get_agents_of_their_own(workshop: Workshop) -> None:
    names = ["Zoe Vale", "Zoë Vale", "田中", "佐藤"]
    agents = [(await workshop.roster.ensure(name)).agent_id for name in names]
    assert agents == ["zoe-vale", "zoe-vale-2", "twin", "twin-2"]


async def test_what_is_not_known_is_said_so(workshop: Workshop) -> None:
    with pytest.raises(UnknownTwinError, match="twin setup"):
        await workshop.roster.get("Nobody Known")
    with pytest.raises(UnknownImportError):
        await workshop.roster.import_result("import_none")


async def test_a_view_shows_consents_imports_counts_and_profile(workshop: Workshop, chat_file: Path) -> None:
    given = await workshop.grant()
    result = await workshop.imports.run("John Smith", chat_file)
    view = await workshop.roster.view("john smith")
    assert [consent.consent_id for consent in view.consents] == [given.consent_id]
    assert view.imports == [result]
    assert await workshop.roster.import_result(result.import_id) == result
    assert [(one.platform, one.own, one.context) for one in view.messages] == [("whatsapp", 60, 60)]
    assert view.profile is not None
    assert view.profile.messages == 60
    shown = await workshop.roster.messages("John Smith", view.profile.skills[0].evidence[:3])
    assert len(shown) == 3
    assert all(message.own for message in shown)


async def test_samples_are_spread_over_time_and_always_the_same(workshop: Workshop, tmp_path: Path) -> None:
    await workshop.grant()
    await workshop.imports.run("John Smith", chat(tmp_path / "chat.txt", pairs=100))
    samples = await workshop.roster.samples("John Smith", 5)
    assert len(samples) == 5
    assert samples == await workshop.roster.samples("John Smith", 5)
    assert all("quokka" in one for one in samples)
    numbers = [int(one.split()[-2]) for one in samples]
    assert numbers == sorted(numbers)
    assert numbers[-1] - numbers[0] > 50


async def test_ids_cannot_be_made_without_the_twins_secret(workshop: Workshop, tmp_path: Path) -> None:
    await workshop.grant()
    await workshop.grant("Zoe Vale")
    file = chat(tmp_path / "chat.txt")
    await workshop.imports.run("John Smith", file)
    other = chat(tmp_path / "zoe.txt", person="Zoe Vale")
    await workshop.imports.run("Zoe Vale", other)
    johns = {one.id for one in await workshop.evidence.of("John Smith")}
    zoes = {one.id for one in await workshop.evidence.of("Zoe Vale")}
    assert len(johns) == len(zoes) == 60
    assert not johns & zoes
    async with workshop.database.read() as session:
        assert await select_secret(session, "john smith") != await select_secret(session, "zoe vale")


async def test_evidence_comes_in_the_order_of_time_each_time(workshop: Workshop, chat_file: Path) -> None:
    await workshop.grant()
    await workshop.imports.run("John Smith", chat_file)
    evidence = await workshop.evidence.everyone()
    assert [one.at for one in evidence] == sorted(one.at for one in evidence)
    assert evidence[0].at == datetime(2024, 1, 1, 10, 5, tzinfo=UTC)
    assert {one.person for one in evidence} == {"john smith"}
    assert await workshop.evidence.everyone() == evidence
