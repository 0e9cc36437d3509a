"""The ratios as a picture: a line a figure from its least to its largest ratio, its goal beside it."""

import math
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from bench.measuring import Measured

_WIDTH, _LEFT, _RIGHT, _TOP, _STEP = 1060, 620, 90, 60, 34
_INK, _FAINT, _GOOD, _SHORT = "#222", "#ccc", "#2a7f62", "#c05b2b"


def plot(measured: Sequence[Measured], caption: str) -> str:
    """An SVG of every figure that has a ratio, over a logarithmic scale."""
    shown = [each for each in measured if each.ratio is not None]
    ends = [end for each in shown for end in (each.ratios[0], each.ratios[-1], each.row.goal or 1)]
    low = math.floor(math.log10(min((*ends, 1))))
    high = math.ceil(math.log10(max((*ends, 1.01))))
    scale = _Scale(low, high)
    height = _TOP + _STEP * len(shown) + 50
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'font-family="sans-serif" font-size="12" fill="{_INK}">',
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        '<text x="10" y="22" font-size="15">How many times what stands beside it</text>',
        f'<text x="10" y="40" fill="#666">{escape(caption)}</text>',
        *_grid(scale, height),
        *(part for place, each in enumerate(shown) for part in _line(each, _TOP + _STEP * place + 20, scale)),
        f'<text x="{_LEFT}" y="{height - 8}" fill="#666">'
        "dot: median, bar: least to largest of the repeats, stroke: goal</text>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


class _Scale:
    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high

    def x(self, ratio: float) -> float:
        share = (math.log10(ratio) - self.low) / (self.high - self.low)
        return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)


def _grid(scale: _Scale, height: int) -> Iterator[str]:
    for power in range(scale.low, scale.high + 1):
        x = scale.x(10.0**power)
        colour = _INK if power == 0 else _FAINT
        yield f'<line x1="{x}" y1="{_TOP}" x2="{x}" y2="{height - 40}" stroke="{colour}"/>'
        yield f'<text x="{x}" y="{height - 26}" text-anchor="middle">{10.0**power:g}</text>'


def _line(each: Measured, y: int, scale: _Scale) -> Iterator[str]:
    assert each.ratio is not None
    colour = {True: _GOOD, False: _SHORT, None: "#888"}[each.is_met]
    first, last, middle = scale.x(each.ratios[0]), scale.x(each.ratios[-1]), scale.x(each.ratio)
    yield f'<text x="{_LEFT - 12}" y="{y - 2}" text-anchor="end">{escape(each.row.name)}</text>'
    yield (
        f'<text x="{_LEFT - 12}" y="{y + 12}" text-anchor="end" fill="#777" font-size="11">'
        f"{escape(each.row.floor_name)}</text>"
    )
    yield (
        f'<line x1="{first}" y1="{y}" x2="{last}" y2="{y}" stroke="{colour}" stroke-width="6" opacity=".4"/>'
    )
    yield f'<circle cx="{middle}" cy="{y}" r="4.5" fill="{colour}"/>'
    if each.row.goal is not None:
        x = scale.x(each.row.goal)
        yield f'<line x1="{x}" y1="{y - 9}" x2="{x}" y2="{y + 9}" stroke="{_INK}" stroke-width="2"/>'
    yield f'<text x="{_WIDTH - _RIGHT + 14}" y="{y + 4}">{each.ratio:.2f}</text>'
