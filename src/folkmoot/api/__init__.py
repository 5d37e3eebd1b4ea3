"""The REST and WebSocket API, one module per subject (SPEC section 3).

Routes check what came in, call the rooms and shape what goes out; every decision is in the rooms. Errors become
problems in `folkmoot.web.problems`.
"""

from folkmoot.api.app import build_api

__all__ = ["build_api"]
