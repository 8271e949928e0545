"""What is no verdict, and what only looks like it."""

import time

import pytest

from ingest_threat.partners._fields import plain_word
from ingest_threat.partners._no_verdict import is_no_verdict


@pytest.mark.parametrize(
    "said",
    [
        *(
            "not known yet",
            "No information",
            "Information not available",
            "None available",
            "None reported",
            "None yet",
            "under evaluation",
            "being scanned",
            "pending activation",
            "pending review",
            "awaiting approval",
            "pending enrolment",
            "awaiting response",
            "insufficient data",
            "inconclusive",
            "not started",
            "Unknown (0)",
            "to be confirmed",
            "No verdict",
            "No status",
            "Scan pending",
            "Awaiting scan",
            "Not ready",
            "Pending",
        ),
        *("Uninitialized", "Initialising", "Evaluating", "Unclassified", "Never connected", "Unknown risk"),
        *(
            "Not reported yet",
            "RISK_UNKNOWN",
            "NOT_YET_COMPUTED",
            "-",
            "--",
            "---",
            "?",
            "…",
            "n/a",
            "not set",
        ),
        *("NotYetAvailable", "riskNotAvailable", "Waiting for first scan", "To be determined", "No data yet"),
        *("Scan in progress", "never scanned", "grey", "Status unknown", "not yet", "no rating available"),
    ],
)
def test_what_says_that_nobody_has_judged_is_no_verdict(said: str) -> None:
    assert is_no_verdict(plain_word(said))


@pytest.mark.parametrize(
    "said",
    [
        *(
            "not compliant",
            "not secure",
            "unsecured",
            "no passcode",
            "unprotected",
            "not protected",
            "inactive",
        ),
        *("unmanaged", "unsafe", "no device lock", "not encrypted", "unpatched", "untrusted", "unverified"),
        *("unknown threat", "unknown sources", "scan failed", "never compliant", "not healthy", "unresolved"),
        *("No threats", "no risk", "secure", "high", "compromised", "risk", "status", "!!!", "高"),
    ],
)
def test_what_says_something_of_the_device_is_a_verdict(said: str) -> None:
    assert not is_no_verdict(plain_word(said))


def test_no_word_at_all_is_no_verdict_and_a_long_one_is_soon_judged() -> None:
    assert is_no_verdict(None)
    started = time.process_time()
    assert not is_no_verdict("RISK" * 200_000)
    assert time.process_time() - started < 1
