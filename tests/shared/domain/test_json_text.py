"""JSON in a text, within Python's limits."""

import pytest

from shared.domain.json_text import NotJson, Read, TooDeep, read_json


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ('{"a": [1, "b", null, 1.5]}', Read({"a": [1, "b", None, 1.5]})),
        ("18446744073709551615", Read(2**64 - 1)),
        ("9" * 5000, Read("9" * 5000)),
        ("-1e999", Read("-1e999")),
        ('["\\ud800", "\\ud83d\\ude00"]', Read(["\ufffd", "\U0001f600"])),
        ("[NaN, -Infinity]", Read([None, None], not_a_number=True)),
        ('{"a": 1, "a": 2}', Read({"a": 2}, key_twice="a")),
        ('{"\\ud800": 1, "\\udfff": 2}', Read({"\ufffd": 1, "\ufffd (2)": 2})),
        ("[" * 64 + "]" * 64, Read(eval("[" * 64 + "]" * 64))),
    ],
)
def test_what_is_read(text: str, read: Read) -> None:
    assert read_json(text) == read


@pytest.mark.parametrize("text", ["", "a", "[1", "1 2", "{'a': 1}", "01"])
def test_what_is_no_json(text: str) -> None:
    with pytest.raises(NotJson, match="not JSON at line 1, column"):
        read_json(text)


@pytest.mark.parametrize("text", ["[" * 65 + "]" * 65, "[" * 100_000, '{"a":' * 65 + "1" + "}" * 65])
def test_what_is_too_deep(text: str) -> None:
    with pytest.raises(TooDeep, match="nested deeper than 64"):
        read_json(text)
