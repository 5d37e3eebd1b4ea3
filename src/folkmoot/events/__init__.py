"""One durable log of what happened, resumable by id: it feeds every live view and lets rooms hear of each other.

A room records an event in the transaction of the change it tells of; whoever watches follows the log from the last id
it has seen. A process without the database tells its events by a relay (`relay.py`). What an event means is said by the
room that records it; who may see it is the faces' business.
"""

from folkmoot.events.errors import BadEventError
from folkmoot.events.log import EventLog
from folkmoot.events.model import Announcer, Event, News

__all__ = ["Announcer", "BadEventError", "Event", "EventLog", "News"]
