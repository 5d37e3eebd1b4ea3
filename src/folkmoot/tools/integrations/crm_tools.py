"""The tools that write leads into the CRM."""

from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import Field

from folkmoot.tools.integrations.addresses import checked_address, one_line
from folkmoot.tools.integrations.connection import Connection, told_as_tool
from folkmoot.tools.integrations.hubspot import HubSpot, Saved
from folkmoot.tools.model import ToolContext
from folkmoot.tools.specify import ToolSpec, tool

_TIMEOUT: Final = timedelta(seconds=90)  # up to seven calls, each with its own patience
Short = Annotated[str, Field(max_length=200)]
Address = Annotated[str, Field(min_length=3, max_length=254)]
Long = Annotated[str, Field(max_length=10_000)]
Names = Annotated[list[Short], Field(max_length=30)]
Score = Annotated[float, Field(ge=0, le=100)]


def crm_tools(crm: Connection[HubSpot]) -> tuple[ToolSpec, ...]:
    """`create_project_lead`, `create_marketing_lead` and `sync_lead_to_crm`."""

    @tool(effect="external", timeout=_TIMEOUT, per_minute=30)
    async def create_project_lead(
        context: ToolContext,
        email: Address,
        name: Short,
        project: Short,
        company: Short = "",
        phone: Short = "",
        budget: Short = "",
        timeline: Short = "",
        requirements: Long = "",
    ) -> dict[str, Any]:
        """Write a person who wants a website or an application into the CRM: contact, deal and a note.

        Args:
            email: The person's address; it says who they are in the CRM.
            name: The person's whole name.
            project: What is to be built, in a few words.
            company: Where they work.
            phone: Their telephone number.
            budget: What they would spend, in their words.
            timeline: When they want it, in their words.
            requirements: What they need, in their words.
        """
        facts = {"Project": project, "Budget": budget, "Timeline": timeline, "Requirements": requirements}
        return await _open_deal(
            crm, context, email=email, name=name, company=company, phone=phone, title=project, facts=facts
        )

    @tool(effect="external", timeout=_TIMEOUT, per_minute=30)
    async def create_marketing_lead(
        context: ToolContext,
        email: Address,
        name: Short,
        goal: Short,
        company: Short = "",
        phone: Short = "",
        channels: Names = [],  # noqa: B006  # pydantic copies it
        budget: Short = "",
        details: Long = "",
    ) -> dict[str, Any]:
        """Write a person who wants marketing into the CRM: contact, deal and a note.

        Args:
            email: The person's address; it says who they are in the CRM.
            name: The person's whole name.
            goal: What the marketing is to reach, in a few words.
            company: Where they work.
            phone: Their telephone number.
            channels: Where they want to be seen, such as search, social media, mail.
            budget: What they would spend, in their words.
            details: What else they said.
        """
        facts = {"Goal": goal, "Channels": ", ".join(channels), "Budget": budget, "Details": details}
        title = f"Marketing: {goal}"
        return await _open_deal(
            crm, context, email=email, name=name, company=company, phone=phone, title=title, facts=facts
        )

    @tool(effect="external", timeout=_TIMEOUT, per_minute=60)
    async def sync_lead_to_crm(
        context: ToolContext,
        email: Address,
        name: Short,
        company: Short = "",
        phone: Short = "",
        message: Long = "",
        score: Score | None = None,
        priority: Short = "",
        services: Names = [],  # noqa: B006  # pydantic copies it
        lead_id: Short = "",
    ) -> dict[str, Any]:
        """Bring a qualified lead into the CRM: the contact is made or changed, and a note says what was found.

        Args:
            email: The lead's address; it says who they are in the CRM.
            name: The lead's whole name.
            company: Where they work.
            phone: Their telephone number.
            message: What they wrote.
            score: How good the lead is, 0 to 100.
            priority: How urgent it is, such as high.
            services: The services that fit.
            lead_id: The lead's id in this workplace.
        """
        facts = {
            "Score": "" if score is None else f"{score:g} of 100",
            "Priority": priority,
            "Services": ", ".join(services),
            "Message": message,
            "Lead": lead_id,
        }
        with told_as_tool():
            client = crm.get()
            contact = await _contact(client, email=email, name=name, company=company, phone=phone)
            note = await client.add_note(context.key, _text("Qualified lead", facts), contact=contact.id)
        return {"contact_id": contact.id, "note_id": note.id, "new_contact": contact.new}

    return create_project_lead, create_marketing_lead, sync_lead_to_crm


async def _open_deal(
    crm: Connection[HubSpot],
    context: ToolContext,
    *,
    email: str,
    name: str,
    company: str,
    phone: str,
    title: str,
    facts: dict[str, str],
) -> dict[str, Any]:
    with told_as_tool() as progress:
        client = crm.get()
        contact = await _contact(client, email=email, name=name, company=company, phone=phone)
        properties = {
            "dealname": one_line(f"{title} ({company or name})", 250),
            "description": _text("", facts),
        }
        deal = await client.save_deal(context.key, properties, contact=contact.id)
        progress.add(f"deal {deal.id} of contact {contact.id} is saved")
        note = await client.add_note(context.key, _text(title, facts), contact=contact.id, deal=deal.id)
    return {"contact_id": contact.id, "deal_id": deal.id, "note_id": note.id, "new_contact": contact.new}


async def _contact(client: HubSpot, *, email: str, name: str, company: str, phone: str) -> Saved:
    first, _, last = one_line(name, 200).partition(" ")
    properties = {
        "firstname": first,
        "lastname": last.strip(),
        "company": one_line(company, 200),
        "phone": one_line(phone, 60),
    }
    # Only a new contact: somebody may have brought one we know further than that.
    at_first = {"lifecyclestage": "lead"}
    return await client.save_contact(checked_address(email).lower(), properties, at_first=at_first)


def _text(title: str, facts: dict[str, str]) -> str:
    lines = [title, *(f"{name}: {value}" for name, value in facts.items() if value)]
    return "\n".join(line for line in lines if line)
