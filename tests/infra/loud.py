"""A check that cannot be made on this machine is skipped where nobody overlooks it: in the summary of the
run."""

from collections.abc import Iterable, Iterator
from typing import NoReturn

import pytest

NOT_CHECKED = "NOT CHECKED: "


def skip(what: str) -> NoReturn:
    """Skip, and have the summary say `what` was not checked."""
    pytest.skip(f"{NOT_CHECKED}{what}")


def unchecked(skipped: Iterable[pytest.TestReport]) -> Iterator[str]:
    """What was not checked, each thing once; for the summary in tests/conftest.py."""
    reasons = [report.longrepr[2] for report in skipped if isinstance(report.longrepr, tuple)]
    yield from dict.fromkeys(
        reason[reason.index(NOT_CHECKED) :] for reason in reasons if NOT_CHECKED in reason
    )
