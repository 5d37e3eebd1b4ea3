"""On whose behalf a message is handled, and whose files its tools are given: said by the face alone."""

from folkmoot.agents.behalf import FILES_OF, ON_BEHALF_OF, handling, on_behalf_of, passed_on
from folkmoot.messaging import AgentMessage, MessagePayload


def message(**context: str) -> AgentMessage:
    return AgentMessage(
        sender_id="user:ida",
        recipient_id="helios",
        intent="chat",
        payload=MessagePayload(data={}, context=dict(context)),
    )


def test_a_rooms_user_keeps_files_of_their_own() -> None:
    with handling(on_behalf_of(message(), "admin", files_of="room-1a2b")) as now:
        assert (now.user_id, now.files_of) == ("admin", "room-1a2b")
        assert passed_on({FILES_OF: "bo"}) == {ON_BEHALF_OF: "admin", FILES_OF: "room-1a2b"}


def test_without_a_word_they_are_the_users_own() -> None:
    with handling(on_behalf_of(message(), "ida")) as now:
        assert (now.user_id, now.files_of) == ("ida", "ida")
        assert passed_on({"workflow_id": "w"}) == {ON_BEHALF_OF: "ida", "workflow_id": "w"}


def test_a_client_cannot_name_others_files() -> None:
    with handling(on_behalf_of(message(files_of="bo", on_behalf_of="bo"), "ida")) as now:
        assert (now.user_id, now.files_of) == ("ida", "ida")
    with handling(message(files_of="bo")) as now:
        assert (now.user_id, now.files_of) == (None, None)
        assert passed_on({FILES_OF: "bo"}) == {}
