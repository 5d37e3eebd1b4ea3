"""Workflows: several agents over one input.

`flow_document.py` reads an AutoGen Studio document, `patterns/` says who speaks when, `cast.py` asks the agents, and
`run_flow.py` takes a query to its combined answer. `flow_desk.py` does so for the queries of a session: it keeps them
in `folkmoot.conversations` before the flow runs, and what came of it afterwards.
"""

from folkmoot.workflows.errors import BadFlowError, FlowFailedError, WorkflowError
from folkmoot.workflows.flow_desk import FlowDesk
from folkmoot.workflows.flow_document import FlowDocument, read_flow
from folkmoot.workflows.model import FlowLimits, FlowResult, Utterance
from folkmoot.workflows.run_flow import run_flow

__all__ = [
    "BadFlowError",
    "FlowDesk",
    "FlowDocument",
    "FlowFailedError",
    "FlowLimits",
    "FlowResult",
    "Utterance",
    "WorkflowError",
    "read_flow",
    "run_flow",
]
