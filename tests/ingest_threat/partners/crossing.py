"""How fields of the partners' messages may be odd: the properties on crossed faults draw from it."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from json import dumps, loads

from hypothesis import assume
from hypothesis import strategies as st
from pydantic import JsonValue

from ingest_threat.body import JsonObject
from tests.ingest_threat.partners.messages import oddities, samples

Path = tuple[str | int, ...]

ODD = oddities()
MESSAGES: Mapping[str, list[JsonObject]] = {
    partner: [*found, *(ODD[partner].extra if partner in ODD else ())] for partner, found in samples().items()
}
"""By partner all of its messages, also of one that has no `ODD` yet."""

UNTIMELY: tuple[JsonValue, ...] = ("soon", "2026-13-45", [], ["x", "y"], {"a": {"b": 1}}, True, 17, -5)
UNDESCRIBED: tuple[JsonValue, ...] = (
    None,
    "",
    [],
    {},
    17,
    1.5,
    True,
    ["x", "y"],
    {"a": {"b": []}},
    [[]],
    [None],
)
UNWORDLY: tuple[JsonValue, ...] = ("Frobnicated", "FROB_2", 4711, {"a": "LOW"}, ["LOW", "HIGH"], {}, [{}])

WHOLES: Mapping[str, Callable[[Sequence[str]], str]] = {
    # One JSON value of a message's items, each given as JSON.
    "list": lambda items: f"[{','.join(items)}]",
    "envelope": lambda items: f'{{"events": [{",".join(items)}]}}',
    "list of envelopes": lambda items: ",".join(items).join(('[{"events": [', "]}]")),
    "pretty": lambda items: dumps([loads(each) for each in items], indent=2).replace("\n", "\r\n"),
}
LINES: Mapping[str, Callable[[Sequence[str]], str]] = {
    # What ordinary tools make of a message's items, each given as JSON or as a broken line.
    "lines": "\n".join,
    "CRLF": "\r\n\r\n".join,
    "NUL": lambda lines: "\0\n".join(lines) + "\0",
    "byte order mark": lambda lines: "\ufeff" + "\n".join(lines),
    "syslog": lambda lines: "\n".join(f"<14>Feb  1 08:00:00 relay.example mtd[17]: {each}" for each in lines),
    "RFC 5424": lambda lines: "\n".join(
        f"<14>1 2026-02-01T08:00:00Z relay mtd - - - {each}" for each in lines
    ),
    "events": lambda lines: "\n\n".join(f"data: {each}" for each in lines) + "\n\n",
    "list of one each": lambda lines: "\n".join(f"[{each}]" if each[0] == "{" else each for each in lines),
    "envelope each": lambda lines: "\n".join(
        f'{{"events": {each}}}' if each[0] == "{" else each for each in lines
    ),
}


def paths(content: JsonValue, at: Path = ()) -> Iterator[Path]:
    """The place of every value in `content`."""
    if at:
        yield at
    inner = content.items() if isinstance(content, dict) else []
    for key, value in inner:
        yield from paths(value, (*at, key))
    for place, value in enumerate(content if isinstance(content, list) else []):
        yield from paths(value, (*at, place))


def is_named(path: Path, names: tuple[str, ...]) -> bool:
    """Whether a place is one of `names`, plain or with the name above; BETTER's tables add a suffix."""
    keys = [re.sub(r"_[sdgtb]$", "", part) for part in path if isinstance(part, str)]
    return isinstance(path[-1], str) and (keys[-1] in names or ".".join(keys[-2:]) in names)


def value_at(content: JsonValue, path: Path) -> JsonValue:
    """What stands at a place; None where the place is gone."""
    for part in path:
        if isinstance(content, dict) and isinstance(part, str):
            content = content.get(part)
        elif isinstance(content, list) and isinstance(part, int) and part < len(content):
            content = content[part]
        else:
            return None
    return content


def with_value(content: JsonObject, path: Path, value: JsonValue) -> JsonObject:
    """A copy of `content` with `value` at a place, if the place is still there."""
    found = _replaced(content, path, value)
    assert isinstance(found, dict)
    return found


def _replaced(content: JsonValue, path: Path, value: JsonValue) -> JsonValue:
    if not path:
        return value
    first, rest = path[0], path[1:]
    if isinstance(content, dict) and isinstance(first, str) and first in content:
        return {**content, first: _replaced(content[first], rest, value)}
    if isinstance(content, list) and isinstance(first, int) and first < len(content):
        return [*content[:first], _replaced(content[first], rest, value), *content[first + 1 :]]
    return content


@st.composite
def changed(draw: st.DrawFn, partner: str, message: JsonObject, *, with_words: bool = True) -> JsonObject:
    """`message` with one to four of its fields odd; without words only such as decide nothing."""
    odd = ODD[partner]
    found = list(paths(message))
    kinds: list[tuple[list[Path], tuple[JsonValue, ...]]] = [
        ([path for path in found if is_named(path, odd.times)], UNTIMELY),
        ([path for path in found if is_named(path, odd.described)], UNDESCRIBED),
    ]
    if with_words:
        kinds.append(([path for path in found if is_named(path, odd.words)], UNWORDLY))
        kinds.append(([path for path in found if is_named(path, odd.contacts)], UNTIMELY))
    kinds = [(places, values) for places, values in kinds if places]
    assume(kinds)
    for _ in range(draw(st.integers(1, 4))):
        places, values = draw(st.sampled_from(kinds))
        message = with_value(message, draw(st.sampled_from(places)), draw(st.sampled_from(values)))
    return message


@st.composite
def rewrapped(draw: st.DrawFn, message: JsonObject) -> JsonObject:
    """`message` with some of its lists as tools write them: of one an object, any as the JSON of it."""
    for path in list(paths(message)):
        value = value_at(message, path)
        if isinstance(value, list) and draw(st.booleans()):
            one = value[0] if len(value) == 1 else dumps(value)
            message = with_value(message, path, draw(st.sampled_from([one, dumps(value)])))
    return message
