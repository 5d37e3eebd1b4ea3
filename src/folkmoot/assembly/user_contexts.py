"""Users' files as conversations write them: one whole file in the place of another."""

import asyncio
from collections.abc import Callable

from folkmoot.tools.files import KeptFile, UnknownFileError, UserFiles


class UserContexts:
    """`Files` of conversations over the areas that agents keep notes in."""

    def __init__(self, files: UserFiles) -> None:
        self._files = files
        self._one_at_a_time = asyncio.Lock()

    async def change(self, user: str, name: str, make: Callable[[str | None], str]) -> KeptFile:
        """See `Files.change`."""
        area = self._files.area(user)
        async with self._one_at_a_time:
            try:
                before = await area.read(name)
            except UnknownFileError:
                before = None
            return await area.save(name, await asyncio.to_thread(make, before))
