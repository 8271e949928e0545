"""When a vendor is asked again: as it says, within bounds, and else more and more seldom."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poll_partners.waits import LONGEST, LONGEST_WITHOUT_WORD, back_off, retry_after

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "milliseconds", "wait"),
    [
        ("120", None, timedelta(minutes=2)),
        ("Mon, 01 Jun 2026 12:10:00 GMT", None, timedelta(minutes=10)),
        ("Mon, 01 Jun 2026 11:00:00 GMT", None, timedelta(0)),
        (None, "1500", timedelta(seconds=1.5)),
        ("9", "1500", timedelta(seconds=1.5)),
        ("999999999", None, LONGEST),
        ("Fri, 31 Dec 9999 23:59:59 GMT", None, LONGEST),
        ("soon", None, None),
        ("", None, None),
        (None, None, None),
        (None, "soon", None),
        ("²", "²", None),
    ],
)
def test_what_a_vendor_asks_for(
    seconds: str | None, milliseconds: str | None, wait: timedelta | None
) -> None:
    assert retry_after(seconds, milliseconds, NOW) == wait


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_header_makes_trouble(seconds: str, milliseconds: str) -> None:
    wait = retry_after(seconds, milliseconds, NOW)
    assert wait is None or timedelta(0) <= wait <= LONGEST


@given(st.integers(0, 10_000), st.floats(0, 1), st.booleans())
def test_the_wait_without_a_word_is_bounded(failures: int, jitter: float, refused: bool) -> None:
    assert timedelta(seconds=20) <= back_off(failures, jitter, refused=refused) <= LONGEST_WITHOUT_WORD


def test_it_doubles_and_a_refused_credential_waits_longer() -> None:
    waits = [back_off(failures, 0, refused=False).total_seconds() for failures in range(1, 5)]
    assert waits == [30, 60, 120, 240]
    assert back_off(1, 0, refused=True) == timedelta(minutes=10)
