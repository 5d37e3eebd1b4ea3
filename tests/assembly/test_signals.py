"""Ending by a signal, also where it comes while everything is being started."""

import asyncio
import os
import signal

from folkmoot.assembly.signals import end_if_asked, run_until_signal


def test_a_signal_that_was_lost_while_starting_ends_it_before_it_waits() -> None:
    reached: list[str] = []

    async def start() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            reached.append("lost")
        end_if_asked()
        reached.append("serving")

    run_until_signal(start())
    assert reached == ["lost"]


async def test_nothing_ends_that_was_not_asked_to() -> None:
    end_if_asked()
