"""Lookout's word on a device, and whether its agent is at work. Pure."""

from collections.abc import Iterator

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._adapter import Item, Reported
from ingest_threat.partners._contact import contact
from ingest_threat.partners._inactive import INACTIVE, inactive
from ingest_threat.partners._lookout_event import (
    ACTIVATION,
    PROTECTION,
    SECURITY,
    common_of,
    object_in,
    seen_at,
)
from ingest_threat.partners._lookout_words import (
    ACTIVE,
    DEACTIVATED,
    DEVICE_LEVEL,
    DISCONNECTED,
    INVITED,
    PROTECTED,
)
from ingest_threat.partners._no_verdict import is_no_verdict
from shared.domain.level import Level
from shared.domain.record import Clears, DeviceIdentityRecord, DeviceStateRecord, Record, Status


def device_records(item: Item, *, gone: bool) -> Iterator[Record]:
    """What an event says of its device; `gone` where the vendor's own copy was deleted."""
    health, common = _health(item.content), common_of(item)
    activation = fields.word(health, *ACTIVATION)
    if activation == INVITED:
        yield DeviceIdentityRecord(**common, detected_at=seen_at(item))
    elif gone or activation in DEACTIVATED:
        # Whatever its last status was called, nobody looks after the device any more.
        yield from _gone(item, "Device deleted at the partner" if gone else "Agent deactivated")
    else:
        yield _state(item, health, common) or DeviceIdentityRecord(**common, detected_at=seen_at(item))
        yield from _doubts(item, health)


def _state(item: Item, health: JsonObject, common: Reported) -> DeviceStateRecord | None:
    """Lookout's own word on the device, where it can be taken: the gravest of a profile and its parent."""
    graded = [(_level(each), fields.written(each, *SECURITY)) for each in (health, _parent(item.content))]
    levels = [(level, said) for level, said in graded if level]
    if not levels:
        return None
    severity, said = max(levels, key=lambda each: each[0].rank)
    vouches = _is_active(health) and fields.word(health, *PROTECTION) in PROTECTED
    if severity is Level.SECURED and not (vouches and _level(health)):
        return None
    at, last = seen_at(item), contact(object_in(item.content, "device"), "checkin_time")
    if severity is Level.SECURED and last.denied and not last.unreadable:
        return None
    # Without a time, nobody knows how old it is.
    clears = severity is Level.SECURED and (at or last.at) is not None and not last.denied
    return DeviceStateRecord(
        **common,
        detected_at=at,
        severity=severity,
        severity_raw=said,
        scanned=not last.denied,
        clears=Clears.ALL if clears else Clears.NONE,
        # A row of a list may be older than its reading: it vouches for what was before its check-in.
        clears_until=last.at if clears else None,
        closed_keys=(INACTIVE,) if vouches else (),
    )


def _doubts(item: Item, health: JsonObject) -> Iterator[Record]:
    """That an active agent does not protect its device; or that a word of its activation is not known."""
    if not _is_active(health):
        written = fields.written(health, *ACTIVATION)
        if not is_no_verdict(fields.word(health, *ACTIVATION)):
            yield from _gone(item, written, unknown=written, status=Status.UNKNOWN)
        return
    protection = fields.word(health, *PROTECTION)
    if protection not in PROTECTED and not is_no_verdict(protection):
        written = fields.written(health, *PROTECTION)
        yield from _gone(item, written, unknown=None if protection == DISCONNECTED else written)


def _gone(
    item: Item, name: str | None, *, unknown: str | None = None, status: Status = Status.OPEN
) -> Iterator[Record]:
    """The threat that an agent is which was at work and is not any more, until it says so again."""
    common = common_of(item)
    if common["partner_device_id"] is None:
        # Its key is every agent's: without a device it could be brought to another's.
        yield DeviceIdentityRecord(**common, detected_at=seen_at(item))
        return
    device = object_in(item.content, "device")
    yield inactive(
        {**common, "report_id": fields.joined(common["report_id"], INACTIVE)},
        name,
        status=status,
        at=seen_at(item) or fields.moment(device, "deactivated_at", "disconnected_at"),
        unknown_status=unknown,
    )


def _level(health: JsonObject) -> Level | None:
    """The level of a device or of a profile's parent; None without a verdict."""
    return taxonomy.device_level(fields.word(health, *SECURITY), DEVICE_LEVEL)


def _parent(event: JsonObject) -> JsonObject:
    """The status of the device around a work profile, where its agent is at work."""
    parent = object_in(object_in(event, "device"), "parent_status") or object_in(event, "parent_status")
    return {} if fields.word(parent, *ACTIVATION) in {INVITED, *DEACTIVATED} else parent


def _health(event: JsonObject) -> JsonObject:
    device = object_in(event, "device")
    return object_in(device, "status") or object_in(event, "details") or device


def _is_active(health: JsonObject) -> bool:
    return fields.word(health, *ACTIVATION) in ACTIVE
