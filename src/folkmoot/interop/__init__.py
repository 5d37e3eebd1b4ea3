"""Faces that speak other people's protocols, so that their clients can talk to agents as they are.

`openai/` is the chat API of OpenAI: every agent is a model there. `mount.py` puts the faces on the application; each
translates, and what is said goes to the rooms below like everything else.
"""

from folkmoot.interop.mount import mount_interop

__all__ = ["mount_interop"]
