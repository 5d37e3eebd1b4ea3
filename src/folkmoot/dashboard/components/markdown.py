"""What an agent writes, as HTML: Markdown of which nothing can become markup that was not meant by Markdown itself.

The parser takes no HTML: tags are shown as the text they are. Links lead to the web or to a mailbox, pictures become
links, so that a page loads nothing from where a model says. Pure; nothing here waits, yet long texts take milliseconds:
call it in a thread.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from html import escape
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

_SCHEMES: Final = ("http://", "https://", "mailto:")
_LONGEST_COLOURED: Final = 30_000  # characters of code; more is shown in one colour
_OPEN_BLOCKS: Final = 2  # of a text that grows: what comes may still change the last, and join it to the one before


def render(text: str) -> str:
    """The whole of a text that is complete."""
    return "".join(_blocks(_lines(text)))


class Growing:
    """A text that grows at its end. What is above its last blocks is not rendered again."""

    def __init__(self) -> None:
        self._done: list[str] = []
        self._from = 0

    def render(self, text: str) -> list[str]:
        """The blocks of `text`, which begins with what was given before; those that are unchanged are equal."""
        text = _lines(text)
        tail = text[self._from :]
        groups = list(_groups(_parser().parse(tail)))
        shown = [_html(tokens) for tokens in groups]
        closed = max(0, len(groups) - _OPEN_BLOCKS)
        blocks = [*self._done, *shown]
        if closed:
            self._done += shown[:closed]
            first = groups[closed][0].map or [0]
            self._from += sum(len(line) for line in tail.splitlines(keepends=True)[: first[0]])
        return blocks


class _Parser(MarkdownIt):
    """CommonMark without HTML, with tables; a line break is one."""

    def validateLink(self, url: str) -> bool:  # noqa: N802  # the library's name
        return url.casefold().startswith(_SCHEMES)


class _Html(RendererHTML):
    """Our elements for code, tables, links and pictures."""

    def fence(self, tokens: Sequence[Token], idx: int, *_: Any) -> str:
        words = tokens[idx].info.split()
        return _code(tokens[idx].content, words[0] if words else "")

    def code_block(self, tokens: Sequence[Token], idx: int, *_: Any) -> str:
        return _code(tokens[idx].content, "")

    def image(self, tokens: Sequence[Token], idx: int, *_: Any) -> str:
        source = str(tokens[idx].attrs.get("src", ""))
        return f'<a href="{escape(source)}" {_AWAY}>{escape(tokens[idx].content or source)}</a>'

    def link_open(self, tokens: Sequence[Token], idx: int, *_: Any) -> str:
        return f'<a href="{escape(str(tokens[idx].attrs.get("href", "")))}" {_AWAY}>'

    def heading_open(self, tokens: Sequence[Token], idx: int, *_: Any) -> str:
        return f"<{_level(tokens[idx])}>"

    def heading_close(self, tokens: Sequence[Token], idx: int, *_: Any) -> str:
        return f"</{_level(tokens[idx])}>\n"

    def table_open(self, *_: Any) -> str:
        return '<div class="wide" tabindex="0"><table>\n'

    def table_close(self, *_: Any) -> str:
        return "</table></div>\n"


_AWAY: Final = 'target="_blank" rel="noopener noreferrer nofollow"'


@cache
def _parser() -> _Parser:
    parser = _Parser("commonmark", {"html": False, "breaks": True}, renderer_cls=_Html)
    parser.enable(["table", "strikethrough"])
    return parser


def _blocks(text: str) -> Iterator[str]:
    for tokens in _groups(_parser().parse(text)):
        yield _html(tokens)


def _html(tokens: Sequence[Token]) -> str:
    parser = _parser()
    return str(parser.renderer.render(tokens, parser.options, {}))


def _groups(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """The tokens of each block of the text."""
    group: list[Token] = []
    for token in tokens:
        group.append(token)
        if token.level == 0 and token.nesting <= 0:
            yield group
            group = []


def _lines(text: str) -> str:
    """With one kind of line end, so that lines can be counted; `splitlines` knows more of them than Markdown."""
    for end in ("\r\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"):
        text = text.replace(end, "\n")
    return text


def _level(token: Token) -> str:
    return f"h{min(6, int(token.tag[1:]) + 2)}"  # the page has its own first and second level


def _code(text: str, language: str) -> str:
    """A block of code with its language and a button that copies it."""
    name = f"<span>{escape(language[:30])}</span>" if language else "<span></span>"
    return (
        f'<div class="code"><div class="code-head">{name}'
        '<button type="button" class="btn quiet" data-copy-code>Copy</button></div>'
        f'<pre tabindex="0"><code>{_coloured(text, language)}</code></pre></div>\n'
    )


def _coloured(text: str, language: str) -> str:
    # Here, since its hundreds of languages need not be known before somebody writes in one.
    from pygments import highlight  # noqa: PLC0415
    from pygments.formatters import HtmlFormatter  # noqa: PLC0415
    from pygments.lexers import get_lexer_by_name  # noqa: PLC0415
    from pygments.util import ClassNotFound  # noqa: PLC0415

    if not language or len(text) > _LONGEST_COLOURED:
        return escape(text)
    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return escape(text)
    return str(highlight(text, lexer, HtmlFormatter(nowrap=True)))
