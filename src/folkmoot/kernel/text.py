"""Small text: words, excerpts, slugs. No language knowledge lives here."""

import re
import unicodedata
from typing import TypeAlias

JsonValue: TypeAlias = "str | int | float | bool | list[JsonValue] | dict[str, JsonValue] | None"

# What a word is, in a text that is normalised and case-folded.
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?", re.UNICODE)


def words(text: str) -> list[str]:
    """The words of a text, case-folded, in order; punctuation and underscores separate."""
    return WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def excerpt(text: str, limit: int = 160) -> str:
    """One line of at most `limit` characters; a cut is marked by an ellipsis and falls between words if it can."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > limit // 2 else cut).rstrip() + "…"


def slug(text: str) -> str:
    """`Zoë Müller` → `zoe-muller`: lower case ASCII letters, digits and dashes; empty if nothing is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.casefold()).strip("-")
