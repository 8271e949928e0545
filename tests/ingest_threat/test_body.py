"""From bytes to items, with every limit."""

import contextlib
import json
import time

import pytest

from ingest_threat.body import MAX_BYTES, BrokenItem, KeepAliveItem, ReadableItem, items, values
from shared.errors import Unreadable, UnreadableReport


def refusal(body: bytes) -> tuple[Unreadable, str]:
    with pytest.raises(UnreadableReport) as error:
        items(body, envelopes=("events",))
    return error.value.kind, error.value.reason


def refused(body: bytes) -> Unreadable:
    return refusal(body)[0]


def received(body: bytes) -> list[bytes]:
    return [item.received for item in items(body) if not isinstance(item, KeepAliveItem)]


def contents(body: bytes) -> list[object]:
    found = items(body, envelopes=("events", "content"))
    assert [item.index for item in found] == list(range(len(found)))
    return [
        "kept alive"
        if isinstance(item, KeepAliveItem)
        else item.content
        if isinstance(item, ReadableItem)
        else None
        for item in found
    ]


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (b'{"a": 1}', [{"a": 1}]),
        (b'\xef\xbb\xbf{"a": 1}', [{"a": 1}]),
        (b'[{"a": 1}, {"a": 2}]', [{"a": 1}, {"a": 2}]),
        (b'{"events": [{"a": 1}], "count": 1}', [{"a": 1}]),
        (b'{"content": [{"a": 1}, {"a": 2}]}', [{"a": 1}, {"a": 2}]),
        (b'[{"events": [{"a": 1}]}, {"a": 2}]', [{"a": 1}, {"a": 2}]),
        (b'{"a": 1}\r\n\r\n{"a": 2}\r\n', [{"a": 1}, {"a": 2}]),
        (b'{"events": [{"a": 1}, {"a": 2}]}\n{"events": []}\n{"a": 3}', [{"a": 1}, {"a": 2}, {"a": 3}]),
        (b'[{"a": 1}]\n[{"a": 2}]', [{"a": 1}, {"a": 2}]),
        (b'{"a": 1}\n{"cut"\n{"a": 3}', [{"a": 1}, None, {"a": 3}]),
        (b'{"a": NaN}\n{"a": 3}', [None, {"a": 3}]),
        (b'{"a": 1}\n{"a": 1, "a": 2}', [{"a": 1}, None]),
        (b'[{"a": 1}, 5, null, []]', [{"a": 1}, None, None, None]),
        (b"5", [None]),
        (b'{"a": 1.5, "b": 2e3, "c": -1}', [{"a": 1.5, "b": 2000.0, "c": -1}]),
        (b"[]", []),
        (b'{"events": []}', []),
        (b'{"events": {"a": 1}, "count": 1}', [{"a": 1}]),
        (b'{"content": {"a": 1}}', [{"a": 1}]),
        (b'{"events": null}', []),
        (b'{"events": null, "a": 1}', [{"events": None, "a": 1}]),
        (b'{"events": "a"}', [{"events": "a"}]),
        (b'{"a": 1}\0\n{"a": 2}\0', [{"a": 1}, {"a": 2}]),
        (b'{"a": 1}\0{"a": 2}\0', [{"a": 1}, {"a": 2}]),
        (b'{\n"a": 1\n}\n\0', [{"a": 1}]),
        (b'{"a": 1}\r{"a": 2}\r', [{"a": 1}, {"a": 2}]),
        (b'\xef\xbb\xbf{"a": 1}\n\xef\xbb\xbf{"a": 2}', [{"a": 1}, {"a": 2}]),
        (b'\x1e{"a": 1}\n\x1e{"a": 2}\n', [{"a": 1}, {"a": 2}]),
        (b'<14>{"a": 1}', [{"a": 1}]),
        (b'<14>{\n"a": 1\n}', [{"a": 1}]),
        (b'<14>[{"a": 1}, {"a": 2}]', [{"a": 1}, {"a": 2}]),
        (b'<14>Jun  1 12:00:00 h t[7]: {"a": 1}\n<14>Jun  1 12:00:01 h t: {"a": 2}', [{"a": 1}, {"a": 2}]),
        (b'33 <14>1 - h t - - [x y="z"] {"a": 1}\n', [{"a": 1}]),
        (b'Jun  1 12:00:00 h t[7]: {"a": 1}\nJun  1 12:00:00 h t: {"a": 2}', [{"a": 1}, {"a": 2}]),
        (b'<14>{"a": 1}\n<14>words\n<14>{"a": 3}', [{"a": 1}, None, {"a": 3}]),
        (b'{"events": null, "has_more": false, "nextCursor": ""}', []),
        (b'{"meta": {"total_count": 0}, "content": null}', []),
        (b'{"events": null, "content": null, "count": 0}', []),
        (b'{"events": null, "content": [{"a": 1}]}', [{"a": 1}]),
        (b'{"events": [{"a": 1}], "content": [{"a": 2}]}', [{"a": 1}, {"a": 2}]),
        (b'{"events": [], "content": [{"a": 1}]}', [{"a": 1}]),
        (b'{"events": {}, "content": {"a": 1}}', [{"a": 1}]),
        (b'{"events": [], "items": [{"a": 1}]}', [{"events": [], "items": [{"a": 1}]}]),
        (b'{"events": null, "items": [{"a": 1}]}', [{"events": None, "items": [{"a": 1}]}]),
        (b'{"events": null, "result": {"a": 1}}', [{"events": None, "result": {"a": 1}}]),
        (b'{"events": [], "threat": {"a": 1}}', [{"events": [], "threat": {"a": 1}}]),
        (b'{"events": [], "threat": "{\\"a\\": 1}"}', [{"events": [], "threat": '{"a": 1}'}]),
        (b'{"events": "[]", "records": [{"a": 1}]}', [{"events": "[]", "records": [{"a": 1}]}]),
        (b'{"events": [], "status": "ok", "threats": [], "detail": {}}', []),
        (b'{"content": [], "pageable": {"sort": {"unsorted": true}, "pageNumber": 0}, "sort": []}', []),
        (
            b'{"content": [], "pageable": {"sort": {"threat": "t"}}}',
            [{"content": [], "pageable": {"sort": {"threat": "t"}}}],
        ),
        (b'{"events": [], "links": [{"rel": "next", "href": "h"}], "meta": {"requestId": "r"}}', []),
        (b'{"events": null, "1": 0}', [{"events": None, "1": 0}]),
        (b'{"events": "[{\\"a\\": 1}]"}', [{"a": 1}]),
        (b'{"events": "{\\"a\\": 1}"}', [{"a": 1}]),
        (b'{"events": ["{\\"a\\": 1}", "{\\"a"]}', [{"a": 1}, None]),
        (b'["{\\"a\\": 1}"]', [{"a": 1}]),
        (b'"[{\\"a\\": 1}]"', [{"a": 1}]),
        (b'{"type": "heartbeat"}', ["kept alive"]),
        (b'{"event": "Keep Alive", "at": 5}\n{"a": 1}', ["kept alive", {"a": 1}]),
        (b'{"event": "ping", "device": {}}', [{"event": "ping", "device": {}}]),
        (
            b'event: error\ndata: {"error": "e", "request-id": "r"}\n\ndata: {"a": 1}',
            ["kept alive", {"a": 1}],
        ),
        (b"data: ping", ["kept alive"]),
        (b"data: [DONE]\n\n", ["kept alive"]),
        (b"retry: 1000", ["kept alive"]),
        (b"event: end\ndata: bye", ["kept alive"]),
        (b'id: 4\n\ndata: {"a": 1}\n\n', ["kept alive", {"a": 1}]),
        (b"<14>{}", ["kept alive"]),
        (b"<14>Jun  1 12:00:00 h t[7]: {}", ["kept alive"]),
        (b"33 <14>1 2026-06-01T12:00:00Z h t 7 - - {}", ["kept alive"]),
        (b'<14>Jun  1 12:00:00 h t: rooted {}\n{"a": 1}', [None, {"a": 1}]),
        (b"{}", ["kept alive"]),
        (b'[{}, {"a": 1}]', ["kept alive", {"a": 1}]),
        (b"event: heartbeat\ndata: {}\n\n", ["kept alive"]),
        (b'event: ping\ndata: {"at": 1}\n\ndata: {"a": 1}\n\n', ["kept alive", {"a": 1}]),
        (b'event: error\ndata: {"threat": "t"}\n\n', [{"threat": "t"}]),
        (b'event: heartbeat\ndata: {"status": {"a": 1}}\n\n', [{"status": {"a": 1}}]),
        (b'event: complete\ndata: {"events": [{"a": 1}]}\n\n', [{"a": 1}]),
        (b'event: end\ndata: [{"a": 1}]\n\ndata: {"a": 2}\n\n', [{"a": 1}, {"a": 2}]),
        (b'event: end\ndata: {"cut\n\ndata: {"a": 2}\n\n', [None, {"a": 2}]),
        (b": still here\n\n", ["kept alive"]),
        (b'id: 4\nevent: message\nretry: 5\ndata: {"events": [{"a": 1}]}\n\n', [{"a": 1}]),
        (b'data: {\ndata: "a": 1\ndata: }\n\ndata: {"a": 2}\n\n', [{"a": 1}, {"a": 2}]),
        (b'data: {"a": 1}\ndata: {"a": 2}\n', [{"a": 1}, {"a": 2}]),
        (b'data: {"a": 1}\ndata: {"cut"\ndata: {"a": 3}\n', [{"a": 1}, None, {"a": 3}]),
        ('{"a": "x\u2028y\x85"}\n{"a": 2}'.encode(), [{"a": "x\u2028y\x85"}, {"a": 2}]),
        (b'{"a": "\\ud83d\\ude00"}', [{"a": "\U0001f600"}]),
        (b'{"\\ud800": "x\\udfff"}', [{"\ufffd": "x\ufffd"}]),
        (b'[{"a": 1e999}, {"a": -1e999}, {"a": 2}]', [{"a": "1e999"}, {"a": "-1e999"}, {"a": 2}]),
        (b'[{"a": ' + b"9" * 21 + b'}, {"a": 2}]', [{"a": "9" * 21}, {"a": 2}]),
        (b'{"a": ' + b"9" * 5000 + b"}", [{"a": "9" * 5000}]),
    ],
)
def test_forms(body: bytes, read: list[object]) -> None:
    assert contents(body) == read


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \r\n\t ",
        b"\xef\xbb\xbf",
        b"hello",
        b"hello\nworld",
        b"Jun 1 h t CRITICAL: rooted {}",
        b"<14>LEEF:1.0|V|p|1|e|cat={} ",
        b"CEF:0|V|p|1|e|n|9|{}",
        b"<14>rooted []",
        b"event: news\ndata: words\n\n",
        b'{"a": 1',
        b'{"a": "\xff"}',
        b'{\n"a": NaN\n}',
        b'[\n{"a": 1},\n{"a": 2}\n',
        b'{"events": [\n{"a": 1},\n{"a": 2}\n',
        b'[\n{"a": 1}\n{"a": 2}\n]',
        b'{"count": 2,\n"events": [\n{"a": 1}\n{"a": 2}\n]}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1, "a": 1}',
        b'{"a": {"b": [{"c": 1, "c": 2}]}}',
        "{}".encode("utf-16"),
    ],
)
def test_malformed(body: bytes) -> None:
    assert refused(body) is Unreadable.MALFORMED


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "an empty body"),
        (b"\xff", "not UTF-8"),
        (b'{"a": 1', "not JSON at line 1, column 8: Expecting ',' delimiter"),
        (b'{\n"a": 1,\n"b" 2\n}', "not JSON at line 3, column 5: Expecting ':' delimiter"),
        (b'[{"a": 1}, \t\n{"a" 2}]', "not JSON at line 2, column 6: Expecting ':' delimiter"),
        (b'  [ \n{"a": 1}\n', "not JSON at line 2, column 9: Expecting ',' delimiter"),
        (b"hello\nworld", "not JSON at line 1, column 1: Expecting value"),
        (b'{"a": NaN}', "NaN or Infinity, which is not JSON"),
        (b'{"a": {"b": 1, "b": 2}}', "a key twice in one object"),
        (b"[" * 65 + b"]" * 65, "nested deeper than 64"),
        (b" " * (MAX_BYTES + 1), "more than 1048576 bytes"),
        (b"{}\n" * 1001, "more than 1000 items"),
    ],
)
def test_what_is_wrong_is_said_without_quoting_what_was_sent(body: bytes, reason: str) -> None:
    assert refusal(body)[1] == reason


def test_a_body_that_is_to_be_one_value_is_refused_with_the_same_reason() -> None:
    with pytest.raises(UnreadableReport) as error:
        values(b'{"a": NaN}')
    assert error.value.reason == "NaN or Infinity, which is not JSON"


@pytest.mark.parametrize("space", ["\u00a0", "\u2003", "\x0b", "\x0c", "\x1c"])
def test_only_the_white_space_of_json_stands_around_a_value(space: str) -> None:
    assert refused(f'{space}{{"a": 1}}'.encode()) is Unreadable.MALFORMED
    assert contents(f'{{"a": 1}}\n{{"a": 2}}{space}\n{{"a": 3}}'.encode()) == [{"a": 1}, None, {"a": 3}]
    # A first line that ends in one opens no pretty-printed document.
    assert contents(f'{{"a": 1}},{space}\n{{"a": 2}}'.encode()) == [None, {"a": 2}]


def test_an_item_is_reported_by_one_way_to_write_it_and_a_broken_line_by_itself() -> None:
    assert received(b'[{"b": [1, {"d": null}], "a": 2}, 5]') == [b'{"a":2,"b":[1,{"d":null}]}', b"5"]
    assert received('{"a": 1}\n\t {"é" \r\n'.encode()) == [b'{"a":1}', '{"é"'.encode()]


def nested(depth: int) -> bytes:
    return b"[" * (depth - 1) + b"{}" + b"]" * (depth - 1)


def objects(depth: int) -> bytes:
    return b'{"a":' * (depth - 1) + b"{}" + b"}" * (depth - 1)


def test_bytes_items_and_depth_are_limited() -> None:
    assert refused(b" " * (MAX_BYTES + 1)) is Unreadable.TOO_LARGE
    assert refused(json.dumps([{}] * 1001).encode()) is Unreadable.TOO_LARGE
    assert refused(json.dumps({"events": [1] * 1001}).encode()) is Unreadable.TOO_LARGE
    assert refused(b"{}\n" * 1001) is Unreadable.TOO_LARGE
    assert refused(b"{}\n" + b"x\n" * 500_000) is Unreadable.TOO_LARGE
    assert refused(nested(65)) is Unreadable.TOO_LARGE
    assert refused(objects(65)) is Unreadable.TOO_LARGE
    assert refused(b"[" * 200_000) is Unreadable.TOO_LARGE


def test_what_is_just_within_the_limits_is_taken() -> None:
    assert len(items(json.dumps([{}] * 1000).encode())) == 1000
    assert len(items(b"{}\n" * 1000)) == 1000
    assert len(items(nested(64))) == len(items(objects(64))) == 1
    assert len(items(b'{"a": "' + b"x" * (MAX_BYTES - 9) + b'"}')) == 1
    assert contents(b'{"a": 18446744073709551615}') == [{"a": 2**64 - 1}]


def test_what_of_a_body_is_json_is_its_value_or_those_of_its_lines() -> None:
    assert values(b'\xef\xbb\xbf[{"a": 1e999}, "\\ud800"]') == [{"a": "1e999"}, "\ufffd"]
    assert values(b'{"events": [{"a": 1}]}') == {"events": [{"a": 1}]}
    assert values(b'{"a": 1}\nsecret words\n{"a": 2}') == [{"a": 1}, {"a": 2}]
    for body, kind in ((b"no\nno", "malformed"), (nested(65), "too_large"), (b"\xff", "malformed")):
        with pytest.raises(UnreadableReport) as error:
            values(body)
        assert error.value.kind == kind


def test_a_line_that_is_nested_too_deep_is_one_unreadable_item() -> None:
    found = items(b'{"a": 1}\n' + nested(65))
    assert isinstance(found[1], BrokenItem)
    assert found[1].reason == "nested deeper than 64"


def test_a_broken_line_keeps_no_content_and_a_value_that_is_no_object_does() -> None:
    found = items(b'{"a": 1}\nsecret words\n"text"')
    assert found[1:] == [
        BrokenItem(1, "not JSON at line 1, column 1: Expecting value", line="secret words"),
        BrokenItem(2, "not a JSON object", "text"),
    ]


@pytest.mark.parametrize("text", ["x" * 1_000_000, "x [" * 300_000, "<1>" + "{" * 1000, ":" * 1_000_000])
def test_taking_a_frame_off_costs_no_more_than_reading_it(text: str) -> None:
    started = time.process_time()
    with contextlib.suppress(UnreadableReport):
        items(text.encode())
    assert time.process_time() - started < 1


@pytest.mark.parametrize("first", ["[", "{", '{"a": 1},'])
def test_a_pretty_printed_document_that_is_broken_is_not_read_by_its_lines(first: str) -> None:
    assert refused(f'{first}\n{{"b": 2}}\n!'.encode()) is Unreadable.MALFORMED
