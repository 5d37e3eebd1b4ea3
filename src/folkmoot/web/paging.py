"""Lists come in pages: `?limit=` and `?cursor=` in, `{items, total, next}` out."""

from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel, Field

T = TypeVar("T")
_MAX_OFFSET = 2**53


class Page(BaseModel, Generic[T]):
    """One page. `next` is the `cursor` of the next page, null on the last; `total` counts all pages."""

    items: Sequence[T]
    total: int = Field(ge=0)
    next: str | None = None


class Window(BaseModel):
    """Which part of a list is asked for."""

    limit: int
    offset: int

    def page(self, items: Sequence[T], total: int) -> Page[T]:
        """The page for what was found in this window."""
        end = self.offset + len(items)
        return Page(items=items, total=total, next=str(end) if items and end < total else None)


def _window(
    limit: Annotated[int, Query(ge=1, le=500, description="Entries a page")] = 100,
    cursor: Annotated[
        str | None, Query(pattern=r"^[0-9]{1,15}$", description="`next` of the page before", examples=["100"])
    ] = None,
) -> Window:
    return Window(limit=limit, offset=min(int(cursor or 0), _MAX_OFFSET))


Paging = Annotated[Window, Depends(_window)]
