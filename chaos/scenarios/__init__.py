"""One bad thing at a time, on each broker: what became of it, and what it cost the others.

A scenario is a file with `run(stage) -> Outcome`, and answers None on a broker that it says nothing about. `stage.py`
gives it a broker and a Redis of its own; `pace.py` measures how long messages wait.
"""

from chaos.scenarios.stage import NAMES, Outcome, Stage, play

__all__ = ["NAMES", "Outcome", "Stage", "play"]
