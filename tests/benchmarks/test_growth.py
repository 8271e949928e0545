"""`make bench-growth`: sizes in their order, what came of each on the page, and what is not reached."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
from xml.etree import ElementTree

import pytest

from benchmarks import page
from benchmarks.growth import __main__ as command
from benchmarks.growth import part, series
from benchmarks.growth.plot import Plot
from benchmarks.growth.point import Point, exponent, fitted_to
from benchmarks.growth.series import SERIES, Series, Spent, steps
from benchmarks.one_by_one import STOPPED
from benchmarks.reporting import Instance

ROOT = pathlib.Path(__file__).resolve().parents[2]
REPORTS, DEVICES = (each.what for each in SERIES[:2])
SVG = "{http://www.w3.org/2000/svg}"


def _linear(what: str, *sizes: int) -> list[Point]:
    return [Point.of(what, size, size / 1_000, 50_000_000, size // 100) for size in sizes]


@pytest.fixture
def docs(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> pathlib.Path:
    """A page of its own for the command to write."""
    shutil.copy(page.PAGE, tmp_path)
    monkeypatch.setattr(part, "DOCS", tmp_path)
    return tmp_path


def _points(docs: pathlib.Path) -> list[Point]:
    text = (docs / page.PAGE.name).read_text(encoding="utf-8")
    return part.points_of(page.part_of(text, page.GROWTH))


def _series(monkeypatch: pytest.MonkeyPatch, **spent: object) -> None:
    """Two of them, that measure what they are given."""
    given = [Series(what, spent["spent"], (1_000, 3_000)) for what in ("some", "others")]  # type: ignore[arg-type]
    monkeypatch.setattr(series, "SERIES", tuple(given))
    monkeypatch.setattr(part, "SERIES", tuple(given))


def test_it_goes_up_to_a_million_reports_and_a_quarter_of_a_million_devices() -> None:
    largest = {each.what: max(each.sizes + each.later) for each in SERIES}
    assert (largest[REPORTS], largest[DEVICES]) == (1_000_000, 250_000)


def test_the_small_sizes_come_first_and_the_series_in_turn() -> None:
    first = [(size, each.what) for each, size in steps() if size in each.sizes]
    assert [size for size, _ in first] == sorted(size for size, _ in first)
    assert [what for size, what in first if size == 1_000][:2] == [REPORTS, DEVICES]
    later = [size for each, size in steps() if size in each.later]
    assert [size for _, size in list(steps())[len(first) :]] == later == sorted(later)
    assert {size for _, size in steps(3_000)} == {1_000, 3_000}


def test_the_page_was_measured_with_the_sizes_there_are() -> None:
    points = _points(page.PAGE.parent)
    assert [(each.series, each.size) for each in points] == [
        (each.what, size) for each in SERIES for size in sorted(each.sizes + each.later)
    ]
    assert all(each.cpu is not None or each.note for each in points)


def test_what_the_page_shows_of_growth_and_its_plots_follow_from_its_table() -> None:
    shown = page.part_of(page.PAGE.read_text(encoding="utf-8"), page.GROWTH)
    points = part.points_of(shown)
    assert shown.split("\n\n", 1)[1] == part.text(points)
    for name, plot in part.plots(points).items():
        assert (page.PAGE.parent / name).read_text(encoding="utf-8") == plot.svg()


def test_a_table_is_read_as_it_was_written() -> None:
    points = [*_linear(REPORTS, 1_000, 3_000), Point(DEVICES, 1_000, note="failed: x / y")]
    assert part.points_of(part.text(points)) == points


def test_growth_is_fitted_to_the_larger_half() -> None:
    sizes = [1_000, 3_000, 10_000, 30_000, 100_000, 250_000]
    assert fitted_to(sizes) == [30_000, 100_000, 250_000]
    assert fitted_to(sizes[:4]) == [3_000, 10_000, 30_000]
    assert fitted_to(sizes[:2]) == sizes[:2]
    assert exponent(sizes, [3.0 * size for size in sizes]) == pytest.approx(1)
    assert exponent(sizes, [float(size**2) for size in sizes]) == pytest.approx(2)


def test_what_grows_faster_than_its_size_misses_its_goal() -> None:
    linear = part.rows(_linear(DEVICES, 1_000, 10_000, 100_000))
    assert [row.holds for row in linear] == [True, True, True]
    sizes = (1_000, 10_000, 100_000)
    square = part.rows([Point.of(DEVICES, each, each**2 / 1e6, each * 1_000, each**2) for each in sizes])
    assert [row.holds for row in square] == [False, False, False]
    assert square[-1].note == "100,000 against 10,000"


def test_what_a_report_more_calls_does_not_hang_on_how_many_went_before() -> None:
    each = next(one for one in SERIES if one.is_each)
    points = [Point.of(each.what, size, size / 1e3, 5e7, 1_242) for size in (1_000, 3_000, 10_000)]
    calls = next(row for row in part.rows(points) if "calls" in row.what)
    assert calls.measured == pytest.approx(1)


def test_a_plot_is_static_by_itself_and_for_light_and_dark() -> None:
    lines = {"a < b": [(1_000, 0.5), (10_000, 5.0)], "nothing": []}
    for plot in (Plot("both", lines), Plot("flat", lines, is_logarithmic=False), Plot("none", {})):
        text = plot.svg()
        assert text == plot.svg()
        root = ElementTree.fromstring(text)
        names = {element.tag.removeprefix(SVG) for element in root.iter()}
        assert names <= {"svg", "title", "style", "rect", "path", "text", "g", "circle"}
        keys = {key for element in root.iter() for key in element.attrib}
        assert not [key for key in keys if "href" in key or key.startswith("on")]
        assert "url(" not in text
        assert "nothing" not in text  # of what there is no point
        assert text.count("http") == 1  # the name of the format
        assert "prefers-color-scheme: dark" in text


def test_a_plot_shows_each_point_in_its_place() -> None:
    root = ElementTree.fromstring(Plot("t", {"a": [(1_000, 1.0), (10_000, 10.0), (100_000, 100.0)]}).svg())
    *points, _name = root.iter(f"{SVG}circle")
    places = [(float(each.attrib["cx"]), float(each.attrib["cy"])) for each in points]
    assert places == [(96, 420), (403, 275), (710, 130)]


def test_what_is_known_is_written_at_once(monkeypatch: pytest.MonkeyPatch, docs: pathlib.Path) -> None:
    seen: list[list[float | None]] = []

    async def spent(size: int) -> Spent:
        seen.append([each.cpu for each in _points(docs)] if seen else [])
        return Spent(size / 1_000, 1_000_000, size)

    _series(monkeypatch, spent=spent)
    assert command.main([]) == 0
    assert seen == [[], [1, None, None, None], [1, None, 1, None], [1, 3, 1, None]]
    assert [each.cpu for each in _points(docs)] == [1, 3, 1, 3]
    assert {path.name for path in docs.glob("*.svg")} == {*part.plots([])}


def test_sizes_that_are_not_reached_are_said_not_to_be(
    monkeypatch: pytest.MonkeyPatch, docs: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def spent(size: int) -> Spent:
        import asyncio

        await asyncio.sleep(60 if size > 1_000 else 0)
        return Spent(1, 1_000_000, size)

    _series(monkeypatch, spent=spent)
    assert command.main(["--minutes", "0.01"]) == 0
    reached = [(each.size, each.cpu is not None, each.note) for each in _points(docs)]
    assert reached == [(1_000, True, ""), (3_000, False, command.NOT_REACHED)] * 2
    assert "---- 3,000 others: not measured (not reached in the time it was given)" in capsys.readouterr().out


def test_a_size_that_fails_is_said_to_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, docs: pathlib.Path
) -> None:
    async def spent(size: int) -> Spent:
        if size == 1_000:
            raise RuntimeError("it ended\nwith 1 | 2")
        return Spent(1, 1_000_000, size)

    _series(monkeypatch, spent=spent)
    assert command.main([]) == 1
    assert [each.note for each in _points(docs)] == ["failed: it ended with 1 / 2", ""] * 2


def test_some_sizes_are_measured_and_nothing_written(
    monkeypatch: pytest.MonkeyPatch, docs: pathlib.Path
) -> None:
    async def spent(size: int) -> Spent:
        return Spent(1, 1_000_000, size)

    _series(monkeypatch, spent=spent)
    before = (docs / page.PAGE.name).read_text(encoding="utf-8")
    assert command.main(["--most", "1000"]) == 0
    assert (docs / page.PAGE.name).read_text(encoding="utf-8") == before
    assert list(docs.glob("*.svg")) == []


async def test_each_series_measures_a_small_size_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(series, "APPS", 3)
    for each in (SERIES[0], SERIES[1], SERIES[3]):  # the sync without apps is in test_seeding
        size = 20
        spent = await each.spent(size)
        assert spent.cpu > 0
        assert 10_000_000 < spent.peak_bytes < 1_000_000_000
        assert spent.calls >= (4 if "devices" in each.what else size)
    assert _left(tmp_path) == []


def _left(folder: pathlib.Path) -> list[pathlib.Path]:
    return list(folder.iterdir())


def test_agents_do_not_grow_with_what_they_report() -> None:
    from benchmarks.one_report import messages

    instance, sizes = Instance(), []
    for first in (0, 50, 100):
        instance.take(messages(range(first, first + 50), agents=5))
        sizes.append(max(len(each.model_dump_json()) for each in instance.agents.values()))
    assert len(instance.agents) == 5
    assert sizes[1] == sizes[2]


def _descendants(pid: int) -> list[int]:
    try:
        text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except FileNotFoundError:
        return []
    return [each for child in map(int, text.split()) for each in (child, *_descendants(child))]


def test_a_signal_takes_processes_and_files_along(tmp_path: pathlib.Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    asked = [sys.executable, "-m", "benchmarks.growth", "--most", "1000"]
    with subprocess.Popen(asked, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        while f"1,000 {REPORTS}: " not in running.stdout.readline():
            assert running.poll() is None
        while not list(tmp_path.iterdir()):
            assert running.poll() is None
        below = _descendants(running.pid)
        running.send_signal(signal.SIGTERM)
        assert "stopped: " in running.stdout.read()
    assert running.returncode == STOPPED
    assert [each for each in below if pathlib.Path(f"/proc/{each}").exists()] == []
    assert list(tmp_path.iterdir()) == []
