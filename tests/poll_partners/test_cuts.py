"""A dropped file is cut into its items, however it is made and in whatever pieces it comes."""

import gzip
import json

import pytest

from poll_partners import cuts
from poll_partners.cuts import Cuts, Unfit, Unpacked

ROWS = [{"a": number, "b": 'x,]}\\"[{é', "c": [1, {"d": []}]} for number in range(3)]
LINES = [json.dumps(row) for row in ROWS]
BOM = b"\xef\xbb\xbf"


def cut(content: bytes, *, by_line: bool = False, size: int = 1000) -> list[str]:
    """The items; what is none, or the end of the file, as its reason."""
    parts = Cuts(by_line)
    found: list[str] = []
    try:
        for begin in range(0, len(content), size):
            found.extend(map(str, parts.feed(content[begin : begin + size])))
        found += map(str, parts.end())
    except Unfit as unfit:
        found.append(str(unfit))
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 1000])
@pytest.mark.parametrize(
    "content",
    [
        json.dumps(ROWS).encode(),
        BOM + b"\r\n " + json.dumps(ROWS, indent=2, ensure_ascii=False).encode() + b"\n",
        "\n".join(LINES).encode(),
        BOM + "\r\n\r\n".join(LINES).encode() + b"\r\n",
    ],
    ids=["array", "array over lines", "lines", "lines with a mark"],
)
def test_items_come_whole_in_whatever_pieces(content: bytes, size: int) -> None:
    assert [json.loads(item) for item in cut(content, size=size)] == ROWS
    assert all("\n" not in item for item in cut(content, size=size))


@pytest.mark.parametrize("size", [1, 4, 1000])
def test_an_object_is_handed_on_whole_and_beyond_the_doors_limits_by_its_list(size: int) -> None:
    assert [json.loads(each) for each in cut(b'{\n"events": [1]\n}', size=size)] == [{"events": [1]}]
    assert [json.loads(each) for each in cut(b'{"id": 1}\n', size=size)] == [{"id": 1}]


def test_the_list_of_a_large_object_becomes_its_items() -> None:
    listed = [{"n": number} for number in range(cuts.MAX_INNER + 1)]
    assert len(cut(json.dumps({"meta": {"n": [1]}, "objects": listed}).encode())) == len(listed)
    longer = {"few": ["z"], "objects": [str(number) for number in range(cuts.MAX_INNER + 1)]}
    assert cut(json.dumps(longer).encode()) == [f'"{each}"' for each in longer["objects"]]


def test_up_to_the_doors_limits_an_object_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = list(range(cuts.MAX_INNER))
    assert len(cut(json.dumps({"objects": listed}).encode())) == 1
    content = b'{"name":"\xc3\xa9","of":[1,2]}'
    monkeypatch.setattr(cuts, "MAX_WHOLE", len(content))
    assert cut(content) == [content.decode()]
    monkeypatch.setattr(cuts, "MAX_WHOLE", len(content) - 1)
    assert cut(content) == ["1", "2"]
    no_list = b'{"a":"%s"}' % (b"x" * len(content))
    assert cut(no_list) == [f"an object of more than {len(content) - 1} bytes without a list in it"]
    assert cut(b'"%s"' % (b"x" * len(content))) == cut(no_list)


def test_a_file_that_is_one_value_is_written_without_spaces_in_its_own_letters() -> None:
    assert cut('{"a": [1, 2],\n "b": "é"}'.encode()) == ['{"a":[1,2],"b":"é"}']


def test_blanks_are_those_of_json_alone() -> None:
    """A form feed is no white space of JSON: it is shown to the door, which says what it is."""
    assert cut(b'{"a":1}\n\x0c\n{"a":2}\n', by_line=True) == ['{"a":1}', "", '{"a":2}']
    assert cut(b'{"a":1}\n\x0c', by_line=True) == ['{"a":1}', ""]
    assert cut(b"[1]\x0c") == ["1", "something stands behind its array"]
    assert cut(b"[1,\x0c]") == ["1", ""]
    assert cut(b'{"a":1,\x0c\n', by_line=True) == ['{"a":1,']
    assert cut(b"1\x1e2\0\x003\n", by_line=True) == ["1 2 3"]


@pytest.mark.parametrize("over", [0, 1])
def test_an_item_may_be_as_large_as_its_bound(monkeypatch: pytest.MonkeyPatch, over: int) -> None:
    monkeypatch.setattr(cuts, "MAX_ITEM", 100)
    content = b'"%s"' % (b"x" * (98 + over))
    items = cut(b"[" + content + b"]", size=101 + over)
    assert items == (["an item of more than 100 bytes"] if over else [content.decode()])


@pytest.mark.parametrize(
    ("content", "items"),
    [
        (b'[{"a":1},{"b":', ['{"a":1}', "its array is cut off"]),
        (b"[1] x", ["1", "something stands behind its array"]),
        (b'{"a":\n1', ["it is no JSON, in its lines or as a whole"]),
        (b'\xff\xfe{\x00"\x00', ["it is not UTF-8"]),
        (b'[{"a":1},"\xff",{"b":2}]', ['{"a":1}', "it is not UTF-8", '{"b":2}']),
        (b"", []),
        (BOM, []),
        (b"  \n    " + BOM, []),
        (BOM + BOM + b"[1]\n", ["1"]),
        (b"[]", []),
    ],
)
def test_what_cannot_be_read_says_why_and_costs_no_neighbour(content: bytes, items: list[str]) -> None:
    assert cut(content) == items
    assert cut(content, size=1) == items


def test_a_line_that_is_cut_off_is_not_taken_for_the_beginning_of_all_others() -> None:
    assert cut(b'{"a":\n<14>1 - host {"b":2}\n', by_line=True) == [
        '{"a":',
        '<14>1 - host {"b":2}',
    ]
    assert cut(b'{"a":1,\n{"b":2}\n', by_line=True) == ["an item is cut off", '{"b":2}']


def test_an_item_that_never_ends_is_given_up_within_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuts, "MAX_ITEM", 100)
    for begin in (b"[", b'{"a":', b""):
        assert cut(begin + b"1" * 1000, size=50)[-1].startswith("an item of more than")


def unpacked(packed: bytes, size: int = 10) -> bytes:
    stream = Unpacked()
    parts = [
        part for begin in range(0, len(packed), size) for part in stream.feed(packed[begin : begin + size])
    ]
    stream.end()
    return b"".join(parts)


def test_gzip_is_unpacked_also_in_several_members() -> None:
    content = "\n".join(LINES).encode()
    assert unpacked(gzip.compress(content)) == content
    assert unpacked(gzip.compress(content) + gzip.compress(content) + b"\0\0") == content * 2


def test_gzip_that_is_cut_off_damaged_or_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = gzip.compress(b"some content of a file")
    with pytest.raises(Unfit, match=r"^its gzip is cut off$"):
        unpacked(packed[:-9])
    with pytest.raises(Unfit, match=r"^it is not gzip, or damaged$"):
        unpacked(b"{" * 50)
    monkeypatch.setattr(cuts, "MAX_UNPACKED", 1000)
    with pytest.raises(Unfit, match="more than 1000 bytes"):
        unpacked(gzip.compress(b" " * 10_000_000))
    with pytest.raises(Unfit, match="more than 1000 bytes"):
        unpacked(gzip.compress(b"few") * 334)
    assert len(unpacked(gzip.compress(b" " * 1000))) == 1000


def test_no_piece_of_what_is_unpacked_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuts, "_PIECE", 1000)
    packed = gzip.compress(b" " * 10_000)
    pieces = [len(piece) for piece in Unpacked().feed(packed)]
    assert sum(pieces) == 10_000
    assert max(pieces) <= 1000


def test_zeros_between_and_behind_members_are_padding() -> None:
    packed = gzip.compress(b"a")
    assert unpacked(packed + b"\0\0" + packed + b"\0", size=1000) == b"aa"
    with pytest.raises(Unfit):
        unpacked(packed + b"X", size=1000)
