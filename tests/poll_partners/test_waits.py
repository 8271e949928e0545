"""When a vendor is asked again: as it says, within bounds, and else more and more seldom."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poll_partners.waits import MAX_BACK_OFF, MAX_WAIT, asked_later, back_off, retry_after

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "milliseconds", "wait"),
    [
        ("120", None, timedelta(minutes=2)),
        ("Mon, 01 Jun 2026 12:10:00 GMT", None, timedelta(minutes=10)),
        ("Mon, 01 Jun 2026 11:00:00 GMT", None, timedelta(0)),
        (None, "1500", timedelta(seconds=1.5)),
        ("9", "1500", timedelta(seconds=1.5)),
        ("Mon, 01 Jun 2026 12:10:00 +0200", None, timedelta(0)),
        ("Mon, 01 Jun 2026 12:10:00 -0200", None, timedelta(hours=2, minutes=10)),
        ("Mon, 01 Jun 2026 12:10:00 -0000", None, timedelta(minutes=10)),
        ("999999999", None, MAX_WAIT),
        ("9" * 4000, None, MAX_WAIT),
        (None, "9" * 4000, MAX_WAIT),
        ("Fri, 31 Dec 9999 23:59:59 GMT", None, MAX_WAIT),
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
    assert wait is None or timedelta(0) <= wait <= MAX_WAIT


@given(st.integers(0, 10_000), st.floats(0, 1), st.booleans())
def test_the_wait_without_a_word_is_bounded(failures: int, jitter: float, refused: bool) -> None:
    assert timedelta(seconds=20) <= back_off(failures, jitter, refused=refused) <= MAX_BACK_OFF


def test_it_doubles_and_a_refused_credential_waits_longer() -> None:
    waits = [back_off(failures, 0, refused=False).total_seconds() for failures in range(1, 5)]
    assert waits == [30, 60, 120, 240]
    assert back_off(1, 0, refused=True) == timedelta(minutes=10)
    assert back_off(1, 1, refused=False) == timedelta(seconds=22.5), "a quarter less at most"


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (200, None),
        (400, None),
        (401, None),
        (404, None),
        (408, "it cannot answer now (408)"),
        (429, "it wants to be asked later (429)"),
        (503, "it cannot answer now (503)"),
        (524, "it cannot answer now (524)"),
    ],
)
def test_some_answers_ask_to_be_asked_later(status: int, why: str | None) -> None:
    answer = asked_later(status, "120", "1500", NOW)
    said = None if answer is None else (str(answer), answer.retry_after)
    assert said == (None if why is None else (why, 1.5))
    silent = asked_later(status, None, None, NOW)
    assert silent is None or silent.retry_after is None
    dated = asked_later(status, "Mon, 01 Jun 2026 12:10:00 GMT", None, NOW)
    assert dated is None or dated.retry_after == 600
