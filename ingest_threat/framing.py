"""What tools wrap around the JSON of a message, taken off: syslog headers and server-sent events. Pure.

Read as written by the tools themselves: RFC 3164 and 5424 (`<14>…`, also with RFC 6587's count of octets
before it, also without the priority), the event stream of the HTML standard, and NUL, which Python's
SysLogHandler writes at the end of each message.
"""

import re
from collections.abc import Iterator

from shared.domain.json_text import NotJson, TooDeep, read_json

BLANK = " \t\r\n\0\ufeff"
"""What may stand around a JSON value: JSON's own white space, NUL, and a byte order mark."""
KEEP_ALIVE = None
"""In the place of a text: something that was sent to keep a connection alive."""

_LINE_END = re.compile(r"[\r\n\0\x1e]+")
"""RFC 7464 parts the values of a sequence by 0x1E."""
_HEADER = re.compile(r"(?:[0-9]{1,7} )?<[0-9]{1,3}>|(?=\w[^{}\"\r\n\0]*\{)")
"""A priority, or words that no JSON begins with and that hold no brace and no quote."""
_EMPTY = re.compile(r"[\[\]{}\s\0\ufeff]*")
"""JSON that holds nothing, with what may stand around it."""
_TAG = r"[\w./-]{1,48}(?:\[[0-9]{1,10}\])?: ?"
_CLOCK = r"(?:[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8}|[0-9]{4}-[0-9-]{5}T[0-9:.]{8,15}(?:Z|[+-][0-9:]{5})?)"
_HEADER_ALONE = re.compile(
    r"(?:[0-9]{1,7} )?(?:"
    rf"<[0-9]{{1,3}}>(?:{_TAG})?"
    r"|<[0-9]{1,3}>1 (?:\S{1,255} ){5}- ?"
    rf"|(?:<[0-9]{{1,3}}>)?{_CLOCK} \S{{1,255}} (?:{_TAG})?"
    r") *"
)
"""A syslog header (RFC 5424, RFC 3164), or a priority, also with a tag; and no word of content behind it."""
BEATS = frozenset({"heartbeat", "heart-beat", "keepalive", "keep-alive", "ping", "pong"})
"""What senders call a message that keeps a connection alive, in lower case, with `-` between its words."""
_OF_THE_STREAM = BEATS | {
    "bye",
    "close",
    "closed",
    "complete",
    "completed",
    "connected",
    "done",
    "end",
    "eof",
}
"""Events and data by which a stream speaks of itself."""
_MAX_BEAT = 30
_FAILED = frozenset({"error", "timeout", "reconnect"})
"""The same, of events alone: their data say why."""
_OF_BEATS = frozenset(
    {
        *(
            "error",
            "error_code",
            "errorcode",
            "error_description",
            "message",
            "msg",
            "reason",
            "code",
            "status",
        ),
        *("request-id", "request_id", "requestid", "trace_id", "traceid", "retry", "seq", "sequence"),
        *("type", "event", "at", "time", "ts", "timestamp", "date"),
    }
)
"""Keys of an object by which a stream speaks of itself; with any other, it is an item."""
_FIELD = re.compile(r"(data|event|id|retry)(?::|$) ?|:")


def unframed(text: str) -> str:
    """`text` without a syslog header; as it is where it has none, or no JSON behind it."""
    header = None if _FIELD.match(text) else _HEADER.match(text)
    if header is None:
        return text
    start = text.find("{", header.end())
    if start < 0:
        return text
    if _EMPTY.fullmatch(text, start) and not _HEADER_ALONE.fullmatch(text, 0, start):
        # A line of words that ends in an empty object says what its words say.
        return text
    before = text[header.end() : start].rstrip(BLANK)
    return text[header.end() + len(before) - 1 :] if before.endswith("[") else text[start:]


def pieces(text: str) -> Iterator[str | None]:
    """Of a text that is not one JSON value: its lines, or what the frames of its event stream hold.

    KEEP_ALIVE for each comment and heartbeat of a stream, and for what it says of itself.
    """
    lines = _LINE_END.split(text)
    if any(line.startswith(("data:", "event:", "retry:", ":")) for line in lines):
        yield from _frames(text)
        return
    for line in lines:
        yield unframed(line.strip(BLANK))


def _frames(text: str) -> Iterator[str | None]:
    """An empty line ends a frame; a line that is no field of one is what it is."""
    data: list[str] = []
    event = None
    for line in [*re.split(r"\r\n|[\r\n\0\x1e]", text), ""]:
        field = _FIELD.match(line)
        if field is None:
            yield from _frame(event, data)
            yield unframed(line.strip(BLANK))
            data, event = [], None
        elif field[0] == ":":
            yield KEEP_ALIVE
        elif field[1] == "data":
            data.append(line[field.end() :])
        elif field[1] == "event":
            event = line[field.end() :]
        else:
            # The number of a frame, or when to come again: a frame may hold nothing else.
            event = event or ""


def _frame(event: str | None, data: list[str]) -> Iterator[str | None]:
    """One value over several lines, or, from relays that send no empty lines, one value a line."""
    named, said = plain_beat(event or ""), plain_beat("".join(data))
    of_stream = named in _OF_THE_STREAM | _FAILED and not _is_item("\n".join(data))
    if of_stream or said in _OF_THE_STREAM or (event is not None and not said):
        yield KEEP_ALIVE
    elif len(data) > 1 and not data[0].rstrip(BLANK).endswith(("{", "[", ",")):
        yield from (line.strip(BLANK) for line in data)
    else:
        yield "\n".join(data).strip(BLANK)


def _is_item(data: str) -> bool:
    """Whether there is an object or a list that holds more than what a stream says of itself."""
    if data.lstrip(BLANK)[:1] not in {"{", "["} or _EMPTY.fullmatch(data):
        return False
    try:
        value = read_json(data.strip(BLANK)).value
    except (NotJson, TooDeep):
        return True
    return not isinstance(value, dict) or any(
        key.lower() not in _OF_BEATS or isinstance(each, dict | list) for key, each in value.items()
    )


def plain_beat(text: str) -> str:
    """`text` as BEATS has it."""
    return re.sub(r"[\s_]+", "-", text.strip(BLANK + "[]\"'").lower()) if len(text) <= _MAX_BEAT else text
