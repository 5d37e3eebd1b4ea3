"""A chart of columns, drawn as SVG in the colours of the page; each column says its figures to who asks or listens."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from folkmoot.dashboard.components.dom import tag

_WIDE: Final = 24
_HIGH: Final = 120
_EVERY: Final = 5


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: its height, what stands below it, and its figures in words."""

    value: float
    label: str
    said: str


def columns(shown: Sequence[Column], *, name: str, every: int = _EVERY, listed: bool = True) -> None:
    """Draw them. The tallest fills the height; without any value the ground line stands alone.

    Each `every`th, from the last, has its label below it. What is drawn anew every few seconds is not `listed`.
    """
    most = max((one.value for one in shown), default=0.0)
    wide = _WIDE * max(len(shown), 1)
    with tag(
        "svg",
        viewBox=f"0 0 {wide} {_HIGH}",
        role="img",
        aria_label=f"{name}; the list below says the same" if listed else name,
        preserveAspectRatio="none",
    ).style("width:100%;height:130px;display:block;margin-top:8px"):
        tag("line", x1=0, x2=wide, y1=_HIGH, y2=_HIGH).style("stroke:var(--line-strong);stroke-width:1")
        for number, one in enumerate(shown):
            high = one.value / most * (_HIGH - 6) if most else 0.0
            with tag(
                "rect", x=number * _WIDE + 4, y=f"{_HIGH - high:.1f}", width=_WIDE - 8, height=f"{high:.1f}", rx=3
            ).style("fill:var(--accent)"):
                tag("title", one.said)
    # Beside the drawing and not in it, so that a narrow window narrows the columns and leaves the words alone.
    with tag("div", aria_hidden="true").style("display:flex;margin:2px 0 8px;height:16px;font-size:11px"):
        for number, one in enumerate(shown):
            with tag("span", css="faint").style("flex:1 1 0;width:0;display:flex;justify-content:center"):
                said = one.label if (len(shown) - 1 - number) % every == 0 else ""
                tag("span", said).style("white-space:nowrap")
    if not listed:
        return
    with tag("details", css="small"):
        tag("summary", "As a list")
        with tag("ul", css="stack close faint"):
            for one in reversed(shown):
                if one.value:
                    tag("li", one.said)
