"""One durable log of what happened, resumable by id: it feeds every live view and lets rooms hear of each other.

A room records an event in the transaction of the change it tells of; whoever watches follows the log from the last id
it has seen. What an event means is said by the room that records it; who may see it is the faces' business.
"""

from folkmoot.events.errors import BadEventError
from folkmoot.events.log import EventLog
from folkmoot.events.model import Event, News

__all__ = ["BadEventError", "Event", "EventLog", "News"]
