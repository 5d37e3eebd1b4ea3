"""What the registry announces. The subject of each event is the agent's id."""

from typing import Final

AGENT_REGISTERED: Final = "agent_registered"
"""An agent is known for the first time."""

AGENT_UPDATED: Final = "agent_updated"
"""What an agent is has changed."""

AGENT_DEREGISTERED: Final = "agent_deregistered"
"""An agent is gone for good."""

AGENT_SILENCED: Final = "agent_silenced"
"""A person silenced an agent: it takes no mail, and what it had in hand is cut off. The data says who and why."""

AGENT_UNSILENCED: Final = "agent_unsilenced"
"""A person lets an agent speak again."""

AGENT_STATUS: Final = "agent_status"
"""Presence, availability or load of an agent changed; the data says all three as they are now."""
