"""What readers are fed: samples that are edited as bytes and, where they are JSON, as JSON; and bytes of any
kind."""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress

from hypothesis import strategies as st
from pydantic import JsonValue

Path = tuple[str | int, ...]

MAX_EDITS = 4
MAX_REPEATS = 60
_TEXTS = (
    *("\0", "\n", "\r", "\r\n", "\t", " ", '"', "'", "\\", "{", "}", "[", "]", "(", ")", ",", ";", ":", "="),
    *("|", "<14>", "data: ", "event: ", "\x1e", "\ufeff", "\u2028", "\u0085", "é", "𝟘", "٣", "²", "İ", "ß"),
    *("null", "true", "NaN", "Infinity", "-0", "1e999", "9" * 25, "9" * 5000, "0x10", "1_000", "+1", "-1"),
    *("../", "..\\", "/etc/passwd", "C:\\", "%00", "%2e%2e", "&a=", "#", "$null", "-and", "device."),
    *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "2026-02-30"),
    "00000000-0000-0000-0000-000000000000",
)
WORDS = tuple(each.encode() for each in _TEXTS)
"""What is put into texts of every kind."""
WRITTEN = (
    *("9" * 5000, "-" + "9" * 400, "1e999", "-1e999", "NaN", "-Infinity", "5e-324", "1E400"),
    *('"\\ud800"', '"\\udfff\\ud800"', '{"\\ud800": {"\\ud800": 1}}', '{"a": 1, "a": 2}', '"\\u0000"'),
    *("[" * 500 + "]" * 500, "[" * 3000 + "]" * 3000, '{"a":' * 500 + "1" + "}" * 500, "[" * 2000),
    *(json.dumps("[" * 3000), json.dumps("9" * 5000), json.dumps('{"a": 1e999}')),
)
"""Values that no library writes, as they stand in JSON."""
VALUES: list[JsonValue] = [
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 10**25, 0.1, 1e300, [], {}, "", " ", "null"),
    *json.loads('[[null], [[]], [{}], {"": null}, {"a": {"b": []}}, [1, "a", null, {}], ["a", 1]]'),
    *("[]", "{}", '["a"]', "[1", "🙂" * 300, "x" * 5000, "\x00", "\u2028", "0", "1", "-1", "1.5", "٣", "²"),
    *("true", "Infinity", "../../etc/x", "http://[", "https://a:99999"),
    *("2026-02-30T00:00:00+99:99", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
]
"""Values that nobody expects in most places."""
_MARK = "\x01written "


def edited(samples: Sequence[bytes], words: Sequence[bytes] = ()) -> st.SearchStrategy[bytes]:
    """Samples, edited in a few places, by words of their own besides those of every kind; and any bytes."""
    content = st.sampled_from(samples)
    kinds = [_bytes_edited(content, (*words, *WORDS)), st.binary(max_size=80)]
    documents = [json.loads(each) for each in samples if _is_document(each)]
    if documents:
        kinds = [_json_edited(st.sampled_from(documents)), *kinds]
    return st.one_of(*kinds)


@st.composite
def pumped(
    draw: st.DrawFn, samples: Sequence[bytes], words: Sequence[bytes] = ()
) -> tuple[bytes, bytes, bytes]:
    """What comes first, what is repeated, and what comes last: parts of the samples, and words."""
    content = draw(st.sampled_from(samples))
    start, end, last = sorted(draw(st.tuples(*[st.integers(0, len(content))] * 3)))
    unit = content[start : min(end, start + MAX_REPEATS)] or draw(st.sampled_from((*words, *WORDS)))
    return draw(st.sampled_from((b"", content[:start]))), unit, content[last:]


def _is_document(content: bytes) -> bool:
    with suppress(ValueError):
        return isinstance(json.loads(content), dict | list)
    return False


@st.composite
def _bytes_edited(draw: st.DrawFn, samples: st.SearchStrategy[bytes], words: Sequence[bytes]) -> bytes:
    content = draw(samples)
    for _ in range(draw(st.integers(0, MAX_EDITS))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 40)))
        piece = content[start:end]
        times = draw(st.integers(2, MAX_REPEATS))
        instead = draw(
            st.one_of(st.sampled_from((b"", piece * times)), st.sampled_from(words), st.binary(max_size=4))
        )
        content = content[:start] + instead + content[end:]
    return content[: draw(st.integers(0, len(content)))] if draw(st.integers(0, 9)) == 0 else content


@st.composite
def _json_edited(draw: st.DrawFn, documents: st.SearchStrategy[JsonValue]) -> bytes:
    content = draw(documents)
    for _ in range(draw(st.integers(0, MAX_EDITS))):
        places = list(_places(content))
        path = draw(st.sampled_from(places))
        others = [_at(content, each) for each in places]
        content = _with(content, path, draw(_instead(_at(content, path), others)))
    text = json.dumps(content)
    for number, written in enumerate(WRITTEN):
        text = text.replace(json.dumps(f"{_MARK}{number}"), written)
    return text.encode()


def _instead(value: JsonValue, others: Sequence[JsonValue]) -> st.SearchStrategy[JsonValue]:
    """What may stand in place of a value."""
    return st.one_of(
        st.sampled_from(VALUES),
        st.integers(0, len(WRITTEN) - 1).map(lambda number: f"{_MARK}{number}"),
        st.sampled_from(others),
        st.sampled_from(([value], {"a": value}, [value, value], json.dumps(value), {})),
        st.integers(2, MAX_REPEATS).map(lambda times: [value] * times),
        st.text(max_size=20),
    )


def _places(content: JsonValue, path: Path = ()) -> Iterator[Path]:
    yield path
    if isinstance(content, dict | list):
        for key, value in content.items() if isinstance(content, dict) else enumerate(content):
            yield from _places(value, (*path, key))


def _at(content: JsonValue, path: Path) -> JsonValue:
    for key in path:
        assert isinstance(content, dict | list)
        content = content[key]  # type: ignore[index]
    return content


def _with(content: JsonValue, path: Path, value: JsonValue) -> JsonValue:
    if not path:
        return value
    assert isinstance(content, dict | list)
    changed = content.copy()
    changed[path[0]] = _with(changed[path[0]], path[1:], value)  # type: ignore[index]
    return changed
