"""No reader of what others send takes longer over it than its length explains, and none falls over it."""

import gzip
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

import pytest
from pydantic import JsonValue

from ingest_threat import partners
from ingest_threat.body import MAX_BYTES, JsonObject, items, values
from ingest_threat.encoding import unpacked
from ingest_threat.partners import _fields as fields
from ingest_threat.partners._no_verdict import is_no_verdict
from ingest_threat.partners._taxonomy import by_keyword
from ingest_threat.partners._times import is_nothing, read_time
from ingest_threat.redaction import redacted
from ingest_threat.schemes import header, shared_key, webhook
from ingest_threat.shapes import masked
from serve_console.inventory import position
from serve_console.linking import LinkRequest
from serve_console.links_file import lines
from serve_console.paging import rows_asked_for
from shared import entra
from shared.domain import local_rules
from shared.domain.model import agent_id, digest
from shared.domain.nobody import names_nobody
from shared.domain.os_version import is_version, older
from shared.errors import MtdError
from shared.graph.wire import ManagedDeviceAnswer
from shared.headers import Headers
from shared.log import LogEvent, log_event
from shared.request import read_request
from shared.static_secret import fault
from sync_inventory.devices.facts import record as facts
from tests.costs.growth import Growth, growth
from tests.ingest_threat.partners.messages import samples

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
TEXT = [32768]
"""A quarter of it, too, is longer than what is judged of a text, which costs at once what it may cost."""
BODY = [16_384, 65_536]
FLOOR = 0.02
"""Seconds from which on a reading in Python is compared."""
UNITS = (
    *(
        " ",
        "a",
        "A",
        "1",
        "0",
        ".",
        ":",
        "-",
        "_",
        "/",
        "@",
        "%40",
        "'",
        '"',
        "(",
        ")",
        "[",
        "{",
        ",",
        ";",
        "|",
    ),
    *(
        "\n",
        "\r",
        "\0",
        "\\",
        "é",
        "\u2028",
        "\ud7ff",
        "a ",
        "aB",
        "a.",
        "a@",
        "1.",
        "1:",
        "1 ",
        "+1 ",
        " at ",
        "''",
    ),
    *(
        "? ",
        "NO_DATA_",
        "NOT YET ",
        "device",
        "id",
        "=",
        "&a=",
        "key=",
        "://",
        "eyJ",
        "Bearer ",
        " (x",
        "<14>",
        "%",
    ),
)


def longer(read: Callable[[str], object], lengths: list[int]) -> dict[str, Growth]:
    """The units whose repetition costs a reader more than it is long."""

    def made(unit: str, length: int) -> str:
        return unit * (length // len(unit)) + "\0"

    found = {unit: growth(read, partial(made, unit), lengths, floor=FLOOR) for unit in UNITS}
    return {unit: grown for unit, grown in found.items() if grown}


def refusing(read: Callable[[str], object]) -> Callable[[str], None]:
    """A reader whose refusals are answers, too."""

    def reading(text: str) -> None:
        with suppress(MtdError):
            read(text)

    return reading


def _managed(text: str) -> object:
    names = ("azureADDeviceId", "serialNumber", "operatingSystem", "osVersion", "managedDeviceOwnerType")
    return facts(ManagedDeviceAnswer.model_validate({"id": text, **dict.fromkeys(names, text)}))


def _signed(text: str) -> None:
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        good = {"webhook-id": "a", "webhook-timestamp": "1", "webhook-signature": "v1,aaaa"}
        with suppress(MtdError):
            webhook.verify(Headers({**good, name: text}), b"", ["whsec_" + "ab12" * 8], NOW)


def _shared_key(text: str) -> None:
    good = {"authorization": f"SharedKey w:{'a' * 43}=", "x-ms-date": "Sun, 01 Feb 2026 12:00:00 GMT"}
    for name in good:
        with suppress(MtdError):
            shared_key.verify(Headers({**good, name: text}), b"", "w", [b"key"], NOW)


def _of_a_header(text: str) -> object:
    read = Headers({"content-type": text, "content-encoding": text, "x-mtd-secret": text})
    with suppress(MtdError):
        header.verify(read, "x-mtd-secret", ["secret"])
    with suppress(MtdError):
        unpacked(read, b"", at_most=1)
    return read.media_type, read.charset


def _of_a_query(text: str) -> None:
    for read in (position, partial(rows_asked_for, most=1000)):
        with suppress(MtdError):
            read(text)


OF_TEXTS: Mapping[str, Callable[[str], object]] = {
    "masked": masked,
    "ids": lambda text: (fields.joined(text, text), fields.linking_id({"a": text}, "a"), agent_id("a", text)),
    "digest": digest,
    "words": lambda text: (fields.word({"a": text}, "a"), is_no_verdict(text), by_keyword(text)),
    "numbers": lambda text: (fields.number({"a": text}, "a"), fields.boolean({"a": text}, "a")),
    "lists": lambda text: fields.inner_list({"a": f"[{text}"}, "a", at_most=10),
    "addresses": lambda text: fields.url({"a": f"https://{text}"}, "a"),
    "platform": fields.platform,
    "times": lambda text: (read_time(text), is_nothing(text), fields.moment({"a": text}, "a")),
    "nobody": names_nobody,
    "versions": lambda text: (is_version(text), older(text, "1"), older("1", text)),
    "device ids": lambda text: [partners.device_id(slug, text) for slug in partners.known()],
    "facts of Intune": _managed,
    "Standard Webhooks": _signed,
    "SharedKey": _shared_key,
    "bearer": lambda text: entra.bearer(Headers({"authorization": f"Bearer {text}"})),
    "headers": _of_a_header,
    "queries": _of_a_query,
    "secret": fault,
    "log": lambda text: log_event(LogEvent.UNEXPECTED, what=text),
    "links": lambda text: lines(f"partner,partner_device_id,device,reason\n{text}".encode()),
    "links with such lines": lambda text: lines(
        f"partner,partner_device_id,device,reason\na,{text}".replace("\0", "\na,b,c,d").encode()
    ),
    "request": lambda text: read_request(LinkRequest, json.dumps({"device": text, "reason": text}).encode()),
    "request of that": lambda text: read_request(LinkRequest, text.encode()),
}


@pytest.mark.parametrize("name", OF_TEXTS)
def test_a_reader_of_a_text_takes_no_longer_than_it_is_long(name: str) -> None:
    assert longer(refusing(OF_TEXTS[name]), TEXT) == {}


@pytest.mark.parametrize(
    "unit",
    [
        "a.",
        "'a' . ",
        '"\\"".',
        "a.a=1\n",
        "[a.a]\n",
        "[[rule]]\n",
        "[[a.b]]\n",
        "a={",
        "a=[",
        "#\n",
        '"""\n',
        "a=1\n",
    ],
)
@pytest.mark.parametrize("before", ["", "a=", "a=["])
def test_rules_take_no_longer_than_they_are_long(before: str, unit: str) -> None:
    def made(length: int) -> str:
        return before + unit * (length // len(unit))

    read = refusing(lambda text: local_rules.parse(text.encode()))
    assert growth(read, made, BODY, floor=FLOOR) is None


FRAMES = (
    *(
        "x\n",
        "\n",
        "\r\n",
        "{}\n",
        "[]\n",
        '{"a":1}\n',
        '{"a":1}',
        "[",
        "{",
        '{"a":',
        '["',
        '"\\u005c',
        "<14>",
        "<14>{}\n",
    ),
    *(
        "<14>x {",
        "x [",
        "1 <1>",
        "data: x\n",
        "data:\n",
        "data: {\n",
        'data: "',
        ":\n",
        ": x\n",
        "event: x\n",
        "id: 1\n\n",
    ),
    *(
        "retry: 1\n",
        "\x1e{}",
        "\0",
        "\ufeff",
        " ",
        "[],",
        "{},",
        '"",',
        "1,",
        "-",
        "9",
        "1e9",
        "nul",
        "\\",
        "[[],",
    ),
    *("Jun  1 12:00:00 h t[7]: {} ", "a" * 48 + "[", "x {} "),
)


@pytest.mark.parametrize(("before", "end"), [("", ""), ("[", "1]"), ('{"a":1}\n', ""), ("data: ", "\n")])
def test_a_body_takes_no_longer_than_it_is_long(before: str, end: str) -> None:
    def made(unit: str, length: int) -> bytes:
        return (before + unit * (length // len(unit.encode())) + end).encode()

    def read(body: bytes) -> None:
        for reader in (items, values):
            with suppress(MtdError):
                reader(body)

    found = {unit: growth(read, partial(made, unit), BODY, floor=FLOOR) for unit in FRAMES}
    assert {unit: grown for unit, grown in found.items() if grown} == {}


@pytest.mark.parametrize("unit", [b"", b"a", b"\0"])
@pytest.mark.parametrize("between", [b"", b"\0"])
def test_unpacking_takes_no_longer_than_what_is_packed(unit: bytes, between: bytes) -> None:
    member = gzip.compress(unit, mtime=0) + between

    def read(body: bytes) -> None:
        unpacked(Headers({"content-encoding": "gzip"}), body, at_most=MAX_BYTES)

    assert growth(read, lambda length: member * (length // len(member)), [MAX_BYTES]) is None


def _deep(length: int) -> JsonValue:
    value: JsonValue = {"pin": "1"}
    for _ in range(60):
        value = [value] * 1 if length % 2 else {"a": value}
    return [value] * (length // 400)


def _texts_in_texts(length: int) -> str:
    """JSON in a text in a text: so written, each text costs as many letters more as it is deep."""
    text = json.dumps(["a" * (length // 2)])
    while len(text) < length:
        text = '["' + text.replace("\\", "\\u005c").replace('"', "\\u0022") + '"]'
    return text


CONTENTS: Mapping[str, Callable[[int], JsonValue]] = {
    "a long key": lambda length: {"a" * length: 1},
    "a long key, begun again and again": lambda length: {"enrol" * (length // 5): 1},
    "a key of many words": lambda length: {"aB" * (length // 2): 1},
    "a key of many parts": lambda length: {"a." * (length // 2): 1},
    "long keys that begin alike": lambda length: {"a" * 300 + str(n): n for n in range(length // 300)},
    "keys that become alike": lambda length: {f"a{n}@b.example": n for n in range(length // 20)},
    "keys that are there already": lambda length: {
        **{f"[redacted] ({n})": n for n in range(length // 20)},
        **{f"a{n}@b.example": n for n in range(length // 20)},
    },
    "surrogates that become alike": lambda length: {
        chr(0xD800 + n % 2048) * (n // 2048 + 1): n for n in range(length // 8)
    },
    "many keys": lambda length: {f"k{n}": n for n in range(length // 10)},
    "numbers": lambda length: [12] * (length // 4),
    "long numbers": lambda length: [1.2345678901234567] * (length // 20),
    "small texts": lambda length: ["a@b.example"] * (length // 16),
    "empty texts": lambda length: [""] * (length // 4),
    "empty lists": lambda length: [[]] * (length // 4),
    "one deep in another": _deep,
    "one long text": lambda length: "a " * (length // 2),
    "texts of JSON": lambda length: ['{"pin":"1"}'] * (length // 20),
    "texts in texts": _texts_in_texts,
    "texts that are no JSON": lambda length: ["{" * 10] * (length // 14),
    "a text that is deep": lambda length: "[" * length,
    "a text of a long number": lambda length: "[" + "9" * length + "]",
}


@pytest.mark.parametrize("name", CONTENTS)
def test_redacting_takes_no_longer_than_what_is_redacted(name: str) -> None:
    assert growth(redacted, CONTENTS[name], [65_536, 262_144], floor=FLOOR) is None


SAMPLES = samples()
_Path = tuple[str | int, ...]
_Into = tuple[JsonObject, _Path, str]


def _parse(partner: str, content: JsonValue) -> None:
    """Read, log and keep, as a message is."""
    with suppress(MtdError):
        for record in partners.parse(partner, json.dumps(content).encode(), received_at=NOW):
            redacted(record.raw)
            if record.record not in {"ignored", "unreadable"}:
                partners.unknown_words(record)  # type: ignore[arg-type]


def _leaves(content: JsonValue, path: _Path = ()) -> Iterator[_Path]:
    if isinstance(content, dict):
        for key, value in content.items():
            yield from _leaves(value, (*path, key))
    elif isinstance(content, list):
        for place, value in enumerate(content):
            yield from _leaves(value, (*path, place))
    yield path


def _with(content: JsonValue, path: _Path, change: Callable[[JsonValue], JsonValue]) -> JsonValue:
    if not path:
        return change(content)
    if isinstance(content, dict):
        return {
            key: _with(value, path[1:], change) if key == path[0] else value for key, value in content.items()
        }
    assert isinstance(content, list)
    return [
        _with(value, path[1:], change) if place == path[0] else value for place, value in enumerate(content)
    ]


@pytest.mark.parametrize("name", CONTENTS)
def test_a_message_with_more_in_it_takes_no_longer_than_it_is_long(name: str) -> None:
    def made(length: int) -> JsonValue:
        return {**SAMPLES["lookout"][0], "more": CONTENTS[name](length)}

    assert growth(partial(_parse, "lookout"), made, BODY, floor=FLOOR) is None


@pytest.mark.parametrize("partner", SAMPLES)
def test_many_messages_take_no_longer_than_they_are_many(partner: str) -> None:
    some = SAMPLES[partner][:12]

    def made(rounds: int) -> JsonValue:
        return [{**each, "id": f"m{n}"} for n in range(rounds) for each in some]

    assert growth(partial(_parse, partner), made, [12, 48], floor=2 * FLOOR) is None


def _filled(value: JsonValue, unit: str, length: int) -> JsonValue:
    """A value so long: a list of the same, or a text that begins like it."""
    if isinstance(value, dict | list):
        several: list[JsonValue] = value if isinstance(value, list) and value else [value]
        return several * (length // len(json.dumps(several)) + 1)
    return str(value) + unit * (length // len(unit)) + "\0"


@pytest.mark.parametrize("partner", SAMPLES)
def test_long_fields_beside_long_lists_take_no_longer_than_both_are_long(partner: str) -> None:
    listing = {
        tuple(sorted(each)): each
        for each in SAMPLES[partner]
        if any(isinstance(v, list) for v in each.values())
    }
    for message in listing.values():
        for name in message:

            def made(length: int, message: JsonObject = message, name: str = name) -> JsonValue:
                lists = {
                    key: value * (length // 200) for key, value in message.items() if isinstance(value, list)
                }
                return {**message, **({} if name in lists else {name: "x" * length * 4}), **lists}

            assert growth(partial(_parse, partner), made, [8192], floor=2 * FLOOR) is None, name


@pytest.mark.parametrize("partner", SAMPLES)
def test_a_long_field_takes_no_longer_than_it_is_long(partner: str) -> None:
    units = itertools.cycle((" ", "a B", "'", "[", "/a", ",a", ": x at ", "1", "(1", ". ", "_A"))
    named = {path[-1]: (message, path) for message in SAMPLES[partner] for path in _leaves(message) if path}
    slow = {}
    for (message, path), unit in zip(named.values(), units, strict=False):

        def made(length: int, into: _Into = (message, path, unit)) -> JsonValue:
            message, path, unit = into
            return _with(message, path, lambda value: _filled(value, unit, length))

        grown = growth(partial(_parse, partner), made, TEXT, floor=2 * FLOOR)
        if grown:
            slow[path, unit] = grown
    assert slow == {}
