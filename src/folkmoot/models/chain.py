"""The model that the loop drives: one of a provider, or several as one, each metered and asked with care.

The next of a chain is asked when one is unavailable, limits us, is left alone or does not answer in time, as long as
nothing of its answer was handed on; never after a refusal (of the key, the request or its content), and never where a
budget is used up. Who was given up for the next is not asked again in the same run, whose tool calls are further
requests. Imported late, as the loop is.
"""

from collections.abc import Mapping
from typing import Any

from pydantic_ai.models import Model
from pydantic_ai.models.fallback import FallbackModel

from folkmoot.models.asked import Asked
from folkmoot.models.errors import ModelUnavailableError
from folkmoot.models.guarded import Care, GuardedModel
from folkmoot.models.metered import Meter, MeteredModel
from folkmoot.models.model import ModelHandle


def driven(handle: ModelHandle, built: Mapping[str, tuple[Any, bool]], asked: Asked) -> Model:
    """`built` has, by name, each member's model and whether it sees images."""
    members = [_member(one, *built[one.name], asked) for one in handle.members]
    if len(members) == 1:
        return members[0]
    counted: set[str] = set()

    def goes_on(error: Exception) -> bool:
        if not isinstance(error, ModelUnavailableError):
            return False
        for member in handle.members[:-1]:
            if asked.run.given_up.get(member.name) is error and member.name not in counted:
                counted.add(member.name)
                asked.watches.of(member).fell_back(error)
        return True

    return FallbackModel(*members, fallback_on=goes_on)


def _member(handle: ModelHandle, model: Model, sees: bool, asked: Asked) -> Model:
    if asked.ledger is not None:
        meter = Meter(
            ledger=asked.ledger,
            clock=asked.clock,
            tracing=asked.tracing,
            handle=handle,
            caller=asked.caller,
            kind=asked.kind,
        )
        model = MeteredModel(model, meter=meter)
    care = Care(
        handle=handle,
        settings=asked.settings,
        clock=asked.clock,
        watch=asked.watches.of(handle),
        gate=asked.watches.gate(handle.provider),
        run=asked.run,
        sees=sees or handle.offline,  # the offline one says by itself what it cannot look at
    )
    return GuardedModel(model, care=care)
