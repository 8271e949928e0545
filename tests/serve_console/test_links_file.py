"""Files of links, and what is wrong with them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve_console.links_file import MAX_BYTES, MAX_LINES, BadLine, Line, lines
from shared.errors import BadRequest, Unreadable, UnreadableReport

HEADER = "partner,partner_device_id,device,reason\n"


def _read(text: str) -> list[Line | BadLine]:
    return lines(text.encode())


def test_lines_are_read_with_quotes_other_alphabets_and_any_line_end() -> None:
    text = HEADER + 'sophos,id-1,serial:A1,"seen, on the ""desk"""\r\n\rSophos, id-2 ,dev,телефон Анны\n'
    assert lines(b"\xef\xbb\xbf" + text.encode()) == [
        Line(2, "sophos", "id-1", "serial:A1", 'seen, on the "desk"'),
        Line(4, "sophos", "id-2", "dev", "телефон Анны"),
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('sophos,"never closed,dev,reason', "quotation mark"),
        ('sophos,"x"y,dev,reason', "quotation mark"),
        ("sophos,x,dev", "3 values: expected 4"),
        ("sophos,x,dev,reason,more", "5 values"),
        ("sophos,,dev,reason", "missing"),
        ("sophos,x,,reason", "missing"),
        ("sophos,x,dev,no", "3 to 500"),
        (f"sophos,x,dev,{'y' * 501}", "3 to 500"),
        (f"sophos,{'y' * 501},dev,reason", "500 characters"),
        ("sophos,x\0y,dev,reason", "control characters"),
        ("sophos,x\u202ey,dev,reason", "control characters"),
        (f"sophos,{'y' * 200_000},dev,reason", ""),
    ],
)
def test_a_bad_line_is_named_and_takes_no_other_down(text: str, why: str) -> None:
    good = "sophos,id,dev,a reason"
    first, bad, last = _read(f"{HEADER}{good}\n{text}\n{good}\n")
    assert isinstance(first, Line)
    assert isinstance(last, Line)
    assert isinstance(bad, BadLine)
    assert (bad.number, last.number) == (3, 4)
    assert why in bad.why


@pytest.mark.parametrize(
    "text", ["", "\n" + HEADER, "a,b,c,d\n", "partner;partner_device_id;device;reason\n"]
)
def test_another_header_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        _read(text)


def test_only_a_header_is_no_line() -> None:
    assert _read(HEADER.upper()) == []


def test_limits_are_held() -> None:
    line = "s,i,d,rea\n"
    assert len(_read(HEADER + line * MAX_LINES)) == MAX_LINES
    for text in (HEADER + line * (MAX_LINES + 1), HEADER + "x" * MAX_BYTES):
        with pytest.raises(UnreadableReport) as refused:
            _read(text)
        assert refused.value.kind is Unreadable.TOO_LARGE


def test_what_is_not_utf8_is_refused() -> None:
    with pytest.raises(UnreadableReport) as refused:
        lines(HEADER.encode("utf-16"))
    assert refused.value.kind is Unreadable.MALFORMED


@given(st.text())
def test_any_text_after_the_header_is_lines_or_bad_lines(text: str) -> None:
    numbers = [line.number for line in lines((HEADER + text).encode("utf-8", "replace"))]
    assert numbers == sorted(set(numbers))
