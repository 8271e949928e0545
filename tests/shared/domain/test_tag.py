"""The tag's values: which are ours, and which refuse."""

import pytest

from shared.domain.level import Level
from shared.domain.tag import HIGH_TAG, NO_DATA_TAG, OK_TAG, RULE_TAG, block_tag, is_block, is_ours


@pytest.mark.parametrize(
    ("value", "ours", "block"),
    [
        (None, False, False),
        ("", False, False),
        ("cost-centre-7", False, False),
        ("my-mtd-block-high", False, False),
        ("MTD-block-high", False, False),
        (OK_TAG, True, False),
        ("mtd-of-a-later-version", True, False),
        (HIGH_TAG, True, True),
        (NO_DATA_TAG, True, True),
        (RULE_TAG, True, True),
        ("mtd-block-of-a-later-version", True, True),
    ],
)
def test_a_value_is_ours_by_its_beginning_and_so_is_a_block(
    value: str | None, ours: bool, block: bool
) -> None:
    assert (is_ours(value), is_block(value)) == (ours, block)


def test_a_block_names_the_risk() -> None:
    assert [block_tag(level) for level in Level] == [
        "mtd-block-secured",
        "mtd-block-low",
        "mtd-block-medium",
        "mtd-block-high",
    ]
