"""Times in words: UTC, whatever the zone they came in and the machine is in."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.domain.moment import in_words, iso_utc

AT = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The machine keeps another time than UTC."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "<-07>7")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=5))])
def test_a_time_is_written_in_utc_for_programs_and_for_people(zone: timezone) -> None:
    moment = AT.astimezone(zone)
    assert iso_utc(moment) == "2026-01-02T03:04:05.000006Z"
    assert in_words(moment) == "2026-01-02 03:04 UTC"
    assert in_words(moment, seconds=True) == "2026-01-02 03:04:05 UTC"
