"""How far what is declared of a person meets a task: the floor for whoever has no texts yet."""

from folkmoot.kernel import words
from folkmoot.skills.model import Declared, TaskText
from folkmoot.skills.small_words import SMALL_WORDS

_STEM = 5  # letters by which `marketing` and `marketer` meet
_WORDS_WORTH = 0.5  # a word of role or description counts half of a capability


def stems(text: str) -> set[str]:
    """Beginnings of the words of a text that carry meaning."""
    return {word[:_STEM] for word in words(text.replace("_", " ")) if word not in SMALL_WORDS and len(word) > 1}


def matches(declared: Declared, task: TaskText) -> list[tuple[str, float]]:
    """Capabilities that the task asks for or speaks of, with strength 0..1, strongest first.

    A required skill met by name counts its level; a capability all of whose words stand in the task as well; one of
    several words in part.
    """
    spoken = stems(" ".join((task.title, task.text, task.task_type, *task.required_skills)))
    found: list[tuple[str, float]] = []
    for name, level in declared.capabilities.items():
        own = stems(name)
        share = len(own & spoken) / len(own) if own else 0.0
        if share > 0:
            found.append((name, max(0.0, min(1.0, level)) * share))
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))


def strength(declared: Declared, task: TaskText) -> float:
    """0..1: how well the declarations cover what the task asks for; 0 where they say nothing of it."""
    found = dict(matches(declared, task))
    if task.required_skills:
        wanted = [_cover(declared, skill) for skill in task.required_skills]
        by_skills = sum(wanted) / len(wanted)
    else:
        by_skills = 0.0
    by_name = max(found.values(), default=0.0)
    own = stems(f"{declared.role} {declared.description}")
    spoken = stems(f"{task.title} {task.text} {task.task_type} {' '.join(task.required_skills)}")
    by_words = _WORDS_WORTH * min(1.0, len(own & spoken) / 3) if own and spoken else 0.0
    return max(by_skills, by_name * (0.7 if task.required_skills else 1.0), by_words)


def _cover(declared: Declared, skill: str) -> float:
    wanted = stems(skill)
    if not wanted:
        return 0.0
    return max(
        (
            max(0.0, min(1.0, level)) * len(wanted & stems(name)) / len(wanted | stems(name))
            for name, level in declared.capabilities.items()
        ),
        default=0.0,
    )
