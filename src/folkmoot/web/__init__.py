"""What every face shares: who asks, how errors look, how lists are paged, how large a body may be."""

from folkmoot.web.limits import BodyLimit
from folkmoot.web.paging import Page, Paging
from folkmoot.web.parts import Parts, parts_of
from folkmoot.web.principal import COOKIE, Doorkeeper, SignedIn
from folkmoot.web.problems import Problem

__all__ = ["COOKIE", "BodyLimit", "Doorkeeper", "Page", "Paging", "Parts", "Problem", "SignedIn", "parts_of"]
