"""The levels, and their order."""

import pytest

from shared.domain.level import Level, highest

SECURED, LOW, MEDIUM, HIGH = Level.SECURED, Level.LOW, Level.MEDIUM, Level.HIGH


def test_levels_rank_as_intune_ranks_them() -> None:
    assert {level.value: level.rank for level in Level} == {"secured": 0, "low": 1, "medium": 2, "high": 3}


@pytest.mark.parametrize(
    ("levels", "gravest"),
    [((), SECURED), ((LOW,), LOW), ((MEDIUM, LOW), MEDIUM), ((LOW, HIGH, SECURED), HIGH)],
)
def test_the_highest_is_the_gravest_whatever_its_name_and_secured_of_none(
    levels: tuple[Level, ...], gravest: Level
) -> None:
    assert highest(levels) is gravest
