"""What a cursor remembers of its runs: the latest, and gaps that grow rather than repeat."""

from datetime import timedelta

from shared.domain.polling import KEPT_GAPS, KEPT_RUNS, PARTS, Cursor, Gap, PollRun, roster_part_of
from tests.world import START

HOUR = timedelta(hours=1)
CURSOR = Cursor(id="cursor:any", partner="lookout", begun=START, until=START)


def _gap(begin: int, end: int, why: str = "odd") -> Gap:
    return Gap(begin=START + begin * HOUR, end=START + end * HOUR, why=why, noted_at=START)


def _run(*gaps: Gap, seconds: float = 1) -> PollRun:
    return PollRun(started_at=START, seconds=seconds, gaps=gaps)


def _after(*runs: PollRun) -> Cursor:
    cursor = CURSOR
    for run in runs:
        cursor = cursor.with_run(run)
    return cursor


def test_the_latest_runs_are_kept_newest_first() -> None:
    cursor = _after(*(_run(seconds=number) for number in range(KEPT_RUNS + 5)))
    assert [run.seconds for run in cursor.runs] == list(range(KEPT_RUNS + 4, 4, -1))
    assert cursor.gaps == ()


def test_the_latest_gaps_are_kept_in_the_order_of_the_newest_run() -> None:
    cursor = _after(*(_run(_gap(3 * number, 3 * number + 1)) for number in range(KEPT_GAPS + 5)))
    assert [gap.begin for gap in cursor.gaps] == [
        START + 3 * number * HOUR for number in range(KEPT_GAPS + 4, 4, -1)
    ]
    assert _after(_run(_gap(6, 7), _gap(0, 1))).gaps == (_gap(6, 7), _gap(0, 1))


def test_a_gap_that_goes_on_where_the_latest_ends_makes_it_longer() -> None:
    assert _after(_run(_gap(9, 9, "other")), _run(_gap(0, 2)), _run(_gap(2, 5))).gaps == (
        _gap(0, 5),
        _gap(9, 9, "other"),
    )
    assert _after(_run(_gap(0, 2)), _run(_gap(0, 1))).gaps == (_gap(0, 2),), "and never shorter"
    assert _after(_run(_gap(0, 2)), _run(_gap(1, 3))).gaps == (_gap(0, 3),)


def test_one_of_another_reason_or_somewhere_else_stands_by_itself() -> None:
    assert _after(_run(_gap(0, 2)), _run(_gap(2, 5, "other"))).gaps == (_gap(2, 5, "other"), _gap(0, 2))
    assert _after(_run(_gap(0, 2)), _run(_gap(3, 5))).gaps == (_gap(3, 5), _gap(0, 2))
    assert _after(_run(_gap(3, 5)), _run(_gap(0, 4))).gaps == (_gap(0, 4), _gap(3, 5))


def test_devices_are_spread_over_all_parts_and_each_stays_in_its_own() -> None:
    parts = [roster_part_of(f"device-{number}") for number in range(1000)]
    assert set(parts) == set(range(PARTS))
    assert (parts[1], parts[2]) == (3, 24), "as they are stored"
