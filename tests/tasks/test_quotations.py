"""The words behind reasons: shown to who reads a report, and in no file once the consent is gone."""

import asyncio
from datetime import timedelta
from pathlib import Path

from folkmoot.assembly.settings import Settings
from folkmoot.assembly.workplace import open_workplace
from folkmoot.consent import Purpose
from folkmoot.tasks.model import NewTask, TaskState
from folkmoot.tasks.talk import Ground, GroundKind, Quotation
from folkmoot.tasks.views import TaskReport
from tests.tasks.house import House

SECRET = "zymurgic"
PERSON = "Lin Hsu"


def letters(path: Path) -> Path:
    """Letters of Lin about warehouse invoices, each with a word that stands nowhere else."""
    lines = ["FROM,TO,DATE,SUBJECT,CONTENT,FOLDER"]
    for day in range(1, 21):
        words = f"The {SECRET} ledger: invoices of the warehouse are reconciled, part {day}."
        lines.append(f'{PERSON},Mary Major,2026-03-{day:02d} 10:00:00 UTC,,"{words}",SENT')
    path.write_text("\n".join(lines) + "\n")
    return path


def quoted(report: TaskReport) -> list[Quotation]:
    grounds = [ground for one in report.consultation for ground in one.reasons]
    grounds += [ground for round_ in report.negotiation.rounds for one in round_.messages for ground in one.reasons]
    return [quotation for ground in grounds for quotation in ground.quotes]


def bytes_of(home: Path) -> bytes:
    return b"".join(one.read_bytes() for one in home.rglob("*") if one.is_file())


async def test_after_a_withdrawal_no_file_holds_the_words_that_a_task_had_cited(tmp_path: Path) -> None:
    home = tmp_path / "home"
    settings = Settings.model_validate({"FOLKMOOT_HOME": str(home), "MODEL": "offline"})
    async with open_workplace(settings) as workplace:
        parts = workplace.parts
        await parts.team.initialize("acme")
        consent = await parts.consents.grant(
            PERSON,
            email="lin@acme.example",
            platform="linkedin",
            purposes=[Purpose.IMPORT, Purpose.PROFILE],
            expires_at=parts.clock.now() + timedelta(days=9),
        )
        await parts.imports.run(PERSON, await asyncio.to_thread(letters, tmp_path / "messages.csv"))
        task = await parts.tasks.create(NewTask(title="Reconcile the invoices of the warehouse", estimated_hours=2))
        task = await parts.tasks.wait(task.task_id, seconds=60)
        assert task.status is TaskState.ASSIGNED
        assert any(SECRET in one.text for one in quoted(await parts.tasks.report(task.task_id)))
        assert SECRET.encode() not in (home / "journal.db").read_bytes()

        await parts.consents.revoke(consent.consent_id)

        report = await parts.tasks.report(task.task_id)
        cited = {id_ for answer in report.consultation for ground in answer.reasons for id_ in ground.evidence}
        assert cited, "the reasons keep their ids"
        assert not quoted(report)
        assert SECRET.encode() not in await asyncio.to_thread(bytes_of, home)
    assert SECRET.encode() not in await asyncio.to_thread(bytes_of, home)


async def test_a_report_shows_the_words_and_rows_and_mail_do_not(house: House) -> None:
    await house.join("dora", person="dora")
    await house.join("emil", person="emil")
    await house.learn("dora", *(f"the {SECRET} certificates were renewed, part {n}" for n in range(4)))
    await house.learn("emil", "ordered chairs", "booked a train", "paid bills")
    task = await house.shared_out("Renew the certificates")

    shown = [one for one in quoted(await house.desk.report(task.task_id)) if one.id.startswith("dora-")]

    assert all(SECRET in one.text and one.at is not None for one in shown)
    assert {one.id for one in shown} == {f"dora-{n}" for n in range(4)}
    mail = await house.broker.messages(limit=1000)
    assert mail
    assert not any(SECRET in str(one.message.payload.data) for one in mail)


def test_what_a_message_brings_along_as_a_quotation_is_dropped() -> None:
    brought = {"kind": "words", "text": "I know it.", "quotes": [{"id": "m-1", "text": "somebody's own words"}]}
    assert Ground.model_validate(brought) == Ground(kind=GroundKind.WORDS, text="I know it.")
