"""SECURITY.md: each test it names is there, and each part says what is left."""

import re

import pytest

from tests.end_to_end.machine import ROOT

PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)))
PARTS = re.split(r"^###? ", PAGE.partition("## Who could do what")[2], flags=re.MULTILINE)[1:]
ROW = re.compile(r"\| [^|]+ \| `[\w/]+\.py::\w+` \|")


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_a_test_that_the_page_names_is_there(file: str, test: str) -> None:
    code = (ROOT / "tests" / file).read_text(encoding="utf-8")
    assert re.search(rf"^(?:async )?def {test}\(", code, re.MULTILINE)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.partition("\n")[0])
def test_each_part_says_what_stops_them_by_which_test_and_what_is_left(part: str) -> None:
    header, _, *rows = re.findall(r"^\|.*$", part, re.MULTILINE)
    assert header.startswith("| what stops ")
    assert rows
    assert [row for row in rows if not ROW.fullmatch(row)] == []
    assert part.count("\n**Left:** ") == 1


@pytest.mark.parametrize(
    "who",
    [
        *("Anybody on the internet", "A thief of a partner's secret", "A partner turned hostile"),
        *("A help desk account", "An admin's account", "The function's identity", "The relay"),
        "Somebody with write access to the database",
        "Somebody in Entra who may write devices' attributes",
        "Somebody in Entra who may edit Conditional Access",
    ],
)
def test_nobody_is_left_out(who: str) -> None:
    assert f"\n### {who}\n" in PAGE


def test_it_names_no_person_and_no_address_to_write_to() -> None:
    assert not re.search(r"[\w.]+@[\w-]+\.\w+|mailto:", PAGE)
    assert "**Report a vulnerability**" in PAGE
