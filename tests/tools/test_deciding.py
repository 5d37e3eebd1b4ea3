"""What waits for a person, and what a person says of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from folkmoot.kernel import SimulatedClock
from folkmoot.security import Principal
from folkmoot.storage import Database
from folkmoot.tools import CallStatus, ToolContext, ToolSpec, ToolUncertainError, tool
from folkmoot.tools.decide import Decisions
from folkmoot.tools.errors import NotWaitingError, NotYoursToDecideError, SealBrokenError, UnknownCallError
from folkmoot.tools.events import TOOL_CALL
from folkmoot.tools.model import Resolution
from folkmoot.tools.walls import Leave
from tests.tools.shop import Shop, open_shop

IDA = Principal(user_id="ida", name="Ida", role="member")
BO = Principal(user_id="bo", name="Bo", role="member")
WATCHER = Principal(user_id="ida", name="Ida", role="viewer")
ADMIN = Principal(user_id="admin", name="admin", role="admin")
CONTRACT = {"to": "ida@brandt.example", "token": "s3cret-s3cret-s3cret"}


class Post:
    """A post office that may lose its answer."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.answers = True

    def tools(self) -> tuple[ToolSpec, ...]:
        @tool(effect="external", approval=True)
        async def send_contract(context: ToolContext, to: str, token: str) -> dict[str, str]:
            """Send a contract."""
            self.sent.append((to, token))
            return {"key": context.key}

        @tool(effect="external")
        async def send_note(context: ToolContext, to: str, token: str) -> dict[str, str]:
            """Send a note."""
            self.sent.append((to, token))
            if not self.answers:
                raise ToolUncertainError("the server closed the connection")
            return {"key": context.key}

        return send_contract, send_note


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def reopen(database: Database, clock: SimulatedClock, tmp_path: Path, post: Post) -> Callable[[str], Shop]:
    """A new process on the same home."""
    return lambda process: open_shop(database, clock, tmp_path, *post.tools(), process=process)


@pytest.fixture
def shop(reopen: Callable[[str], Shop]) -> Shop:
    return reopen("first")


def decisions(shop: Shop) -> Decisions:
    return Decisions(desk=shop.desk, ledger=shop.ledger, registry=shop.registry, walls=shop.rules)


async def ask(shop: Shop, tool: str = "send_contract", key: str = "k") -> str:
    return (await shop.desk.call(tool, CONTRACT, agent_id="a", user_id="ida", key=key)).call_id


async def test_a_call_waits_and_is_made_when_it_is_approved(shop: Shop, post: Post) -> None:
    outcome = await shop.desk.call("send_contract", CONTRACT, agent_id="a", user_id="ida", key="k")
    assert outcome.status is CallStatus.WAITING
    assert "approval" in (outcome.error or "")
    assert post.sent == []
    call = await decisions(shop).approve(outcome.call_id, by=IDA, note="go")
    assert (call.status, call.decided_by, call.note) == (CallStatus.SUCCEEDED, "ida", "go")
    assert call.result == {"key": "k"}
    assert post.sent == [("ida@brandt.example", "s3cret-s3cret-s3cret")]
    assert "s3cret" not in str(call)
    told = [event.data["status"] for event in await shop.events.read(types=[TOOL_CALL])]
    assert told == ["waiting", "started", "succeeded"]


async def test_it_is_made_once_however_often_it_is_approved_or_asked_for(shop: Shop, post: Post) -> None:
    call_id = await ask(shop)
    await decisions(shop).approve(call_id, by=IDA)
    with pytest.raises(NotWaitingError):
        await decisions(shop).approve(call_id, by=ADMIN)
    assert await ask(shop) == call_id
    assert len(post.sent) == 1


async def test_waiting_survives_a_restart(shop: Shop, reopen: Callable[[str], Shop], post: Post) -> None:
    call_id = await ask(shop)
    await shop.desk.stop()
    second = reopen("second")
    assert await second.ledger.recover() == 0
    assert (await decisions(second).approve(call_id, by=ADMIN)).status is CallStatus.SUCCEEDED
    assert len(post.sent) == 1


async def test_a_rejected_call_is_never_made(shop: Shop, post: Post) -> None:
    call_id = await ask(shop)
    call = await decisions(shop).reject(call_id, by=IDA, note="too early")
    assert call.status is CallStatus.DENIED
    assert "Ida rejected it: too early" in (call.error or "")
    with pytest.raises(NotWaitingError):
        await decisions(shop).approve(call_id, by=ADMIN)
    assert (await shop.desk.call("send_contract", CONTRACT, agent_id="a", user_id="ida", key="k")).status == "denied"
    assert post.sent == []


async def test_others_know_nothing_of_it(shop: Shop, post: Post) -> None:
    call_id = await ask(shop)
    with pytest.raises(UnknownCallError):
        await decisions(shop).approve(call_id, by=BO)
    with pytest.raises(NotYoursToDecideError):
        await decisions(shop).reject(call_id, by=WATCHER)
    with pytest.raises(UnknownCallError):
        await decisions(shop).approve("call_none", by=ADMIN)
    assert post.sent == []


async def test_walls_are_looked_at_again(shop: Shop, post: Post) -> None:
    call_id = await ask(shop)
    shop.rules.given = Leave(effects=frozenset(), why="the agent is silenced")
    call = await decisions(shop).approve(call_id, by=IDA)
    assert (call.status, call.error) == (CallStatus.DENIED, "the agent is silenced")
    assert post.sent == []


@pytest.mark.parametrize(
    ("resolution", "status", "sent"),
    [
        (Resolution.HAPPENED, CallStatus.SUCCEEDED, 1),
        (Resolution.DROP, CallStatus.FAILED, 1),
        (Resolution.AGAIN, CallStatus.SUCCEEDED, 2),
    ],
)
async def test_a_person_says_what_became_of_it(
    shop: Shop, post: Post, resolution: Resolution, status: CallStatus, sent: int
) -> None:
    post.answers = False
    call_id = await ask(shop, "send_note")
    post.answers = True
    call = await decisions(shop).resolve(call_id, resolution, by=IDA)
    assert (call.status, len(post.sent)) == (status, sent)
    assert (await shop.desk.call("send_note", CONTRACT, agent_id="a", user_id="ida", key="k")).status is status
    with pytest.raises(NotWaitingError):
        await decisions(shop).resolve(call_id, Resolution.AGAIN, by=IDA)
    assert len(post.sent) == sent


async def test_arguments_are_sealed_and_the_seal_needs_its_key(
    shop: Shop, reopen: Callable[[str], Shop], post: Post
) -> None:
    call_id = await ask(shop)
    for file in shop.home.glob("folkmoot.db*"):
        assert b"s3cret" not in file.read_bytes()
    (shop.home / "tool_calls.key").unlink()
    with pytest.raises(SealBrokenError):
        await decisions(reopen("second")).approve(call_id, by=IDA)
    assert post.sent == []
    assert (shop.home / "tool_calls.key").stat().st_mode & 0o077 == 0
