"""How many rows a page has."""

import pytest

from serve_console.paging import rows_asked_for
from shared.errors import BadRequest


@pytest.mark.parametrize(("top", "rows"), [(None, 100), ("1", 1), ("0500", 500), ("1000", 1000)])
def test_rows_are_as_many_as_asked_for(top: str | None, rows: int) -> None:
    assert rows_asked_for(top, 1000) == rows


@pytest.mark.parametrize(
    "top", ["", "0", "-1", "1001", "1.0", "\u0661", "0000000019999", "1" + "0" * 5000, "0" * 5000]
)
def test_any_other_number_is_refused(top: str) -> None:
    with pytest.raises(BadRequest, match="a whole number from 1 to 1000"):
        rows_asked_for(top, 1000)
