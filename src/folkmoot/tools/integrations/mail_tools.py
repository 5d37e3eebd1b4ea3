"""The tools that send mail. Who an agent may write to is decided by which of them it has, not by its prompt."""

from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import Field

from folkmoot.tools.integrations.connection import Connection, told_as_tool
from folkmoot.tools.integrations.sendgrid import Letter, SendGrid
from folkmoot.tools.model import ToolContext
from folkmoot.tools.specify import ToolSpec, tool

_TIMEOUT: Final = timedelta(seconds=45)
Short = Annotated[str, Field(max_length=200)]
Address = Annotated[str, Field(min_length=3, max_length=254)]
Long = Annotated[str, Field(min_length=1, max_length=20_000)]
Names = Annotated[list[Short], Field(max_length=30)]
Score = Annotated[float, Field(ge=0, le=100)]


def mail_tools(mail: Connection[SendGrid], *, inbox: str) -> tuple[ToolSpec, ...]:
    """`send_mail`, `send_marketing_proposal` and `send_qualification_notification`.

    `inbox` is where the team reads of new leads; without one it is the sender's own address.
    """

    @tool(effect="external", timeout=_TIMEOUT, per_minute=20)
    async def send_mail(
        context: ToolContext, to: Address, subject: Short, text: Long, to_name: Short = "", reply_to: Short = ""
    ) -> dict[str, Any]:
        """Send a mail in plain words. It cannot be taken back.

        Args:
            to: The address to write to.
            subject: What it is about, in one line.
            text: The whole letter; a blank line begins a new paragraph.
            to_name: The name of who gets it.
            reply_to: Where answers go, if not to the sender.
        """
        letter = Letter(to=to, to_name=to_name, subject=subject, text=text, reply_to=reply_to or None)
        return await _send(mail, context, letter)

    @tool(effect="external", timeout=_TIMEOUT, per_minute=20)
    async def send_marketing_proposal(
        context: ToolContext,
        to: Address,
        name: Short,
        proposal: Long,
        company: Short = "",
        services: Names = [],  # noqa: B006  # pydantic copies it
        budget: Short = "",
    ) -> dict[str, Any]:
        """Send a marketing proposal to somebody who asked for one. It cannot be taken back.

        Args:
            to: The address to write to.
            name: The name of who gets it.
            proposal: What is proposed, in whole sentences; a blank line begins a new paragraph.
            company: The company it is made for.
            services: The services that it holds, one by one.
            budget: What it would cost.
        """
        parts = [f"Dear {name}," if name else "Hello,", proposal]
        if services:
            parts.append("What it holds:\n" + "\n".join(f"- {one}" for one in services))
        if budget:
            parts.append(f"Budget: {budget}")
        parts.append("Just answer this mail if you have questions.")
        subject = f"Marketing proposal for {company or name}" if company or name else "Marketing proposal"
        return await _send(mail, context, Letter(to=to, to_name=name, subject=subject, text="\n\n".join(parts)))

    @tool(effect="external", timeout=_TIMEOUT, per_minute=30)
    async def send_qualification_notification(
        context: ToolContext,
        lead_name: Short,
        lead_email: Address,
        summary: Long,
        score: Score | None = None,
        priority: Short = "",
        actions: Names = [],  # noqa: B006  # pydantic copies it
        lead_id: Short = "",
    ) -> dict[str, Any]:
        """Tell the team by mail that a lead was qualified. It goes to the team's own address only.

        Args:
            lead_name: The lead's whole name.
            lead_email: The lead's address; answers go there.
            summary: What the team should know.
            score: How good the lead is, 0 to 100.
            priority: How urgent it is, such as high.
            actions: What to do next, one by one.
            lead_id: The lead's id in this workplace.
        """
        rated = "" if score is None else f"Score: {score:g} of 100"
        facts = [f"Lead: {lead_name} <{lead_email}>", rated, f"Priority: {priority}" if priority else ""]
        parts = ["\n".join(one for one in facts if one), summary]
        if actions:
            parts.append("Next:\n" + "\n".join(f"- {one}" for one in actions))
        if lead_id:
            parts.append(f"In the workplace: {lead_id}")
        subject = f"Lead{f' ({priority})' if priority else ''}: {lead_name}"
        with told_as_tool():
            to = inbox or mail.get().sender
        letter = Letter(to=to, subject=subject, text="\n\n".join(parts), reply_to=lead_email)
        return await _send(mail, context, letter)

    return send_mail, send_marketing_proposal, send_qualification_notification


async def _send(mail: Connection[SendGrid], context: ToolContext, letter: Letter) -> dict[str, Any]:
    with told_as_tool():
        message_id = await mail.get().send(letter, key=context.key)
    return {"accepted": True, "to": letter.to.strip(), "message_id": message_id}
