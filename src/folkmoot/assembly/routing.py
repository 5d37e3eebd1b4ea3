"""The router as the settings want it, and a backtest of it in this process."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

from folkmoot.assembly.models import model_hub
from folkmoot.assembly.settings import Settings
from folkmoot.assembly.vectors import embedding_model
from folkmoot.conversations.routing import ModelStage, Router
from folkmoot.conversations.routing.backtest import Report, backtest
from folkmoot.conversations.routing.files import read_agents, read_gold, read_messages, read_tune
from folkmoot.conversations.routing.plot import reliability_svg
from folkmoot.kernel import SystemClock


async def backtest_routing(
    settings: Settings,
    *,
    agents: Path,
    messages: Path,
    tune: Path | None,
    gold: Path | None,
    predictions: Path | None,
    report: Path | None,
    ask_model: bool,
    replay: bool,
    progress: Callable[[int, int], None] | None,
) -> Report:
    """Route the messages of these files; write predictions and the reliability plot where that is wanted.

    The embedding model of the settings takes part if there is one, the language model only with `ask_model`. Raises
    `BadRoutingFileError` that names file, line and field.
    """
    candidates = await asyncio.to_thread(read_agents, agents)
    known = frozenset(one.agent_id for one in candidates)
    asked = await asyncio.to_thread(read_messages, messages)
    tuning = await asyncio.to_thread(read_tune, tune, known) if tune is not None else []
    right = await asyncio.to_thread(read_gold, gold, known) if gold is not None else None
    embedder = embedding_model(settings)
    hub = model_hub(settings, SystemClock()) if ask_model else None
    try:
        router = Router(embedder=embedder, model_stage=ModelStage(hub=hub) if hub is not None else None, tune=tuning)
        found = await backtest(candidates, asked, right, router=router, again=replay, progress=progress)
    finally:
        if hub is not None:
            await hub.close()
        if embedder is not None:
            await embedder.close()
    if predictions is not None:
        lines = "".join(json.dumps(one.as_json(), ensure_ascii=False) + "\n" for one in found.predictions)
        await asyncio.to_thread(predictions.write_text, lines, encoding="utf-8")
    if report is not None and found.measures is not None:
        await asyncio.to_thread(report.write_text, reliability_svg(found.measures), encoding="utf-8")
    return found
