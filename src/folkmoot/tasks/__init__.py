"""Sharing out work: consult, negotiate, award, learn.

A task is stored, every agent that could take it is asked by message, those who can speak to each other in bounded
rounds, and the manager awards it; what becomes of it is learned from. `model` holds the nouns and the legal moves,
`talk` what agents say about a task.
"""

from folkmoot.tasks.desk import TaskDesk
from folkmoot.tasks.model import NewTask, Sight, Task, TaskState
from folkmoot.tasks.views import TaskReport

__all__ = ["NewTask", "Sight", "Task", "TaskDesk", "TaskReport", "TaskState"]
