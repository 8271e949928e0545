"""docs/capacity.md shows what the model says, and the model says what the code is held to."""

from infra import capacity, costs
from tests.infra.code import ROOT


def test_the_page_shows_the_models_tables() -> None:
    page = (ROOT / "docs" / "capacity.md").read_text(encoding="utf-8")
    for table in (capacity.table(), capacity.limits_table()):
        assert table in page, "run `python -m infra.capacity` and put its tables into docs/capacity.md"


def test_a_million_devices_are_synced_within_what_a_run_may_take() -> None:
    assert costs.sync_seconds(1_000_000) < capacity.timeout_seconds() == 2 * 3600


def test_a_sync_that_takes_longer_than_its_schedule_is_rarer() -> None:
    assert costs.syncs(100_000) == costs.SYNCS
    assert 600 < costs.syncs(1_000_000) < 800


def test_what_is_more_takes_more() -> None:
    small, large = 100_000, 10_000_000
    for figure in (capacity.partitions, capacity.seconds_to_tag, capacity.dollars, capacity.units_a_second):
        assert figure(large) > 5 * figure(small)
