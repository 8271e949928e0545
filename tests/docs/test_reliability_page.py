"""What docs/reliability.md counts is as it counts it."""

import re

from tests.end_to_end.machine import ROOT
from tests.histories.operation import all_kinds

PAGE = " ".join((ROOT / "docs" / "reliability.md").read_text(encoding="utf-8").split())


def test_as_many_kinds_of_operations_are_drawn_as_it_says() -> None:
    assert re.findall(r"one of (\d+) kinds of operations", PAGE) == [str(len(all_kinds()))]
