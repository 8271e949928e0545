"""What Sophos' events and alerts share: which device, when, and what they are called. Pure."""

from datetime import datetime

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners._adapter import Item, Reported
from ingest_threat.partners._inactive import INACTIVE, inactive
from ingest_threat.redaction import redacted
from shared.domain.record import Platform, ThreatRecord

PERSONAL_OF_A_DEVICE = frozenset({"name", "description", "externalId"})
"""The name is the phone's, which people name after themselves; an event's is what it says."""


AS_OF = "as_of"
"""When a list that is polled had been computed at the latest."""


def platform_of(event: JsonObject) -> Platform | None:
    """The system of the device, which an alert names within `data`."""
    return fields.platform(
        fields.text(event, "endpoint_platform")
        or fields.text(fields.inner(event, "data"), "endpoint_platform")
    )


def endpoint_of(event: JsonObject) -> str | None:
    """The vendor's id of the device."""
    data, agent = fields.inner(event, "data"), fields.inner(event, "managedAgent")
    return (
        fields.device_id(event, "endpoint_id")
        or fields.device_id(data, "endpoint_id")
        or fields.device_id(agent, "id")
    )


def happened_at(event: JsonObject) -> datetime | None:
    """When it happened, by whichever of the interfaces; the script has `end` and `rt`."""
    return fields.moment(event, "when", "end", "created_at", "rt", "raisedAt", AS_OF)


def name_of(event: JsonObject) -> str | None:
    """The vendor's text, which says what was found, and where."""
    return fields.text(event, "name", "description")


def gone_record(item: Item, event: JsonObject, endpoint: str | None) -> ThreatRecord:
    """An agent that is at work no more, by an event, or by the item of a device."""
    common: Reported = {
        "partner": item.partner,
        "index": item.index,
        "raw": redacted(item.raw, PERSONAL_OF_A_DEVICE),
        "report_id": fields.joined(fields.required_identifier(event, "id"), INACTIVE),
        "partner_device_id": endpoint,
        "platform": platform_of(event) or fields.platform(fields.text(fields.inner(event, "os"), "platform")),
    }
    return inactive(common, "Device no longer managed", at=happened_at(event))
