"""AgentScope's message bus in a round; see `agentscope_bus.py` for what its processes do."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from random import Random

from chaos.peers.environment import ROOT, peers_python
from chaos.tally import Tally


def agentscope_round(folder: Path, random: Random, *, kills: Mapping[str, int], messages: int) -> Tally:
    """The round of `redis_round`, by AgentScope; the draw comes from the same seed."""
    what = {"folder": str(folder), "seed": random.random(), "kills": dict(kills), "messages": messages}
    done = subprocess.run(
        # Not with -m: what is run so is loaded anew by every process of the round.
        [str(peers_python()), "-c", "from chaos.peers.agentscope_bus import main; main()", json.dumps(what)],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=600,
    )
    return Tally(**json.loads(done.stdout.splitlines()[-1]))
