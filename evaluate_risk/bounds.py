"""How much of an agent fits in its document, whatever is reported: by bytes, in one order of worth. Pure.

Aliases go first, those of resolved threats before those of open ones; then the oldest tombstones, whose floor
rises; of open threats the mildest are not kept one by one, and leave a mark that counts. What is kept is
always the best by its order, so that the order in which reports come decides nothing.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import TypeVar

from shared.domain.model import Detection, Mark, Threat, Unlisted
from shared.domain.record import Category

MAX_BYTES = 1_000_000
"""Of an agent's document, half of what Cosmos DB takes."""
MAX_TOMBSTONES = 2000
TOMBSTONE_AGE = timedelta(days=180)
OPEN_SHARE, ALIAS_SHARE = 0.6, 0.2
"""What open threats and aliases may take of it at most; tombstones have what is left."""

_MARK_BYTES = 180
"""Of a mark as JSON: a report's id, two times, and their names."""
_DETECTION_BYTES = 360
_THREAT_BYTES = 80
_ENVELOPE_BYTES = 20_000
"""Everything in the document that is no threat."""

K = TypeVar("K")
V = TypeVar("V")
W = TypeVar("W", bound=tuple[object, ...])


def fitted(
    threats: Mapping[str, Threat],
    unlisted: Mapping[Category, Unlisted],
    floor: datetime | None,
    now: datetime,
    max_bytes: int = MAX_BYTES,
) -> tuple[dict[str, Threat], dict[Category, Unlisted], datetime | None]:
    """What is kept of `threats`; the marks of those that are not, beside the `unlisted` there are; and the
    floor, below which the event of a threat nobody remembers comes too late."""
    kept = _with_few_aliases(threats, int(max_bytes * ALIAS_SHARE))
    opened = {key: threat for key, threat in kept.items() if threat.detection}
    sizes = {key: _bytes(key, threat) for key, threat in opened.items()}
    listed = _listed(opened, sizes, int(max_bytes * OPEN_SHARE))
    marks = dict(unlisted)
    for key in sorted(opened.keys() - listed):
        detection = kept[key].detection
        assert detection is not None  # noqa: S101 - it is open
        marks[detection.category] = _marked(marks.get(detection.category), detection)
        kept[key] = kept[key].model_copy(update={"detection": None})
    kept = {key: threat for key, threat in kept.items() if not threat.is_forgotten}
    left = max_bytes - _ENVELOPE_BYTES - sum(sizes[key] for key in listed)
    return kept, marks, _prune(kept, now, floor, left)


def _listed(opened: Mapping[str, Threat], sizes: Mapping[str, int], max_bytes: int) -> AbstractSet[str]:
    """Keys of the open threats that are kept one by one; which are the gravest is asked where not all fit."""
    if sum(sizes.values()) <= max_bytes:
        return opened.keys()

    def of_open(key: str, threat: Threat) -> int:
        """Without its aliases, which have a share of their own."""
        return sizes[key] - sum(map(_alias_bytes, threat.aliases))

    return set(_best(opened, _gravity, of_open, max_bytes))


def _with_few_aliases(threats: Mapping[str, Threat], max_bytes: int) -> dict[str, Threat]:
    """`threats` with the newest aliases that fit, those of open threats first."""
    if sum(_alias_bytes(alias) for threat in threats.values() for alias in threat.aliases) <= max_bytes:
        return dict(threats)
    every = {
        (key, alias): (threat.detection is not None, mark.at, alias, key)
        for key, threat in threats.items()
        for alias, mark in threat.aliases.items()
    }
    stay = set(_best(every, lambda _, worth: worth, lambda place, _: _alias_bytes(place[1]), max_bytes))
    return {
        key: threat.model_copy(
            update={
                "aliases": {alias: mark for alias, mark in threat.aliases.items() if (key, alias) in stay}
            }
        )
        if threat.aliases
        else threat
        for key, threat in threats.items()
    }


def _best(
    entries: Mapping[K, V], worth: Callable[[K, V], W], size: Callable[[K, V], int], max_bytes: int
) -> Iterator[K]:
    """The keys of the best of `entries` that fit, best first; the first that does not is the last looked
    at."""
    for key in sorted(entries, key=lambda each: worth(each, entries[each]), reverse=True):
        max_bytes -= size(key, entries[key])
        if max_bytes < 0:
            return
        yield key


def _gravity(key: str, threat: Threat) -> tuple[int, datetime, str]:
    assert threat.detection is not None  # noqa: S101 - asked of open ones
    return threat.detection.severity.rank, threat.detection.at, key


def _marked(mark: Unlisted | None, detection: Detection) -> Unlisted:
    """`mark` with one more that is not kept: the highest level and the newest time, whatever the order."""
    severities = [each.severity for each in (mark, detection) if each]
    newest = max(filter(None, (mark, detection)), key=lambda each: (each.received_at, each.report))
    return Unlisted(
        at=max(each.at for each in (mark, detection) if each),
        report=newest.report,
        received_at=newest.received_at,
        severity=max(severities, key=lambda level: level.rank),
    )


def _prune(threats: dict[str, Threat], now: datetime, floor: datetime | None, left: int) -> datetime | None:
    """Take away tombstones kept for too long, too many, or beyond the bytes that are left; the floor rises to
    the newest one taken.

    They are kept by receipt: what is reported late of an old event is remembered as long as anything else.
    """
    tombstones = sorted(
        ((_newest_of(threat), key) for key, threat in threats.items() if not threat.detection),
        key=lambda each: (each[0].at, each[1]),
        reverse=True,
    )
    for place, (mark, key) in enumerate(tombstones):
        left -= _bytes(key, threats[key])
        if place >= MAX_TOMBSTONES or left < 0 or mark.received_at < now - TOMBSTONE_AGE:
            del threats[key]
            floor = max(floor or mark.at, mark.at)
    return floor


def _newest_of(threat: Threat) -> Mark:
    marks: Sequence[Mark | None] = (threat.covered, threat.resolved, *threat.aliases.values())
    return max(filter(None, marks), key=lambda mark: mark.at)


def _bytes(key: str, threat: Threat) -> int:
    """At most how many bytes a threat takes as JSON."""
    return (
        _THREAT_BYTES
        + _text_bytes(key)
        + sum(map(_detection_bytes, filter(None, (threat.detection, threat.covered))))
        + (_MARK_BYTES if threat.resolved else 0)
        + sum(map(_alias_bytes, threat.aliases))
    )


def _detection_bytes(detection: Detection) -> int:
    return _DETECTION_BYTES + _text_bytes(detection.threat_type) + _text_bytes(detection.name or "")


def _alias_bytes(alias: str) -> int:
    return _MARK_BYTES + _text_bytes(alias)


def _text_bytes(text: str) -> int:
    """As ASCII JSON, which is how the SDK sends it."""
    return len(text) if text.isascii() and text.isprintable() else len(json.dumps(text))


def cleared(unlisted: Mapping[Category, Unlisted], until: Mark | None) -> dict[Category, Unlisted]:
    """`unlisted` without the marks that an explicit word on the whole agent is as new as."""
    return {category: mark for category, mark in unlisted.items() if until is None or mark.at > until.at}
