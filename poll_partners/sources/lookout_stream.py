"""Lookout's events by its stream, for a tenant that has them by no other way: `GET /mra/stream/v2/events`.

Documented by the vendor (swagger 2.0, 2024): `start_time` or `id`, `types`, frames whose `id` is that of
their last event and whose data are `{"events": [...]}`, heartbeats with `{}`, and that neither an id nor a
time of more than ten days ago is refused: it begins ten days back. The names of frames are not settled there,
so their data decide. A stream has no end; it has caught up once it sends heartbeats alone, some five seconds
apart as public clients have it.
"""

from collections.abc import Sequence

from pydantic import JsonValue

from poll_partners.client import Client
from poll_partners.frames import Frame
from poll_partners.source import Asked, Source, VendorPage
from poll_partners.sources.lookout import REACH, TYPES, is_dead, login, with_devices
from shared.domain.json_text import NotJson, TooDeep, read_json
from shared.errors import SourceUnavailable, SourceUnreadable

STREAM = "/mra/stream/v2/events"
MAX_FRAMES = 50
"""Frames with events that are one page."""
QUIET = 2
"""Heartbeats in a row after which there is nothing more for now."""


async def fetch(client: Client, asked: Asked) -> VendorPage:
    """What the stream gives from a position on, up to where it has caught up."""
    parameters: dict[str, str | int] = {"types": TYPES}
    if asked.page is None:
        parameters["start_time"] = asked.begin.strftime("%Y-%m-%dT%H:%M:%S.000+00:00")
    else:
        parameters["id"] = asked.page
    frames = await client.follow(STREAM, parameters, _is_enough)
    rows: list[JsonValue] = []
    position: str | None = None
    for frame in frames:
        events = _events(frame)
        rows += events
        position = (frame.id or position) if events else position
    if _has_caught_up(frames):
        return VendorPage(await with_devices(client, rows), "events", None, asked.mark)
    if position is None:
        raise SourceUnavailable("the stream ended before it had caught up")
    return VendorPage(await with_devices(client, rows), "events", position, asked.mark)


def _is_enough(frames: Sequence[Frame]) -> bool:
    return _has_caught_up(frames) or sum(not _is_beat(frame) for frame in frames) >= MAX_FRAMES


def _has_caught_up(frames: Sequence[Frame]) -> bool:
    return len(frames) >= QUIET and all(_is_beat(frame) for frame in frames[-QUIET:])


def _is_beat(frame: Frame) -> bool:
    return frame.event == "heartbeat" or frame.data.strip() == "{}"


def _events(frame: Frame) -> list[JsonValue]:
    """The events of a frame; none of one that speaks of the stream itself."""
    if _is_beat(frame) or not frame.data.strip():
        return []
    try:
        content = read_json(frame.data).value
    except (NotJson, TooDeep):
        content = None
    events = content.get("events") if isinstance(content, dict) else None
    if isinstance(events, list):
        return events
    if frame.event in {"reconnect", "reconnected", "end", "error"}:
        return []
    raise SourceUnreadable("a frame without a list of events")


SOURCE = Source(
    partner="lookout",
    needed=("secret", "stream"),
    reach=REACH,
    login=login,
    fetch=fetch,
    is_dead=is_dead,
    url="https://api.lookout.com",
)
