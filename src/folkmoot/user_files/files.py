"""The files of all users: the room's one object, which the assembly makes once."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from folkmoot.user_files import disk
from folkmoot.user_files.area import FileLimits, KeptFile, UserArea
from folkmoot.user_files.names import folder_name


class UserFiles:
    """Every user's area below `folder`, which is made when the first file is saved.

    A user is named by an account's id or by any name of up to 200 characters, such as a room's; no two share an area.
    """

    def __init__(self, folder: Path, *, limits: FileLimits | None = None) -> None:
        self._folder = folder
        self._limits = limits or FileLimits()

    def area(self, user: str | None) -> UserArea:
        """The area of one user; that of None keeps nothing."""
        return UserArea(None if user is None else self._folder / folder_name(user), limits=self._limits)

    async def save(self, user: str, name: str, text: str) -> KeptFile:
        """See `UserArea.save`."""
        return await self.area(user).save(name, text)

    async def append(self, user: str, name: str, text: str, *, drop_oldest: bool = False) -> KeptFile:
        """See `UserArea.append`."""
        return await self.area(user).append(name, text, drop_oldest=drop_oldest)

    async def change(self, user: str, name: str, make: Callable[[str | None], str]) -> KeptFile:
        """See `UserArea.change`."""
        return await self.area(user).change(name, make)

    async def read(self, user: str, name: str) -> str:
        """See `UserArea.read`."""
        return await self.area(user).read(name)

    async def names(self, user: str) -> list[KeptFile]:
        """See `UserArea.names`."""
        return await self.area(user).names()

    async def remove(self, user: str, name: str) -> None:
        """See `UserArea.remove`."""
        await self.area(user).remove(name)

    async def forget(self, user: str) -> int:
        """Remove everything that is kept for a user; how many files that were."""
        return await asyncio.to_thread(disk.remove, self._folder / folder_name(user))

    def recover(self, *, before: Path | None = None) -> None:
        """At a start: finish removals that were cut off, and take over the folder in which `before` kept them."""
        disk.sweep(self._folder)
        if before is not None and before.is_dir() and not before.is_symlink() and not self._folder.exists():
            before.replace(self._folder)
