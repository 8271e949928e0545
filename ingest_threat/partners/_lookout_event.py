"""What all of Lookout's events share, and the rows of its lists as events. Pure."""

import re
from datetime import datetime
from typing import overload

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners._adapter import Item, Reported

ACTIVATION = ("activation_status", "activationStatus")
PROTECTION = ("protection_status", "protectionStatus")
SECURITY = ("security_status", "securityStatus")


def as_event(content: JsonObject) -> JsonObject:
    """`content`; a row of one of the lists as the event that would say the same.

    A row's own ids never change, so what it says is part of its id.
    """
    if "type" not in content and "change_type" in content:
        # As log tables have it, and some of the events by REST.
        content = {**content, "type": fields.word(content, "event_type", "log_type")}
    if content.keys() & {"change_type", "eventTime"} or "guid" not in content:
        return content
    said = ("guid", *ACTIVATION, *PROTECTION, *SECURITY, "status", "risk", "updated_time", "resolved_at")
    event: JsonObject = {
        "id": fields.joined("row", *(fields.written(content, name) for name in said)),
        "change_type": "UPDATED",
    }
    if "device_guid" not in content and content.keys() & {*SECURITY, *ACTIVATION, *PROTECTION}:
        parent = object_in(content, "parent_status")
        said_of_parent = (fields.written(parent, name) for name in (*ACTIVATION, *SECURITY))
        id_ = fields.joined(fields.text(event, "id"), *said_of_parent)
        return {**event, "id": id_, "type": "DEVICE", "device": {**content, "status": None}}
    if "device_guid" in content:
        device = {**object_in(content, "device"), "guid": content["device_guid"]}
        if "detections" in content:
            at = {"created_time": content.get("detected_at")}
            return {**event, **at, "type": "SMISHING_ALERT", "smishing_alert": content, "device": device}
        return {**event, "type": "THREAT", "threat": content, "device": device}
    return content


def seen_at(item: Item) -> datetime | None:
    """When a device was as the event says; a row of a list gives when it last changed."""
    device = object_in(item.content, "device")
    return fields.moment(item.content, "created_time", "eventTime") or fields.moment(device, "updated_time")


def common_of(item: Item) -> Reported:
    """What every record of an event has."""
    event = item.content
    device = object_in(event, "device")
    target, actor = object_in(event, "target"), object_in(event, "actor")
    # The target of a threat event is the threat, whatever its guid looks like; a SYSTEM actor has no guid,
    # and an ADMIN's is a person. Only what calls itself a DEVICE is one.
    target, actor = _if_device(target), _if_device(actor)
    info = object_in(device, "info") or object_in(device, "details")
    return {
        "partner": item.partner,
        "index": item.index,
        "raw": item.raw,
        "report_id": fields.required_identifier(event, "id", "oid"),
        "partner_device_id": whole(
            fields.device_id(device, "guid")
            or fields.device_id(target, "guid", "id")
            or fields.device_id(actor, "guid")
        ),
        "mdm_device_id": fields.linking_id(info, "external_id") or fields.linking_id(target, "externalId"),
        "platform": fields.platform(fields.text(device, "platform") or fields.text(target, "platform")),
        "os_version": fields.text(object_in(device, "software"), "os_version")
        or fields.text(device, "os_version"),
    }


@overload
def whole(guid: str) -> str: ...
@overload
def whole(guid: str | None) -> str | None: ...
def whole(guid: str | None) -> str | None:
    """A guid that is a number, however a table wrote it: 5 and 5.0 are one."""
    number = re.fullmatch(r"([0-9]+)\.0+", guid or "")
    return number[1] if number else guid


def _if_device(party: JsonObject) -> JsonObject:
    """The target or actor of an event where it calls itself a device, else nothing."""
    return party if fields.word(party, "type") == "DEVICE" else {}


def object_in(of: JsonObject, name: str) -> JsonObject:
    """The object under `name`, or the one of a list of one; flat events have a word there, or nothing, and
    the fields one level up."""
    value = fields.only(of.get(name))
    return value if isinstance(value, dict) else {}
