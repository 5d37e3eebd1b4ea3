"""Markdown on a page, also while it is being written: only the blocks that changed are sent and drawn again."""

from collections.abc import Sequence

from nicegui import ui

from folkmoot.dashboard.components.dom import tag


class Prose:
    """A place for rendered Markdown, in blocks as `markdown.Growing` gives them."""

    def __init__(self) -> None:
        self._element = tag("div", css="written")
        self._shown: list[ui.html] = []

    def show(self, blocks: Sequence[str]) -> None:
        """Make this what stands here; equal blocks are left alone."""
        for element, block in zip(self._shown, blocks, strict=False):
            if element.content != block:
                element.content = block
        while len(self._shown) > len(blocks):
            self._shown.pop().delete()
        with self._element:
            # Not cleaned a second time by the browser: `markdown` lets nothing through that would have to be.
            self._shown += [ui.html(block, sanitize=False) for block in blocks[len(self._shown) :]]
