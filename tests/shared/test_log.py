"""The closed list of log events: one line each, whatever stands in the values."""

import logging

import pytest

from shared.log import LogEvent, log_event, quiet_sdks


@pytest.mark.parametrize("value", ["a\nb", "a\r\nb", "a\x00b", "a\x1b[31mb", "a\u2028b", "a\x85b"])
def test_control_characters_do_not_break_the_line(caplog: pytest.LogCaptureFixture, value: str) -> None:
    log_event(LogEvent.UNEXPECTED, what=value)
    assert caplog.messages[0].splitlines() == [caplog.messages[0]]
    assert caplog.messages[0].isprintable()
    assert caplog.messages[0].startswith("unexpected what=a?")


def test_a_line_names_the_event_and_its_details_in_order(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="mtd"):
        log_event(LogEvent.TAG_WRITTEN, device="d-1", tag="mtd-ok", before=None)
    assert caplog.messages == ["tag_written device=d-1 tag=mtd-ok before=None"]


def test_a_long_value_is_cut(caplog: pytest.LogCaptureFixture) -> None:
    log_event(LogEvent.UNEXPECTED, what="x" * 5000)
    assert len(caplog.messages[0]) < 400


def test_a_percent_sign_is_no_placeholder(caplog: pytest.LogCaptureFixture) -> None:
    log_event(LogEvent.UNEXPECTED, what="100 %s")
    assert caplog.messages == ["unexpected what=100 %s"]


@pytest.mark.parametrize(
    ("event", "level"),
    [
        (LogEvent.DEAD_LETTER, "ERROR"),
        (LogEvent.TAG_FOREIGN, "ERROR"),
        (LogEvent.TAG_PENDING, "WARNING"),
        (LogEvent.NOT_AUTHENTIC, "WARNING"),
        (LogEvent.REPORTS_ACCEPTED, "INFO"),
    ],
)
def test_what_needs_somebody_is_logged_louder(
    caplog: pytest.LogCaptureFixture, event: LogEvent, level: str
) -> None:
    with caplog.at_level(logging.INFO, logger="mtd"):
        log_event(event)
    assert [record.levelname for record in caplog.records] == [level]


def test_the_sdks_tell_no_request_by_request() -> None:
    quiet_sdks()
    for name in ("azure.core.pipeline.policies.http_logging_policy", "httpx", "azure.cosmos._x"):
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)
        assert logging.getLogger(name).isEnabledFor(logging.WARNING)
