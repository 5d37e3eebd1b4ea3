"""Redis is away for a minute (ten seconds in the short run): sends wait or fail in time, nothing accepted is lost."""

import asyncio
import time
from collections import Counter
from datetime import timedelta
from typing import Final

from chaos.live import emptied
from chaos.scenarios.pace import letter
from chaos.scenarios.stage import Outcome, Stage
from folkmoot.kernel import Family, FolkmootError
from folkmoot.messaging import Broker, Delivery, Reply
from tests.waiting import wait_until

SHORT, LONG = 10.0, 60.0
SENDERS: Final = 4
PATIENCE: Final = timedelta(seconds=2)
BROKERS_PATIENCE: Final = timedelta(seconds=30)
"""How long a `publish` waits for a Redis that is away, as the broker is made here."""
# How much later than its patience a request may end: a try that is under way is not torn off.
_GRACE: Final = 6.0
_BACK_WITHIN: Final = 10.0


async def run(stage: Stage) -> Outcome | None:
    """Kill Redis while messages flow, wait, start it, and see everything accepted arrive."""
    if stage.server is None:
        return None
    seconds = LONG if stage.full else SHORT
    got: set[str] = set()
    accepted: set[str] = set()
    faults: Counter[str] = Counter()
    stopped = asyncio.Event()
    longest = {"request": 0.0, "publish": 0.0}

    async def take(delivery: Delivery) -> Reply:
        got.add(delivery.message.message_id)
        return {}

    async def send(broker: Broker, sender: int) -> None:
        asked = sender % 2 == 0
        act = "request" if asked else "publish"
        sent = letter("desk", f"sender-{sender}")
        while not stopped.is_set():
            began = time.monotonic()
            try:
                await (broker.request(sent, timeout=PATIENCE) if asked else broker.publish(sent))
            except FolkmootError as error:
                faults[error.code] += 1
            else:
                accepted.add(sent.message_id)
                sent = letter("desk", f"sender-{sender}")
            longest[act] = max(longest[act], time.monotonic() - began)
            await asyncio.sleep(0.02)

    async with stage.broker(patience=BROKERS_PATIENCE) as broker:
        await broker.subscribe("desk", take)
        senders = [asyncio.create_task(send(broker, sender)) for sender in range(SENDERS)]
        await asyncio.sleep(1)
        await asyncio.to_thread(stage.server.kill)
        gone_at = time.monotonic()
        said = await _health(broker)
        await asyncio.sleep(max(seconds - (time.monotonic() - gone_at), 0))
        before = len(accepted)
        await asyncio.to_thread(stage.server.start)
        back_at = time.monotonic()
        await wait_until(lambda: len(accepted) >= before + SENDERS, seconds=30)
        back = time.monotonic() - back_at
        stopped.set()
        await asyncio.gather(*senders)
        healed = await _health(broker)
        await emptied(broker)
    lost = len(accepted - got)
    figures = {
        "gone_seconds": seconds,
        "accepted": len(accepted),
        "lost": lost,
        "refused": sum(faults.values()),
        "errors": dict(faults),
        "longest_request_seconds": longest["request"],
        "longest_publish_seconds": longest["publish"],
        "health_meanwhile": said,
        "seconds_until_sends_went_on": back,
    }
    wrong = {
        f"{lost} accepted messages were lost": lost > 0,
        f"health said {said} while Redis was gone": said != Family.UNAVAILABLE.value,
        f"health says {healed} though Redis is back": healed != "ok",
        f"a request took {longest['request']:.1f} s": longest["request"] > PATIENCE.total_seconds() + _GRACE,
        f"a publish took {longest['publish']:.1f} s": longest["publish"] > BROKERS_PATIENCE.total_seconds() + _GRACE,
        f"sends went on {back:.1f} s after Redis was back": back > _BACK_WITHIN,
    }
    return Outcome(figures=figures, broken=[words for words, is_wrong in wrong.items() if is_wrong])


async def _health(broker: Broker) -> str:
    try:
        await broker.health_check()
    except FolkmootError as error:
        return error.family.value
    return "ok"
