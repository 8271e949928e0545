"""Plots as SVG: no script, nothing from elsewhere, the same bytes for the same figures, in light and in dark.

Written here because it is little: a library looked at (pygal) puts a script into each, and knows one theme.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 760, 460
LEFT, RIGHT, TOP, BOTTOM = 96, 710, 130, 420
LINE = 20
COLOURS = (
    ("#0969da", "#58a6ff"),
    ("#bc4c00", "#ffa657"),
    ("#1a7f37", "#56d364"),
    ("#8250df", "#d2a8ff"),
)
"""Of each line, in light and in dark."""
PAPER, INK, FAINT = ("#ffffff", "#0d1117"), ("#1f2328", "#e6edf3"), ("#d1d9e0", "#3d444d")
MARKS = (
    '<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5"/>',
    '<path d="M{x:.1f} {y:.1f}m-4.5 -4.5h9v9h-9z"/>',
    '<path d="M{x:.1f} {y:.1f}m0 -6l6 10h-12z"/>',
    '<path d="M{x:.1f} {y:.1f}m0 -6l6 6l-6 6l-6 -6z"/>',
)
"""A shape of its own for each line: colour is not all that parts them."""

Line = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Plot:
    """Lines over sizes, whose axis is logarithmic."""

    title: str
    lines: Mapping[str, Line]
    """By their names; one without a point is left out, and the others keep their colours."""
    is_logarithmic: bool = True
    """Whether the values' axis is, too: then what is parallel to the dashed lines grows as its size does."""

    def svg(self) -> str:
        """All of it."""
        places = [place for line in self.lines.values() for place in line]
        low, high = _decades([x for x, _ in places])
        floor, ceiling = _decades([y for _, y in places]) if self.is_logarithmic else _from_zero(places)

        def across(x: float) -> float:
            return LEFT + (math.log10(x) - low) / (high - low) * (RIGHT - LEFT)

        def up(y: float) -> float:
            value = math.log10(y) if self.is_logarithmic else y
            return BOTTOM - (value - floor) / (ceiling - floor) * (BOTTOM - TOP)

        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
            f"<title>{escape(self.title)}</title>",
            f"<style>{_style()}</style>",
            f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}"/>',
            _text(20, 26, self.title, kind="title"),
            *(_upright(across(10.0**power), 10**power) for power in range(low, high + 1)),
        ]
        if self.is_logarithmic:
            parts += (_level(up(10.0**power), 10.0**power) for power in range(floor, ceiling + 1))
            parts += _slopes(range(low, high + 1), range(floor, ceiling + 1), across, up)
        else:
            parts += (_level(up(value), value) for value in range(floor, ceiling + 1, ceiling // 4))
        drawn = [(number, name, line) for number, (name, line) in enumerate(self.lines.items()) if line]
        for row, (number, name, line) in enumerate(drawn):
            parts += _drawn(number, 50 + LINE * row, name, [(across(x), up(y)) for x, y in line])
        return "\n".join([*parts, "</svg>", ""])


def _style() -> str:
    """Light, and dark where whoever looks has asked for that."""
    shape = (
        "text { font-family: sans-serif; font-size: 13px; }",
        ".title { font-weight: bold; font-size: 15px; }",
        ".slope { stroke-dasharray: 4 4; }",
        ".line path.joined { fill: none; stroke-width: 2; }",
    )
    return " ".join([*shape, _colours(0), "@media (prefers-color-scheme: dark) {", _colours(1), "}"])


def _colours(theme: int) -> str:
    lines = (
        f".c{number} {{ fill: {each[theme]}; stroke: {each[theme]}; }}" for number, each in enumerate(COLOURS)
    )
    paper, ink = f".paper {{ fill: {PAPER[theme]}; }}", f"text {{ fill: {INK[theme]}; }}"
    return " ".join([paper, ink, f".grid, .slope {{ stroke: {FAINT[theme]}; }}", *lines])


def _decades(values: Sequence[float]) -> tuple[int, int]:
    """The powers of ten around them."""
    if not values:
        return 3, 6
    low = math.floor(math.log10(min(values)))
    return low, max(low + 1, math.ceil(math.log10(max(values))))


def _from_zero(places: Line) -> tuple[int, int]:
    """Zero, and the next multiple of forty above them."""
    return 0, 40 * max(1, math.ceil(max((y for _, y in places), default=0) / 40))


def _text(x: float, y: float, text: str, anchor: str = "start", kind: str = "") -> str:
    kinds = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{kinds}>{escape(text)}</text>'


def _upright(x: float, value: float) -> str:
    line = f'<path class="grid" d="M{x:.1f} {TOP}V{BOTTOM}"/>'
    return line + _text(x, BOTTOM + LINE, f"{value:,}", "middle")


def _level(y: float, value: float) -> str:
    line = f'<path class="grid" d="M{LEFT} {y:.1f}H{RIGHT}"/>'
    text = f"{value:,.0f}" if value >= 1 or not value else f"{value:g}"
    return line + _text(LEFT - 8, y + 4, text, "end")


def _slopes(
    powers: range, values: range, across: Callable[[float], float], up: Callable[[float], float]
) -> Iterator[str]:
    """What is linear: one line through each crossing of decades."""
    for above in range(values[0] - powers[-1] + 1, values[-1] - powers[0]):
        first, last = max(powers[0], values[0] - above), min(powers[-1], values[-1] - above)
        ends = [f"{across(10.0**x):.1f} {up(10.0 ** (x + above)):.1f}" for x in (first, last)]
        yield f'<path class="slope" d="M{ends[0]}L{ends[1]}"/>'


def _drawn(number: int, height: float, name: str, places: Line) -> Iterator[str]:
    """A line, and above all of them its name."""
    kind, mark = number % len(COLOURS), MARKS[number % len(MARKS)]
    yield f'<g class="line c{kind}">'
    yield f'<path class="joined" d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in places)}"/>'
    yield from (mark.format(x=x, y=y) for x, y in (*places, (28, height - 4)))
    yield "</g>"
    yield _text(42, height, name)
