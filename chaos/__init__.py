"""`make chaos`: kill what can be killed, again and again, and count what that cost.

A *round* sends 1,000 messages while a seeded plan (`plan.py`) kills producer, consumer, worker or Redis with SIGKILL
and starts them again (`strike.py`); `tally.py` then counts ledgers that only ever grow (`ledger.py`). A *scenario*
(`scenarios/`) makes one thing bad, such as a poison message or a Redis that is gone, and measures the others. Both
speak to a `Broker`; which one is chosen in `ground.py` alone. Other libraries go through the same rounds in `peers/`.
"""
