"""A page as messages that the partner's door takes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from ingest_threat import body
from poll_partners import slices as module
from poll_partners.slices import MAX_BYTES, MAX_ITEMS, slices


@given(st.lists(st.integers(0, 300_000), max_size=12), st.integers(0, 2_500))
def test_every_row_is_in_one_message_in_order_and_each_message_is_within_the_limits(
    sizes: list[int], many: int
) -> None:
    texts = ["x" * size for size in sizes] + [str(number) for number in range(many)]
    rows: list[JsonValue] = [{"text": text} for text in texts]
    found: list[JsonValue] = []
    for message in slices("events", rows):
        assert len(message) <= body.MAX_BYTES
        content = json.loads(message)["events"]
        assert 1 <= len(content) <= MAX_ITEMS
        found += content
    assert found == rows


def test_a_row_that_is_too_large_is_a_message_of_its_own() -> None:
    large: JsonValue = {"text": "x" * (MAX_BYTES + 100_000)}
    messages = list(slices("events", [{"a": 1}, large, {"b": 2}]))
    assert [len(message) > body.MAX_BYTES for message in messages] == [False, True, False]
    assert json.loads(messages[-1]) == {"events": [{"b": 2}]}


def test_an_empty_page_is_no_message() -> None:
    assert list(slices("events", [])) == []


def test_a_message_holds_as_much_as_its_limits_let_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 9)
    assert list(slices("e", ["aé", "b", "c"])) == ['{"e":["aé","b"]}'.encode(), b'{"e":["c"]}']
    assert list(slices("e", ["abcde", "b"])) == [b'{"e":["abcde"]}', b'{"e":["b"]}']
    assert list(slices("e", ["abcdef", "b"])) == [b'{"e":["abcdef"]}', b'{"e":["b"]}']
    assert list(slices("e", [1, 2, 3, 4, 5, 6])) == [b'{"e":[1,2,3,4,5]}', b'{"e":[6]}']
    assert list(slices("e", [12, 345, 67])) == [b'{"e":[12,345,67]}']
    assert list(slices("e", [12, 345, 678])) == [b'{"e":[12,345]}', b'{"e":[678]}']
    monkeypatch.setattr(module, "MAX_ITEMS", 2)
    assert list(slices("e", [1, 2, 3])) == [b'{"e":[1,2]}', b'{"e":[3]}']


def test_without_an_envelope_rows_are_lines_and_objects_are_written_without_spaces() -> None:
    assert list(slices("", ["a b", '{"c": 1}'])) == [b'a b\n{"c": 1}']
    assert list(slices("e", [{"a": [1, "é"], "b": None}])) == ['{"e":[{"a":[1,"é"],"b":null}]}'.encode()]
