"""What this room tells the log of events, by name.

Events carry figures and the agents' own sentences, never quotations of evidence: those stay in rows that go when the
person they came from is forgotten.
"""

from typing import Any, Final

from folkmoot.tasks.model import Assignment, Task
from folkmoot.tasks.talk import Consultation, GroundKind, Utterance, Verdict

TASK_CREATED: Final = "task_created"
TASK_CONSULTED: Final = "task_consulted"
TASK_NEGOTIATED: Final = "task_negotiated"
TASK_DECIDED: Final = "task_decided"
TASK_ASSIGNED: Final = "task_assigned"
TASK_UNASSIGNED: Final = "task_unassigned"
TASK_STATUS: Final = "task_status"


def created(task: Task) -> dict[str, Any]:
    return {
        "task_id": task.task_id,
        "title": task.title,
        "task_type": task.task_type,
        "priority": task.priority,
        "status": str(task.status),
    }


def consulted(task_id: str, attempt: int, answer: Consultation) -> dict[str, Any]:
    return {
        "task_id": task_id,
        "attempt": attempt,
        "agent_id": answer.agent,
        "can_do": answer.can_do,
        "confidence": round(answer.confidence, 4),
        "estimated_hours": answer.estimated_hours,
        "earliest_start": answer.as_json()["earliest_start"],
        "message": _shareable(answer.message, answer.decided_by),
        "abstained": answer.abstained,
    }


def negotiated(task_id: str, attempt: int, said: Utterance) -> dict[str, Any]:
    return {
        "task_id": task_id,
        "attempt": attempt,
        "round": said.round,
        "message_id": said.message_id,
        "from_agent": said.speaker,
        "to_agent": said.to,
        "intent": said.intent,
        "stance": str(said.stance) if said.stance else None,
        "message": "" if any(one.kind is GroundKind.MODEL for one in said.reasons) else said.message,
    }


def decided(task_id: str, attempt: int, verdict: Verdict) -> dict[str, Any]:
    return {
        "task_id": task_id,
        "attempt": attempt,
        "ranking": list(verdict.ranking),
        "changed": list(verdict.changed),
        "settled": verdict.settled,
    }


def assigned(task: Task, assignment: Assignment) -> dict[str, Any]:
    return {
        "task_id": task.task_id,
        "title": task.title,
        "assigned_agent": assignment.owner,
        "helpers": list(assignment.helpers),
        "reasoning": assignment.reasoning,
        "by": assignment.by,
        "attempt": task.attempt,
    }


def unassigned(task: Task) -> dict[str, Any]:
    shortfall = task.shortfall
    return {
        "task_id": task.task_id,
        "title": task.title,
        "reasons": list(shortfall.reasons) if shortfall else [],
        "would_help": list(shortfall.would_help) if shortfall else [],
        "missing_skills": list(shortfall.missing_skills) if shortfall else [],
        "attempt": task.attempt,
    }


def status(task: Task, before: str) -> dict[str, Any]:
    return {
        "task_id": task.task_id,
        "title": task.title,
        "status": str(task.status),
        "before": before,
        "assigned_agent": task.owner,
        "progress": task.progress,
    }


def _shareable(message: str, decided_by: str) -> str:
    # A model may have quoted what it was shown.
    return message if decided_by.startswith("offline") else ""
