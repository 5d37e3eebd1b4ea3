"""Who may do what: one line for every route, every mount and every page of the dashboard.

A key is `METHOD /path/template` as the route declares it, `WS` for a socket, `MOUNT` for what stands below a prefix,
`PAGE` for a page below `/dashboard`. What has no line here is answered with 403 to everybody, and a test fails. Here is
only which role and which scope of a key a route asks for; whose things are shown is decided where they are read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Final

from folkmoot.security import NotAllowedError, Principal


class Access(IntEnum):
    """The least role; each may do what those before it may."""

    OPEN = 0  # nobody needs to sign in
    VIEWER = 1
    MEMBER = 2
    ADMIN = 3


OPEN, VIEWER, MEMBER, ADMIN = Access.OPEN, Access.VIEWER, Access.MEMBER, Access.ADMIN
_RANK: Final = {"viewer": VIEWER, "member": MEMBER, "admin": ADMIN}


@dataclass(frozen=True)
class Rule:
    """`access` is the least role, `subject` what a key with scopes needs; empty: every key will do."""

    access: Access
    subject: str = ""


RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        # The door
        "GET /": Rule(OPEN),
        "GET /health": Rule(OPEN),
        "GET /metrics": Rule(OPEN),
        "GET /docs": Rule(OPEN),
        "GET /openapi.json": Rule(OPEN),
        "MOUNT /docs-assets": Rule(OPEN),
        "MOUNT /dashboard": Rule(OPEN),  # every page asks for itself: see the lines with PAGE
        "MOUNT /dashboard/assets": Rule(OPEN),
        "GET /dashboard": Rule(OPEN),
        "GET /dashboard/sign-in": Rule(OPEN),
        "POST /dashboard/sign-in": Rule(OPEN),
        "GET /dashboard/sign-in/oidc": Rule(OPEN),
        "GET /dashboard/sign-in/oidc/callback": Rule(OPEN),
        "POST /dashboard/sign-out": Rule(OPEN),
        # Accounts
        "POST /api/auth/token": Rule(OPEN),
        "POST /api/auth/refresh": Rule(OPEN),
        "POST /api/auth/revoke": Rule(OPEN),
        "POST /api/auth/socket": Rule(VIEWER, "events:read"),
        "GET /api/users": Rule(ADMIN, "users:read"),
        "POST /api/users": Rule(ADMIN, "users:write"),
        "GET /api/users/me": Rule(VIEWER, "account:read"),
        "PUT /api/users/me/password": Rule(VIEWER, "account:write"),
        "GET /api/users/{user_id}": Rule(VIEWER, "users:read"),
        "PATCH /api/users/{user_id}": Rule(ADMIN, "users:write"),
        "DELETE /api/users/{user_id}": Rule(ADMIN, "users:write"),
        "GET /api/keys": Rule(VIEWER, "account:read"),
        "POST /api/keys": Rule(VIEWER, "account:write"),
        "DELETE /api/keys/{key_id}": Rule(VIEWER, "account:write"),
        "GET /api/audit": Rule(ADMIN, "audit:read"),
        # The workplace
        "POST /api/initialize": Rule(ADMIN, "agents:write"),
        "GET /api/status": Rule(VIEWER, "status:read"),
        "WS /ws": Rule(VIEWER, "events:read"),
        "GET /api/dashboard/data": Rule(VIEWER, "tasks:read"),
        "POST /api/dashboard/sync": Rule(MEMBER, "tasks:write"),
        # Agents
        "GET /api/agents": Rule(VIEWER, "agents:read"),
        # Knowledge
        "POST /api/knowledge": Rule(MEMBER, "knowledge:write"),
        "GET /api/knowledge": Rule(VIEWER, "knowledge:read"),
        "GET /api/knowledge/scopes": Rule(VIEWER, "knowledge:read"),
        "GET /api/knowledge/sources": Rule(VIEWER, "knowledge:read"),
        "POST /api/knowledge/sources/{source_id}/sync": Rule(ADMIN, "knowledge:write"),
        "POST /api/knowledge/search": Rule(VIEWER, "knowledge:read"),
        "GET /api/knowledge/{document_id}": Rule(VIEWER, "knowledge:read"),
        "GET /api/knowledge/{document_id}/chunks": Rule(VIEWER, "knowledge:read"),
        "DELETE /api/knowledge/{document_id}": Rule(MEMBER, "knowledge:write"),
        # Shared memory
        "GET /api/memory/{space_id}": Rule(VIEWER, "memory:read"),
        "DELETE /api/memory/{space_id}": Rule(MEMBER, "memory:write"),
        "GET /api/memory/{space_id}/{key}": Rule(VIEWER, "memory:read"),
        "PUT /api/memory/{space_id}/{key}": Rule(MEMBER, "memory:write"),
        "DELETE /api/memory/{space_id}/{key}": Rule(MEMBER, "memory:write"),
        "GET /api/agents/health": Rule(VIEWER, "agents:read"),
        "GET /api/agents/directory": Rule(VIEWER, "agents:read"),
        "GET /api/agents/{agent_id}": Rule(VIEWER, "agents:read"),
        "PUT /api/agents/{agent_id}/availability": Rule(MEMBER, "agents:write"),
        "POST /api/agents/{agent_id}/silence": Rule(MEMBER, "agents:silence"),
        "DELETE /api/agents/{agent_id}/silence": Rule(MEMBER, "agents:silence"),
        "PUT /api/agents/{agent_id}/name": Rule(MEMBER, "agents:write"),
        "POST /api/agents/invoke": Rule(MEMBER, "agents:ask"),
        # Sessions, their messages and the gallery
        "GET /api/sessions": Rule(VIEWER, "chat:read"),
        "POST /api/sessions": Rule(MEMBER, "chat:write"),
        "POST /api/sessions/publish": Rule(MEMBER, "chat:write"),
        "GET /api/messages": Rule(VIEWER, "chat:read"),
        "POST /api/messages": Rule(MEMBER, "chat:write"),
        "POST /api/messages/delete": Rule(MEMBER, "chat:write"),
        "POST /api/cleardb": Rule(MEMBER, "chat:write"),
        "GET /api/gallery": Rule(VIEWER, "chat:read"),
        "DELETE /api/gallery/{gallery_id}": Rule(MEMBER, "chat:write"),
        "POST /api/gallery/{gallery_id}/start": Rule(MEMBER, "chat:write"),
        # Conversations
        "GET /sessions": Rule(VIEWER, "chat:read"),
        "GET /api/conversations": Rule(VIEWER, "chat:read"),
        "GET /api/conversations/search": Rule(VIEWER, "chat:read"),
        "GET /api/conversations/{conversation_id}": Rule(VIEWER, "chat:read"),
        "PATCH /api/conversations/{conversation_id}": Rule(MEMBER, "chat:write"),
        "DELETE /api/conversations/{conversation_id}": Rule(MEMBER, "chat:write"),
        "POST /api/conversations/{conversation_id}/restore": Rule(MEMBER, "chat:write"),
        "GET /api/conversations/{conversation_id}/export": Rule(VIEWER, "chat:read"),
        # Leads
        "POST /api/leads/submit": Rule(MEMBER, "leads:write"),
        "GET /api/leads": Rule(VIEWER, "leads:read"),
        "GET /api/leads/{lead_id}": Rule(VIEWER, "leads:read"),
        "POST /api/leads/{lead_id}/analyze": Rule(MEMBER, "leads:write"),
        "PATCH /api/leads/{lead_id}": Rule(MEMBER, "leads:write"),
        "DELETE /api/leads/{lead_id}": Rule(MEMBER, "leads:write"),
        "POST /api/leads/{lead_id}/restore": Rule(MEMBER, "leads:write"),
        # Conversations
        "POST /api/chat/message": Rule(MEMBER, "chat:write"),
        "POST /api/chat/stream": Rule(MEMBER, "chat:write"),
        "GET /api/chat/stream/{message_id}": Rule(VIEWER, "chat:read"),
        "GET /api/chat/history/{conversation_id}": Rule(VIEWER, "chat:read"),
        "DELETE /api/chat/history/{conversation_id}": Rule(MEMBER, "chat:write"),
        "GET /api/chat/attachments/{attachment_id}": Rule(VIEWER, "chat:read"),
        "POST /api/chat/{conversation_id}/cancel": Rule(MEMBER, "chat:write"),
        "POST /api/chat/{conversation_id}/messages/{message_id}/regenerate": Rule(MEMBER, "chat:write"),
        "PATCH /api/chat/{conversation_id}/messages/{message_id}": Rule(MEMBER, "chat:write"),
        "GET /api/chat/{conversation_id}/messages/{message_id}/routing": Rule(VIEWER, "chat:read"),
        "POST /api/chat/{conversation_id}/messages/{message_id}/show": Rule(MEMBER, "chat:write"),
        "WS /ws/{user_id}": Rule(MEMBER, "chat:write"),
        # Tools
        "GET /api/tools": Rule(VIEWER, "tools:read"),
        "GET /api/logs": Rule(VIEWER, "logs:read"),
        "GET /api/logs/stats": Rule(VIEWER, "logs:read"),
        "GET /api/logs/{call_id}": Rule(VIEWER, "logs:read"),
        "POST /api/logs/{call_id}/resolve": Rule(MEMBER, "tools:approve"),
        "GET /api/approvals": Rule(VIEWER, "logs:read"),
        "POST /api/approvals/{call_id}": Rule(MEMBER, "tools:approve"),
        # Bridges
        "GET /external-status": Rule(VIEWER, "bridges:read"),
        "POST /send-to-external": Rule(MEMBER, "bridges:write"),
        "POST /api/bridges/{name}/reconnect": Rule(ADMIN, "bridges:write"),
        # Files of users
        "GET /user/{user_id}/files": Rule(VIEWER, "files:read"),
        "GET /user/{user_id}/files/{name}": Rule(VIEWER, "files:read"),
        "DELETE /user/{user_id}/files/{name}": Rule(MEMBER, "files:write"),
        "GET /user/{user_id}/file/{filename}": Rule(VIEWER, "files:read"),
        # Messages
        "POST /api/agents/messages": Rule(MEMBER, "messages:write"),
        "POST /api/agents/messages/broadcast": Rule(MEMBER, "messages:write"),
        "GET /api/agents/messages": Rule(VIEWER, "messages:read"),
        "GET /api/agents/messages/stats": Rule(VIEWER, "messages:read"),
        "GET /api/agents/messages/{message_id}": Rule(VIEWER, "messages:read"),
        "GET /api/agents/messages/dead-letters": Rule(VIEWER, "messages:read"),
        "POST /api/agents/messages/dead-letters/{message_id}/retry": Rule(MEMBER, "messages:write"),
        "DELETE /api/agents/messages/dead-letters/{message_id}": Rule(MEMBER, "messages:write"),
        # Models: who used how much, and what may be used
        "GET /api/models": Rule(VIEWER, "models:read"),
        "GET /api/models/health": Rule(VIEWER, "models:read"),
        "GET /api/models/metrics": Rule(VIEWER, "models:read"),
        "POST /api/models/test": Rule(ADMIN, "models:write"),
        "GET /api/usage": Rule(VIEWER, "usage:read"),
        "GET /api/usage/budgets": Rule(VIEWER, "usage:read"),
        "PUT /api/usage/budgets": Rule(ADMIN, "usage:write"),
        "DELETE /api/usage/budgets/{budget_id}": Rule(ADMIN, "usage:write"),
        "PAGE /usage": Rule(VIEWER),
        # Tasks
        "POST /api/tasks": Rule(MEMBER, "tasks:write"),
        "GET /api/tasks": Rule(VIEWER, "tasks:read"),
        "GET /api/tasks/{task_id}": Rule(VIEWER, "tasks:read"),
        "PUT /api/tasks/{task_id}/assign": Rule(MEMBER, "tasks:write"),
        "PUT /api/tasks/{task_id}/status": Rule(MEMBER, "tasks:write"),
        "POST /api/tasks/{task_id}/decline": Rule(MEMBER, "tasks:write"),
        "POST /api/tasks/{task_id}/redistribute": Rule(MEMBER, "tasks:write"),
        # Consents and twins
        "POST /api/consents": Rule(MEMBER, "consents:write"),
        "GET /api/consents": Rule(VIEWER, "consents:read"),
        "GET /api/consents/{consent_id}": Rule(VIEWER, "consents:read"),
        "DELETE /api/consents/{consent_id}": Rule(MEMBER, "consents:write"),
        "POST /api/twins": Rule(MEMBER, "twins:write"),
        "GET /api/twins": Rule(VIEWER, "twins:read"),
        "GET /api/twins/{person}": Rule(VIEWER, "twins:read"),
        "DELETE /api/twins/{person}": Rule(MEMBER, "twins:write"),
        "GET /api/twins/{person}/profile": Rule(VIEWER, "twins:read"),
        "GET /api/twins/{person}/imports": Rule(VIEWER, "twins:read"),
        "GET /api/twins/{person}/messages": Rule(VIEWER, "twins:read"),
        "POST /api/twins/{person}/imports": Rule(MEMBER, "twins:write"),
        # Speech
        "GET /api/voice": Rule(VIEWER, "voice:read"),
        "POST /api/voice/transcribe": Rule(MEMBER, "voice:write"),
        "POST /api/voice/speak": Rule(MEMBER, "voice:write"),
        # OpenAI's protocol
        "GET /v1/models": Rule(VIEWER, "agents:read"),
        "GET /v1/models/{model}": Rule(VIEWER, "agents:read"),
        "POST /v1/chat/completions": Rule(MEMBER, "chat:write"),
        # Pages
        "PAGE-ACT": Rule(MEMBER),  # what changes something on a page and names no route
        "PAGE /": Rule(VIEWER),
        "PAGE /chat": Rule(VIEWER),
        "PAGE /chat/{conversation_id}": Rule(VIEWER),
        "PAGE /external": Rule(VIEWER),
        "PAGE /gallery": Rule(VIEWER),
        "PAGE /gallery/{gallery_id}": Rule(VIEWER),
        "PAGE /agents": Rule(VIEWER),
        "PAGE /agents/{agent_id}": Rule(VIEWER),
        "PAGE /tasks": Rule(VIEWER),
        "PAGE /tasks/{task_id}": Rule(VIEWER),
        "PAGE /twins": Rule(VIEWER),
        "PAGE /twins/{person}": Rule(VIEWER),
        "PAGE /tools": Rule(VIEWER),
        "PAGE /knowledge": Rule(VIEWER),
        "PAGE /leads": Rule(VIEWER),
        "PAGE /leads/{lead_id}": Rule(VIEWER),
        "PAGE /messages": Rule(VIEWER),
        "PAGE /messages/{message_id}": Rule(VIEWER),
        "PAGE /people": Rule(VIEWER),
        "PAGE /{anything}": Rule(VIEWER),
    }
)


def may(principal: Principal, key: str) -> bool:
    """Whether the route, mount or page of this key is open to them."""
    rule = RULES.get(key)
    return rule is not None and _RANK[principal.role] >= rule.access and principal.allows(rule.subject)


def check(principal: Principal, key: str) -> None:
    """Raise `NotAllowedError` unless they may; it says what would be needed."""
    rule = RULES.get(key)
    if rule is None:
        raise NotAllowedError(f"{key} is open to nobody: no rule says who may", route=key)
    if _RANK[principal.role] < rule.access:
        raise NotAllowedError(
            f"this needs the role {rule.access.name.lower()}, and {principal.name} has the role {principal.role}; "
            "an administrator can change it on the page People",
            needs=rule.access.name.lower(),
            role=principal.role,
        )
    if not principal.allows(rule.subject):
        raise NotAllowedError(
            f"this key lacks the scope {rule.subject}; make one that has it with "
            f"POST /api/keys or `folkmoot key add --scope {rule.subject}`",
            needs=rule.subject,
        )
