"""Turns as rows, without anybody who answers them."""

import re
from datetime import timedelta

from folkmoot.conversations.accept import answer_row, question_row
from folkmoot.conversations.model import Conversation, Status
from folkmoot.conversations.store import insert_conversation, insert_messages, next_seq
from folkmoot.kernel import SystemClock
from folkmoot.storage import Database


async def insert_turns(database: Database, user: str, count: int) -> None:
    """`question 0.`, `question 1.`, … each with a settled answer."""
    now = SystemClock().now()
    talk = Conversation(
        conversation_id=f"conv_{user}",
        user_id=user,
        account_id=user,
        kind="chat",
        title="many",
        agent_id=None,
        last_agent=None,
        created_at=now,
        updated_at=now,
    )
    async with database.write() as session:
        await insert_conversation(session, talk)
        for number in range(count):
            at = now + timedelta(seconds=number)
            question = question_row(talk, f"question {number}.", None, at, {})
            question["seq"] = await next_seq(session, user)
            answer = answer_row(talk, question["message_id"], at, {})
            answer |= {"status": Status.ANSWERED, "content": "noted", "settled_at": at, "agent_name": "Helios"}
            answer["seq"] = await next_seq(session, user)
            await insert_messages(session, [question, answer])


def words_in(text: str) -> list[str]:
    """What the user said, as a file of theirs tells it."""
    return re.findall(r"^\*\*You:\*\*\n\n> (.*)$", text, re.MULTILINE)
