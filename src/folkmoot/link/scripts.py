"""Scripts that run inside Redis: files beside the code that uses them, sent whole only where Redis has none yet."""

import hashlib
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from redis import exceptions as fault

from folkmoot.link.pipe import Command, Pipe


class Scripts:
    """The scripts `<name>.lua` of a package; a file `prelude.lua` there goes before each of them."""

    def __init__(self, package: str) -> None:
        folder = files(package)
        texts = {
            one.name.removesuffix(".lua"): one.read_text() for one in folder.iterdir() if one.name.endswith(".lua")
        }
        prelude = texts.pop("prelude", "")
        self._texts = {name: prelude + text for name, text in texts.items()}
        self._hashes = {name: hashlib.sha1(text.encode()).hexdigest() for name, text in self._texts.items()}  # noqa: S324  # Redis names scripts so

    def call(self, name: str, keys: Sequence[str], arguments: Sequence[str | bytes | int | float]) -> Command:
        """The command that runs a script; ask it by `run`, which sends the script where it is not known."""
        return ("EVALSHA", self._hashes[name], len(keys), *keys, *arguments)

    async def run(self, pipe: Pipe, commands: Sequence[Command], *, patience: float | None = None) -> list[Any]:
        """Like `Pipe.ask`, and a script that Redis has forgotten is sent again."""
        answers = await pipe.ask(commands, patience=patience)
        forgotten = [number for number, one in enumerate(answers) if isinstance(one, fault.NoScriptError)]
        if forgotten:
            texts = {hash_: self._texts[name] for name, hash_ in self._hashes.items()}
            whole = [("EVAL", texts[str(commands[number][1])], *commands[number][2:]) for number in forgotten]
            for number, answer in zip(forgotten, await pipe.ask(whole, patience=patience), strict=True):
                answers[number] = answer
        return answers
