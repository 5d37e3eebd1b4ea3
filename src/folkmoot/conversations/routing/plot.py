"""The reliability plot as an SVG, drawn by hand: stated confidence across, share right upwards, one bar a bin.

No plotting library is among the dependencies, and one picture needs none.
"""

from typing import Final
from xml.sax.saxutils import escape

from folkmoot.conversations.routing.measures import Measures

_SIZE: Final = 400
_EDGE: Final = 60
_INK, _BAR, _GAP, _LINE = "#1f2937", "#0f766e", "#f59e0b", "#9ca3af"


def reliability_svg(measures: Measures, *, title: str = "Reliability of routing") -> str:
    """A whole SVG document. Bars show how many were right of those with about that confidence, the dashed line what
    was stated; the width of the grey foot of a bar tells its share of all messages.
    """
    parts = [*_frame(title, measures), *_bars(measures)]
    parts.append(f'<line x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}" stroke="{_INK}" stroke-dasharray="6 4"/>')
    whole = _SIZE + 2 * _EDGE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="{whole + 20}" '
        f'viewBox="0 0 {whole} {whole + 20}" font-family="system-ui, sans-serif" font-size="13" fill="{_INK}">'
        f'<rect width="{whole}" height="{whole + 20}" fill="#ffffff"/>{"".join(parts)}</svg>\n'
    )


def _frame(title: str, measures: Measures) -> list[str]:
    parts = [
        f'<text x="{_EDGE}" y="26" font-size="17" font-weight="600">{escape(title)}</text>',
        f'<text x="{_EDGE}" y="46">{measures.messages} messages, expected calibration error {measures.ece:.3f}</text>',
        f'<text x="{_x(0.5)}" y="{_y(0) + 44}" text-anchor="middle">stated confidence</text>',
        (
            f'<text x="18" y="{_y(0.5)}" text-anchor="middle" transform="rotate(-90 18 {_y(0.5)})">'
            "share that was right</text>"
        ),
    ]
    for tick in range(0, 11, 2):
        value = tick / 10
        parts += [
            f'<line x1="{_x(0)}" y1="{_y(value)}" x2="{_x(1)}" y2="{_y(value)}" stroke="{_LINE}" opacity="0.4"/>',
            f'<text x="{_x(0) - 8}" y="{_y(value) + 4}" text-anchor="end">{value:.1f}</text>',
            f'<text x="{_x(value)}" y="{_y(0) + 20}" text-anchor="middle">{value:.1f}</text>',
        ]
    return parts


def _bars(measures: Measures) -> list[str]:
    parts = []
    for one in measures.bins:
        left, width = _x(one.low) + 3, _SIZE / 10 - 6
        top = _y(one.right)
        tip = f"{one.count} messages: stated {one.stated:.2f}, right {one.right:.2f}"
        share = one.count / measures.messages
        parts.append(
            f"<g><title>{escape(tip)}</title>"
            f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{_y(0) - top:.1f}" '
            f'fill="{_BAR}" opacity="0.8"/>'
            f'<line x1="{left:.1f}" x2="{left + width:.1f}" y1="{_y(one.stated):.1f}" y2="{_y(one.stated):.1f}" '
            f'stroke="{_GAP}" stroke-width="3"/>'
            f'<rect x="{left:.1f}" y="{_y(0) + 2}" width="{width * share:.1f}" height="4" fill="{_LINE}"/></g>'
        )
    return parts


def _x(value: float) -> float:
    return _EDGE + value * _SIZE


def _y(value: float) -> float:
    return _EDGE + (1 - value) * _SIZE
