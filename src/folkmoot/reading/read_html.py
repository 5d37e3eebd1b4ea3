"""Web pages: what a visitor reads. Scripts, styles, navigation and hidden parts are no text of the page.

Hidden text is left out on purpose: what a person cannot see must not reach an agent from the same page.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from folkmoot.reading.decode import encoding_of
from folkmoot.reading.errors import HostileDocumentError
from folkmoot.reading.model import Block, Report
from folkmoot.reading.read_markdown import Outline

LARGEST: Final = 32 * 1024 * 1024
_DEEPEST: Final = 5_000
_UNSEEN: Final = frozenset(
    {
        "script", "style", "template", "noscript", "nav", "iframe", "object", "embed", "svg", "math", "canvas",
        "audio", "video", "select", "datalist", "dialog", "head", "button", "input", "textarea", "map", "footer",
        "menu"
    }
)  # fmt: skip
_BLOCKS: Final = frozenset(
    {
        "p", "div", "section", "article", "main", "header", "aside", "ul", "ol", "li", "dl", "dt", "dd", "table",
        "thead", "tbody", "tfoot", "tr", "pre", "blockquote", "figure", "figcaption", "address", "form", "fieldset",
        "details", "summary", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "body", "html", "caption"
    }
)  # fmt: skip
_CELLS: Final = frozenset({"td", "th"})
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0(?![.\d]*[1-9])", re.IGNORECASE
)
_HEADING = re.compile(r"h([1-6])")
_SPACE = re.compile(r"[^\S\n]+")


@dataclass
class _Page:
    outline: Outline = field(default_factory=Outline)
    parts: list[str] = field(default_factory=list)
    title: list[str] | None = None  # the words of the heading that is open

    def say(self, text: str) -> None:
        (self.parts if self.title is None else self.title).append(text)

    def taken(self) -> Iterator[Block]:
        lines = (_SPACE.sub(" ", line).strip(" |") for line in "".join(self.parts).splitlines())
        text = "\n".join(line for line in lines if line).replace("\x00", "")
        self.parts = []
        if text:
            self.outline.bare = False
            yield Block(text=text, heading=self.outline.path)


def read_html(path: Path, report: Report) -> Iterator[Block]:
    """The paragraphs, list items and table rows under their headings."""
    page = _Page()
    tree = _parsed(path)
    root = tree.body
    if (title := tree.css_first("head > title")) is not None:
        report.title = " ".join(title.text().split())
    if root is None:
        return
    # Walked without recursion: a page may nest deeper than any stack.
    stack: list[tuple[Any, bool]] = [(root, False)]
    while stack:
        report.alive()
        node, leaving = stack.pop()
        if leaving:
            yield from _leave(page, node.tag)
            continue
        if node.next is not None and node is not root:
            stack.append((node.next, False))
        if node.is_text_node:
            page.say(node.text(deep=False) if _is_kept(node) else re.sub(r"\s+", " ", node.text(deep=False)))
            continue
        if node.is_comment_node or node.tag in _UNSEEN or _is_hidden(node):
            continue
        yield from _enter(page, node.tag)
        if len(stack) > _DEEPEST * 2:
            raise HostileDocumentError(f"{path.name} nests its tags more than {_DEEPEST} deep", file=path.name)
        stack.append((node, True))
        if node.child is not None:
            stack.append((node.child, False))
    yield from page.taken()
    yield from page.outline.ended()


def _parsed(path: Path) -> Any:
    from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415  # only who reads a page pays for it

    if path.stat().st_size > LARGEST:
        raise HostileDocumentError(
            f"{path.name} is a page of more than {LARGEST // 2**20} MiB; split it, or save its text", file=path.name
        )
    text = path.read_bytes().decode(encoding_of(path), "replace")
    return LexborHTMLParser(text)


def _enter(page: _Page, tag: str) -> Iterator[Block]:
    if _HEADING.fullmatch(tag):
        yield from page.taken()
        page.title = []
    elif tag == "br":
        page.say("\n")
    elif tag in _BLOCKS and page.title is None:
        yield from page.taken() if tag != "tr" else ()
        if tag == "li":
            page.say("- ")


def _leave(page: _Page, tag: str) -> Iterator[Block]:
    if (level := _HEADING.fullmatch(tag)) is not None and page.title is not None:
        title = " ".join("".join(page.title).split())
        page.title = None
        yield from page.outline.enter(int(level.group(1)), title)
    elif tag in _CELLS:
        page.say(" | ")
    elif tag == "tr":
        page.say("\n")
    elif tag in _BLOCKS and page.title is None:
        yield from page.taken()


def _is_hidden(node: Any) -> bool:
    attributes = node.attributes
    if not attributes:
        return False
    if "hidden" in attributes or attributes.get("aria-hidden") == "true" or attributes.get("role") == "navigation":
        return True
    style = attributes.get("style")
    return bool(style and _HIDING.search(style))


def _is_kept(node: Any) -> bool:
    return node.parent is not None and node.parent.tag in {"pre", "code"} and "\n" in node.text(deep=False)
