"""The part of docs/performance.md that shows growth: a table, what follows from it, and plots of it.

The table is all there is: the rest is made of what is read there.
"""

import re
from collections.abc import Iterator, Sequence

from benchmarks import page
from benchmarks.growth.plot import Plot
from benchmarks.growth.point import Point, exponent, fitted_to, read
from benchmarks.growth.series import SERIES, Series
from benchmarks.row import Row, figures

DOCS = page.PAGE.parent
MOST_EXPONENT, MOST_MEMORY = 1.1, 1.2
SMALL = 10_000
"""Against which the memory of the largest size is held, where it was measured."""
TITLES = ("What", "How many", "CPU", "CPU for one", "Memory at its most", "Calls", "Note")


def write(points: Sequence[Point]) -> None:
    """The part of the page, and the plots beside it."""
    path = DOCS / page.PAGE.name
    part = f"{page.machine()}\n\n{text(points)}"
    path.write_text(page.with_part(path.read_text(encoding="utf-8"), page.GROWTH, part), encoding="utf-8")
    for name, plot in plots(points).items():
        (DOCS / name).write_text(plot.svg(), encoding="utf-8")


def text(points: Sequence[Point]) -> str:
    """The part, but for the machine."""
    images = (f"![{plot.title}]({name})" for name, plot in plots(points).items())
    return "\n\n".join([_table(points), page.table(rows(points)), *images])


def points_of(part: str) -> list[Point]:
    """What the table in the part of a page says."""
    found = []
    for line in part.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) != len(TITLES) or not cells[1].replace(",", "").isdigit():
            continue
        what, size, cpu, _, memory, calls, note = cells
        number = int(read(size))
        if not memory:
            found.append(Point(what, number, note=note))
            continue
        mib, times = (read(cell.partition(" ")[0]) for cell in (memory, calls))
        found.append(Point(what, number, read(cpu.partition(" ")[0]), mib, int(times), note))
    return found


def rows(points: Sequence[Point]) -> list[Row]:
    """How each series grows, as far as enough of it was measured."""
    return [row for series in SERIES for row in _rows(series, _measured(points, series))]


def plots(points: Sequence[Point]) -> dict[str, Plot]:
    """By the names of their files."""
    of = {series.what: _measured(points, series) for series in SERIES}
    cpu = {what: [(each.size, each.cpu or 0.0) for each in some] for what, some in of.items()}
    mib = {what: [(each.size, each.mib) for each in some] for what, some in of.items()}
    calls = {
        series.what: [(each.size, float(each.calls)) for each in of[series.what] if not series.is_each]
        for series in SERIES
    }
    return {
        "growth-cpu.svg": Plot("CPU in seconds; what grows as its size does is parallel to the dashes", cpu),
        "growth-memory.svg": Plot("Memory at its most, in MiB", mib, is_logarithmic=False),
        "growth-calls.svg": Plot("Calls; what grows as its size does is parallel to the dashes", calls),
    }


def line(point: Point) -> str:
    """The point for whoever waits for it."""
    name = f"{point.size:,} {point.series}"
    if point.cpu is None:
        return f"---- {name}: not measured ({point.note})"
    cells = _cells(point)
    return f"     {name}: {cells[2]}, {cells[3]} for one, {cells[4]}, calls: {cells[5]}"


def _table(points: Sequence[Point]) -> str:
    order = [series.what for series in SERIES]
    lines = [f"| {' | '.join(TITLES)} |", "|---|--:|--:|--:|--:|--:|---|"]
    inorder = sorted(points, key=lambda each: (order.index(each.series), each.size))
    return "\n".join([*lines, *(f"| {' | '.join(_cells(each))} |" for each in inorder)])


def _cells(point: Point) -> tuple[str, ...]:
    size = f"{point.size:,}"
    if point.cpu is None:
        return (point.series, size, "not measured", "", "", "", point.note)
    [series] = [each for each in SERIES if each.what == point.series]
    spent = (f"{figures(point.cpu)} s", f"{figures(point.cpu / point.size * 1e6)} µs")
    more = (f"{figures(point.mib)} MiB", f"{point.calls:,} {series.calls}")
    return (point.series, size, *spent, *more, point.note)


def _measured(points: Sequence[Point], series: Series) -> list[Point]:
    found = (each for each in points if each.series == series.what and each.cpu is not None)
    return sorted(found, key=lambda each: each.size)


def _rows(series: Series, points: Sequence[Point]) -> Iterator[Row]:
    if len(points) < 2:
        return
    sizes = fitted_to([each.size for each in points])
    some = points[-len(sizes) :]
    if len(some) > 2:
        note = f"1 is linear; fitted to {sizes[0]:,} up to {sizes[-1]:,}"
        spent = exponent(sizes, [each.cpu or 0.0 for each in some])
        yield Row(f"{series.what}: CPU, by its exponent", spent, most=MOST_EXPONENT, note=note)
        called = exponent(sizes, [each.calls * (each.size if series.is_each else 1.0) for each in some])
        yield Row(f"{series.what}: calls, by their exponent", called, most=MOST_EXPONENT, note=note)
    small = next((each for each in points[:-1] if each.size == SMALL), points[0])
    note = f"{points[-1].size:,} against {small.size:,}"
    yield Row(f"{series.what}: memory", points[-1].mib / small.mib, " times", MOST_MEMORY, note=note)
