"""What tools wrap around JSON, piece by piece: the frames of an event stream, and the lines of a text."""

import pytest

from ingest_threat.framing import KEEP_ALIVE, pieces

FRAME = '{"a": 1}'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # A text is a stream by one line of it, whichever field that has.
        (f"event: news\n{FRAME}", [KEEP_ALIVE, FRAME]),
        (f"retry: 5\n{FRAME}", [KEEP_ALIVE, FRAME]),
        (f": words\n{FRAME}", [KEEP_ALIVE, FRAME]),
        (f"id: 5\n{FRAME}", ["id: 5", FRAME]),
        # A frame of data alone, of an event alone, of a number alone.
        (f"data: {FRAME}\n\n", [FRAME]),
        ("event: news\n\n", [KEEP_ALIVE]),
        (f"id: 5\nevent: news\ndata: {FRAME}\n\n", [FRAME]),
        (f"event: news\nid: 5\ndata: {FRAME}\n\n", [FRAME]),
        ("id: 5\ndata:\n\n", [KEEP_ALIVE]),
        # One value over several lines, by how its first line ends; or one a line.
        ('data: {\ndata: "a": 1}\n\n', ['{\n"a": 1}']),
        ("data: [ \t\ndata: 1]\n\n", ["[ \t\n1]"]),
        ('data: {"a": 1,\ufeff\ndata: "b": 2}\n\n', ['{"a": 1,\ufeff\n"b": 2}']),
        (f"data: {FRAME} \ufeff\ndata: \ufeff{FRAME}\n\n", [FRAME, FRAME]),
        ("data: {\n\n", ["{"]),
        (f"data: \ufeff{FRAME}\ufeff\n\n", [FRAME]),
        # What a stream says of itself, over one line or two.
        ("data: keep\ndata: alive\n\n", [KEEP_ALIVE]),
        ("data: pi\ndata: ng\n\n", [KEEP_ALIVE]),
        ('event: end\ndata: \ufeff{"threat": 1}\n\n', ['{"threat": 1}']),
        ('event: end\ndata: [\ndata: {"threat": 1}]\n\n', ['[\n{"threat": 1}]']),
        ("event: end\ndata: { }\n\n", [KEEP_ALIVE]),
        ("event: end\ndata: words {\n\n", [KEEP_ALIVE]),
        # Lines that are none of a stream.
        (f"\ufeff{FRAME}\ufeff\n{FRAME}", [FRAME, FRAME]),
        (f"<14>{FRAME}\r\n\0{FRAME}\x1e{FRAME}", [FRAME, FRAME, FRAME]),
        (f"data: {FRAME}\n\ufeff{FRAME}\ufeff\n", [FRAME, FRAME]),
    ],
)
def test_pieces_of_a_text(text: str, expected: list[str | None]) -> None:
    assert [each for each in pieces(text) if each != ""] == expected
