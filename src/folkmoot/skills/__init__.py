"""Who can do what, and why: the capability estimator, learned from consented texts and outcomes.

`CapabilityEstimator` answers for a task and the people asked about a calibrated probability of being the right one,
with reasons that cite evidence. It reads no database and knows no messages: callers hand it `Evidence`, `Declared` and
`TaskText`, and call it in a thread. `skills.measures`, `skills.baselines` and `skills.history` are the pure parts of a
backtest.
"""

from folkmoot.skills.errors import EmptyHistoryError, InvalidEvidenceError, SkillsError
from folkmoot.skills.estimator import CapabilityEstimator
from folkmoot.skills.model import Declared, Estimate, Evidence, Reason, TaskText

__all__ = [
    "CapabilityEstimator",
    "Declared",
    "EmptyHistoryError",
    "Estimate",
    "Evidence",
    "InvalidEvidenceError",
    "Reason",
    "SkillsError",
    "TaskText",
]
