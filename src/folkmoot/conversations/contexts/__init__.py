"""`user_contexts/{user}/conversations.md`: what each user said and was answered, in a file of theirs (SPEC E4, D5)."""

from folkmoot.conversations.contexts.writer import FILE, ContextFiles, Files

__all__ = ["FILE", "ContextFiles", "Files"]
