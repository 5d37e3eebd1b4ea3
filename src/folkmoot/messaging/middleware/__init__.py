"""What stands around the plain core of a broker: one small wrapper for each thing that it does besides moving messages.

The core accepts a message once, keeps it, and hands it to one handler at a time in order. Whether a failed message is
tried again, when it is too late, what is sealed, counted, traced or refused is said by the middleware here, and an
application adds its own: see `middleware.py` for what it may do, `chain.py` for the order in which it is asked.
"""

from folkmoot.messaging.middleware.chain import Chain
from folkmoot.messaging.middleware.expiry import Expiry
from folkmoot.messaging.middleware.middleware import Happening, Middleware
from folkmoot.messaging.middleware.retry import Retry

__all__ = ["Chain", "Expiry", "Happening", "Middleware", "Retry"]
