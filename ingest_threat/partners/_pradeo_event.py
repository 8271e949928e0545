"""What all of Pradeo's events share: which device, and when. Pure."""

from datetime import datetime
from typing import TypedDict

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners._adapter import Item, Reported
from shared.domain.record import Status

CHANGED = ("lastModificationDate", "creationDate")
TIMED = ("event", "deviceApplication", "deviceSystemStatusRecord", "deviceNetworkStatusRecord")
"""Objects of a body that may have a time where it has none."""
MAX_ENTRIES = 200
"""Statuses one snapshot may grade, rules one verdict may name, conditions one rule may have."""


def common_of(item: Item, body: JsonObject, device: JsonObject) -> Reported:
    """What every record of an event has; `device` is what it says of its device."""
    system = fields.inner(device, "operatingSystem")
    return {
        "partner": item.partner,
        "index": item.index,
        "raw": item.raw,
        "report_id": fields.identifier(item.content, "id") or fields.required_identifier(body, "id"),
        "partner_device_id": fields.device_id(device, "id"),
        "mdm_device_id": fields.linking_id(fields.inner(device, "emmDeviceInfo"), "externalId"),
        "serial": fields.linking_id(device, "serialNumber"),
        "platform": fields.platform(
            fields.text(device, "declaredOperatingSystem") or fields.text(system, "name")
        ),
        "os_version": fields.text(device, "declaredOperatingSystemVersion") or fields.text(system, "version"),
    }


def happened_at(item: Item, body: JsonObject) -> datetime | None:
    """When it happened; a bare envelope does not say: then it is when its body last changed, or else what
    its body is about."""
    at = fields.moment(item.content, "creationDate") or fields.moment(body, *CHANGED)
    inside = (fields.inner(body, name) for name in TIMED if isinstance(body.get(name), dict))
    return at or next(filter(None, (fields.moment(each, *CHANGED) for each in inside)), None)


class Times(TypedDict):
    """When a threat was seen, or resolved: no message of a resolution says when it had been seen."""

    detected_at: datetime | None
    resolved_at: datetime | None


def times(status: Status, at: datetime | None) -> Times:
    """`at` as the time of what the status says."""
    resolved = status is Status.RESOLVED
    return {"detected_at": None if resolved else at, "resolved_at": at if resolved else None}
