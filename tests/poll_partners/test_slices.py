"""A page as messages that the partner's door takes."""

import json

from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from ingest_threat import body
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
