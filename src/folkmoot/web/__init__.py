"""What every face shares: who asks, how errors look, how lists are paged, how large a body may be."""

from folkmoot.web.idempotency import Idempotency
from folkmoot.web.limits import BodyLimit
from folkmoot.web.measuring import Measuring
from folkmoot.web.paging import Page, Paging
from folkmoot.web.parts import Component, Health, Parts, Rooms
from folkmoot.web.principal import COOKIE, Doorkeeper, SignedIn, of_socket
from folkmoot.web.problems import Problem, documented
from folkmoot.web.store import IdempotencyStore

__all__ = [
    "COOKIE",
    "BodyLimit",
    "Component",
    "Doorkeeper",
    "Health",
    "Idempotency",
    "IdempotencyStore",
    "Measuring",
    "Page",
    "Paging",
    "Parts",
    "Problem",
    "Rooms",
    "SignedIn",
    "documented",
    "of_socket",
]
