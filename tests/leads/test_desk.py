"""Leads from their arrival to their end: kept, followed up once, moved legally, deleted and brought back."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from folkmoot.kernel import JsonValue
from folkmoot.leads import LeadChange, LeadData, LeadStatus, Priority, UnknownLeadError
from folkmoot.leads.errors import IllegalLeadMoveError, LeadNotDeletedError
from folkmoot.leads.model import AWAY, MOVES, Lead
from folkmoot.leads.store import Wanted
from folkmoot.tools import CallStatus
from tests.leads.office import STRONG, WEAK, Sent, office


async def test_a_strong_lead_is_analysed_told_to_the_team_answered_and_brought_into_the_crm(tmp_path: Path) -> None:
    async with office(tmp_path, durable=True) as house:
        lead = await house.desk.submit(STRONG, user_id="ada", auto_respond=True)
        assert lead.settled
        assert lead.analysis is not None
        assert lead.analysis.lead_score.priority is Priority.HIGH
        names = [name for name, _ in house.sent.calls]
        assert names == ["send_qualification_notification", "send_mail", "sync_lead_to_crm"]
        mail = house.sent.of("send_mail")[0]
        assert mail["to"] == "ida@brandt.example"
        assert "Studio Falter" in mail["text"]
        assert STRONG.message not in mail["text"]
        history = await house.desk.history(lead.lead_id, viewer="ada")
        assert [one.kind for one in history] == ["submitted", "analyzed", "sent", "sent", "sent"]


async def test_nobody_is_written_to_twice_however_often_it_is_analysed(tmp_path: Path) -> None:
    async with office(tmp_path) as house:
        lead = await house.desk.submit(STRONG, user_id="ada", auto_respond=True)
        for _ in range(2):
            lead = await house.desk.analyze(lead.lead_id, viewer="ada")
        assert len(house.sent.of("send_mail")) == 1
        assert len(house.sent.of("send_qualification_notification")) == 1
        assert len(house.sent.of("sync_lead_to_crm")) == 3


async def test_what_was_skipped_is_said_and_tried_again_by_the_next_analysis(tmp_path: Path) -> None:
    sent = Sent(status=CallStatus.SKIPPED, error="SendGrid is not configured")
    async with office(tmp_path, sent=sent) as house:
        lead = await house.desk.submit(STRONG, user_id="ada")
        assert lead.follow_up.notification is not None
        assert lead.follow_up.notification.status == "skipped"
        assert "not configured" in lead.follow_up.notification.detail
        assert lead.settled
        sent.status, sent.error = CallStatus.SUCCEEDED, None
        lead = await house.desk.analyze(lead.lead_id, viewer="ada")
        assert lead.follow_up.notification is not None
        assert lead.follow_up.notification.status == "succeeded"


async def test_what_may_have_been_sent_is_never_sent_again(tmp_path: Path) -> None:
    async with office(tmp_path, sent=Sent(status=CallStatus.UNKNOWN, error="the connection broke")) as house:
        lead = await house.desk.submit(STRONG, user_id="ada")
        await house.desk.analyze(lead.lead_id, viewer="ada")
        assert len(house.sent.of("send_qualification_notification")) == 1


async def test_what_was_away_is_caught_up_with_and_what_may_have_been_sent_is_not(tmp_path: Path) -> None:
    away: JsonValue = {"code": AWAY}
    sent = Sent(status=CallStatus.SKIPPED, error="SendGrid cannot be reached", result=away)
    async with office(tmp_path, sent=sent, durable=True) as house:
        lead = await house.desk.submit(STRONG, user_id="ada", auto_respond=True)
        sent.status, sent.result = CallStatus.UNKNOWN, None
        doubtful = await house.desk.submit(STRONG, user_id="ada", auto_respond=True)
        sent.status = CallStatus.SUCCEEDED
        assert await house.desk.catch_up() == 1
        assert await house.desk.catch_up() == 0
        for tool in ("send_qualification_notification", "send_mail", "sync_lead_to_crm"):
            assert len(house.sent.of(tool)) == 3
        found = await house.desk.find(lead.lead_id, viewer="ada")
        assert found.settled
        assert found.analysis == lead.analysis
        assert not found.follow_up.owed()
        assert (await house.desk.find(doubtful.lead_id, viewer="ada")).round == 1


async def test_a_weak_lead_disturbs_nobody(tmp_path: Path) -> None:
    async with office(tmp_path) as house:
        await house.desk.submit(WEAK, user_id="ada")
        assert [name for name, _ in house.sent.calls] == ["sync_lead_to_crm"]
        assert (await house.desk.submit(WEAK, user_id="ada", analyze=False)).analysis is None


async def test_what_was_accepted_before_a_crash_is_finished_at_the_next_start(tmp_path: Path) -> None:
    async with office(tmp_path, durable=True) as house:
        house.desk._engine = Dead()
        lead = await house.desk.submit(STRONG, user_id="ada", auto_respond=True)
        assert lead.analysis is None
        assert not lead.settled
    async with office(tmp_path, durable=True) as house:
        assert await house.desk.resume() == 1
        await house.engine.result(f"{lead.lead_id}-1", timeout=timedelta(seconds=30))
        found = await house.desk.find(lead.lead_id, viewer="ada")
        assert found.settled
        assert found.analysis is not None
        assert len(house.sent.of("send_mail")) == 1
        assert await house.desk.resume() == 0


async def test_a_step_done_again_sends_nothing_again(tmp_path: Path) -> None:
    async with office(tmp_path) as house:
        lead = await house.desk.submit(STRONG, user_id="ada")
        # As after a crash between the effect and its record: the lead does not know of the call, the tool log does.
        forgotten = lead.model_copy(update={"follow_up": lead.follow_up.model_copy(update={"notification": None})})
        async with house.database.write() as session:
            from folkmoot.leads import store

            await store.save_lead(session, forgotten, at=lead.updated_at)
        await house.follow_ups._send(lead.lead_id, 1, "notification")
        assert len(house.sent.of("send_qualification_notification")) == 1
        found = await house.desk.find(lead.lead_id, viewer=None)
        assert found.follow_up.notification is not None


async def test_a_lead_moves_by_legal_steps_alone(tmp_path: Path) -> None:
    async with office(tmp_path) as house:
        for start in LeadStatus:
            for end in LeadStatus:
                lead = await house.desk.submit(WEAK, user_id="ada", analyze=False)
                await _put(house.desk, lead, start)
                if end in MOVES[start] or end == start:
                    moved = await house.desk.change(lead.lead_id, LeadChange(status=end), viewer="ada", by="ada")
                    assert moved.status is end
                else:
                    with pytest.raises(IllegalLeadMoveError, match=f"from {start} to {end}"):
                        await house.desk.change(lead.lead_id, LeadChange(status=end, note="x"), viewer="ada", by="ada")
                    assert (await house.desk.find(lead.lead_id, viewer="ada")).status is start
                    notes = [one for one in await house.desk.history(lead.lead_id, viewer="ada") if one.kind == "note"]
                    assert notes == []


async def _put(desk: object, lead: Lead, status: LeadStatus) -> None:
    from folkmoot.leads import LeadDesk, store

    assert isinstance(desk, LeadDesk)
    async with desk._database.write() as session:
        await store.save_lead(session, lead.model_copy(update={"status": status}), at=lead.updated_at)


async def test_others_leads_are_unknown(tmp_path: Path) -> None:
    async with office(tmp_path) as house:
        lead = await house.desk.submit(WEAK, user_id="ada", analyze=False)
        desk, change = house.desk, LeadChange(note="mine")
        for attempt in (
            desk.find(lead.lead_id, viewer="bob"),
            desk.history(lead.lead_id, viewer="bob"),
            desk.analyze(lead.lead_id, viewer="bob"),
            desk.change(lead.lead_id, change, viewer="bob", by="bob"),
            desk.delete(lead.lead_id, viewer="bob", by="bob"),
            desk.restore(lead.lead_id, viewer="bob", by="bob"),
        ):
            with pytest.raises(UnknownLeadError):
                await attempt
        assert await desk.leads(viewer="bob") == ([], 0)
        assert (await desk.leads(viewer=None))[1] == (await desk.leads(viewer="ada"))[1] == 1


async def test_lists_are_narrowed_and_come_in_pages(tmp_path: Path) -> None:
    async with office(tmp_path) as house:
        strong = await house.desk.submit(STRONG, user_id="ada")
        for _ in range(3):
            await house.desk.submit(WEAK, user_id="ada", analyze=False)

        async def ids(wanted: Wanted, limit: int = 10, offset: int = 0) -> tuple[list[str], int]:
            found, total = await house.desk.leads(wanted, viewer="ada", limit=limit, offset=offset)
            return [one.lead_id for one in found], total

        assert await ids(Wanted(min_score=50)) == ([strong.lead_id], 1)
        assert await ids(Wanted(priority=Priority.HIGH)) == ([strong.lead_id], 1)
        assert await ids(Wanted(text="brandt")) == ([strong.lead_id], 1)
        assert (await ids(Wanted(text="%")))[1] == 0
        assert (await ids(Wanted(source="website")))[1] == 4
        assert (await ids(Wanted(status=LeadStatus.WON)))[1] == 0
        first, second = await ids(Wanted(), limit=2), await ids(Wanted(), limit=2, offset=2)
        assert len({*first[0], *second[0]}) == first[1] == 4


async def test_a_deleted_lead_is_gone_until_it_is_brought_back(tmp_path: Path) -> None:
    async with office(tmp_path) as house:
        lead = await house.desk.submit(WEAK, user_id="ada", analyze=False)
        with pytest.raises(LeadNotDeletedError):
            await house.desk.restore(lead.lead_id, viewer="ada", by="ada")
        await house.desk.delete(lead.lead_id, viewer="ada", by="ada")
        with pytest.raises(UnknownLeadError):
            await house.desk.find(lead.lead_id, viewer="ada")
        assert await house.desk.purge() == 0
        back = await house.desk.restore(lead.lead_id, viewer="ada", by="ada")
        assert back.deleted_at is None
        assert [one.kind for one in await house.desk.history(lead.lead_id, viewer="ada")][-2:] == [
            "deleted",
            "restored",
        ]


async def test_two_who_move_a_lead_at_once_leave_no_move_out(tmp_path: Path) -> None:
    async with office(tmp_path) as house:
        lead = await house.desk.submit(WEAK, user_id="ada", analyze=False)
        changes = [LeadChange(note=f"note {number}") for number in range(8)]
        await asyncio.gather(
            *(house.desk.change(lead.lead_id, one, viewer="ada", by="ada") for one in changes),
            house.desk.change(lead.lead_id, LeadChange(status=LeadStatus.CONTACTED), viewer="ada", by="bob"),
        )
        history = await house.desk.history(lead.lead_id, viewer="ada")
        assert len([one for one in history if one.kind == "note"]) == 8
        assert (await house.desk.find(lead.lead_id, viewer="ada")).version == 10


@pytest.mark.parametrize(
    "fields",
    [
        {"email": "ida@brandt.example\r\nBcc: everybody@list.example"},
        {"email": "ida@brandt.example, b@c.example"},
        {"email": "Ida <ida@brandt.example>"},
        {"email": "ida"},
        {"name": "Ida\nSubject: hello"},
        {"name": ""},
        {"company": "A\x00B"},
        {"phone": "1" * 61},
        {"message": "x" * 20_001},
        {"services_interested": ["x"] * 31},
        {"budget_range": "x" * 201},
        {"surprise": 1},
    ],
)
def test_what_could_break_out_of_its_field_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        LeadData.model_validate(STRONG.model_dump() | fields)


async def test_what_looks_like_markup_is_kept_as_it_is(tmp_path: Path) -> None:
    message = "<script>alert('x')</script> ' OR 1=1; -- {{7*7}} مرحبا 🦊 a\u0007b \u202egnp.exe"
    data = LeadData.model_validate(WEAK.model_dump() | {"name": "<b>O'Neill</b>", "message": message})
    async with office(tmp_path) as house:
        lead = await house.desk.submit(data, user_id="ada")
        kept = await house.desk.find(lead.lead_id, viewer="ada")
        assert kept.data.name == "<b>O'Neill</b>"
        assert kept.data.message == "<script>alert('x')</script> ' OR 1=1; -- {{7*7}} مرحبا 🦊 ab gnp.exe"


class Dead:
    """An engine of a process that dies before it can launch anything."""

    async def launch(self, name: str, run_id: str, input: object = None) -> str:  # noqa: A002, ARG002  # the engine's
        from folkmoot.runs.errors import RunsStoppedError

        raise RunsStoppedError("the process is gone")

    async def result(self, run_id: str, timeout: timedelta | None = None) -> None:  # noqa: ARG002, ASYNC109  # as above
        from folkmoot.runs.errors import RunsStoppedError

        raise RunsStoppedError("the process is gone")
