"""Conversations: turns, streams, sessions; `routing/` picks the agent that answers."""
