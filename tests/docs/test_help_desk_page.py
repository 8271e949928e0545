"""The page for the help desk has the words the app answers, and no others."""

import pathlib
import re

from evaluate_risk import counting, grace, policy, presence
from serve_console.enrollment_class import EnrollmentClass
from shared.domain.model import TagState, Verdict
from tests.docs.pages import text_of

PAGE = text_of("docs/help-desk.md")
SENTENCES = "".join(
    pathlib.Path(str(each.__file__)).read_text() for each in (policy, presence, grace, counting)
)
EXAMPLES = re.compile(r"\b(?:high|low|lookout|zimperium|ios|\d+\.\d+)\b|'…'|…")
"""What stands for a value in a reason of the page."""


def _first_cells(head: str) -> list[str]:
    table = re.search(rf"^\| {head} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert table, head
    return re.findall(r"^\| `([^`]+)` \|", table[1], re.MULTILINE)


def test_verdicts_and_states_are_the_codes() -> None:
    assert set(_first_cells("`verdict`")) == set(Verdict)
    assert set(_first_cells("`tag.state`")) == set(TagState)
    said = PAGE.partition("`enrollment_class` says")[2].partition(".")[0]
    assert set(re.findall(r"`(\w+)`", said)) == set(EnrollmentClass)


def test_every_reason_is_one_the_app_gives() -> None:
    reasons = _first_cells("a reason")
    assert len(reasons) > 10
    for reason in reasons:
        words = [part for part in EXAMPLES.split(reason) if len(part.strip(" :,")) > 2]
        assert words
        assert [part for part in words if part not in SENTENCES] == []
