"""Carrying a call out: within its time, and with an honest word about what came of it."""

import asyncio
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from pydantic import BaseModel

from folkmoot.kernel import Clock, FolkmootError, JsonValue
from folkmoot.tools.errors import ToolSkippedError, ToolUncertainError
from folkmoot.tools.model import CallStatus, ToolContext
from folkmoot.tools.specify import Act, Arguments, ToolSpec

RESULT_BYTES: Final = 256 * 1024
CUT_OFF: Final = "the server ended while the tool was at work"


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a call ended."""

    status: CallStatus
    took: timedelta
    result: JsonValue = None
    error: str | None = None


async def carry_out(
    spec: ToolSpec, arguments: Arguments, context: ToolContext, *, clock: Clock, act: Act | None = None
) -> Ended:
    """Call the tool; never raises, but for being cancelled while it only reads.

    What may have had its effect is `unknown`: a time-out, a cancellation, or an error that the tool did not raise on
    purpose, of a tool that writes or reaches outside.
    """
    started = clock.monotonic()
    doubt = CallStatus.UNKNOWN if spec.effect.lasting else CallStatus.FAILED
    status, result, error = CallStatus.SUCCEEDED, None, None
    try:
        async with asyncio.timeout(spec.timeout.total_seconds()):
            result, error = _as_json(await (act or spec.act)(context, **arguments.values))
            if error is not None and not spec.effect.lasting:
                status = CallStatus.FAILED
    except ToolSkippedError as skipped:
        # The code goes into the log too, for whoever makes the call again once the service is back.
        status, error, result = CallStatus.SKIPPED, skipped.message, {"code": skipped.code}
    except ToolUncertainError as uncertain:
        status, error = doubt, uncertain.message
    except FolkmootError as fault:
        status, error = CallStatus.FAILED, fault.message
    except TimeoutError:
        status, error = doubt, f"'{spec.name}' did not end within {spec.timeout.total_seconds():g} s"
    except asyncio.CancelledError:
        if not spec.effect.lasting:
            raise
        status, error = CallStatus.UNKNOWN, CUT_OFF
    except Exception as fault:  # noqa: BLE001  # whatever a tool raises is its outcome, and is logged with it
        status, error = doubt, f"'{spec.name}' broke off: {type(fault).__name__}: {fault}"
    return Ended(status=status, result=result, error=error, took=timedelta(seconds=clock.monotonic() - started))


def _as_json(value: Any) -> tuple[JsonValue, str | None]:
    """The value as JSON, or why it cannot be told."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    try:
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        return None, f"it answered what is no JSON value: {error}"
    if len(text) > RESULT_BYTES:
        return None, f"it answered {len(text)} bytes, more than the {RESULT_BYTES} that can be told"
    plain: JsonValue = json.loads(text)
    return plain, None
