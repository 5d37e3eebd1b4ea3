"""Two kinds of drawing as inline SVG: lines over an axis, and bars with a curve of their sum. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

_WIDTH: Final = 860
_HEIGHT: Final = 240
_LEFT: Final = 72
_RIGHT: Final = 44
_TOP: Final = 12
_BOTTOM: Final = 28
_TICKS: Final = 4


@dataclass(frozen=True)
class Series:
    """A named line; `mark` is its class in the style sheet."""

    name: str
    mark: str
    points: tuple[tuple[float, float], ...]


def curve(lines: Sequence[Series], *, x: str, y: str, until: float) -> str:
    """Lines from 0 to `until`, above 0; the units of the axes are named at their last ticks."""
    top = nice(max((value for line in lines for _, value in line.points), default=0.0))
    drawn = "".join(
        f'<path class="{line.mark}" d="M{" L".join(_at(px / until, py / top) for px, py in line.points)}"/>'
        for line in lines
        if line.points
    )
    legend = "".join(f'<i class="{line.mark}">{escape(line.name)}</i>' for line in lines)
    return f"<p>{legend}</p>{_svg(_axes(until, top, x, y) + drawn)}"


def bars(heights: Sequence[int], edges: Sequence[float], shares: Sequence[float], *, x: str) -> str:
    """A histogram, and the share of all up to each edge (0..1) as a line with an axis on the right."""
    top = nice(float(max(heights, default=0)))
    end = edges[-1]
    wide = (_WIDTH - _LEFT - _RIGHT) / max(len(heights), 1)
    boxes = "".join(
        f'<rect class="fill" x="{_LEFT + number * wide:.1f}" y="{_y(height / top):.1f}" width="{wide - 1:.1f}" '
        f'height="{_y(0) - _y(height / top):.1f}"><title>{height} from {edges[number]:.1f} {escape(x)}</title></rect>'
        for number, height in enumerate(heights)
    )
    line = " L".join(_at(edge / end, share) for edge, share in zip(edges[1:], shares, strict=True))
    right = "".join(
        f'<text x="{_WIDTH - _RIGHT + 6}" y="{_y(share) + 4:.1f}">{share:.0%}</text>'
        for share in (0.25, 0.5, 0.75, 1.0)
    )
    legend = f'<i class="a">share of all answers (right)</i>answers in each {edges[1]:.3g} {escape(x)} (left)'
    axes = _axes(end, top, x, "")
    return f'<p>{legend}</p>{_svg(axes + boxes + f"""<path class="a" d="M{_at(0, 0)} L{line}"/>""" + right)}'


def nice(value: float) -> float:
    """The next round number that is not below: 1, 2, 2.5 or 5 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 2.5, 5, 10) if value <= step * power * (1 + 1e-9))


def _axes(right: float, top: float, x: str, y: str) -> str:
    parts = []
    for tick in range(_TICKS + 1):
        share = tick / _TICKS
        level, place = _y(share), _x(share)
        units = (f" {y}".rstrip(), f" {x}") if tick == _TICKS else ("", "")
        beside, below = (escape(f"{_number(end * share)}{unit}") for end, unit in zip((top, right), units, strict=True))
        parts.append(
            f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{level:.1f}" y2="{level:.1f}"/>'
            f'<text x="{_LEFT - 6}" y="{level + 4:.1f}" text-anchor="end">{beside}</text>'
            f'<text x="{place:.1f}" y="{_HEIGHT - 8}" text-anchor="middle">{below}</text>'
        )
    return "".join(parts)


def _svg(inner: str) -> str:
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" xmlns="http://www.w3.org/2000/svg">{inner}</svg>'


def _at(across: float, up: float) -> str:
    return f"{_x(across):.1f} {_y(up):.1f}"


def _x(share: float) -> float:
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _y(share: float) -> float:
    return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.2g}"  # noqa: PLR2004  # two digits do
