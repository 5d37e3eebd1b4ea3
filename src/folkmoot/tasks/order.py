"""In which order tasks that name each other can be created. Pure."""

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from folkmoot.tasks.errors import CyclicDependencyError
from folkmoot.tasks.model import NewTask


def creation_order(drafts: Mapping[str, NewTask]) -> list[str]:
    """The keys of `drafts`, each after those it depends on. Raises `CyclicDependencyError` that names the circle."""
    graph = {key: [one for one in draft.dependencies if one in drafts] for key, draft in drafts.items()}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle = " → ".join(str(one) for one in error.args[1])
        raise CyclicDependencyError(
            f"these tasks wait for each other: {circle}; take one of the dependencies away", circle=error.args[1]
        ) from error
