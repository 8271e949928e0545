"""A device row of Check Point's. Pure."""

from ingest_threat.partners import _fields as fields
from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._adapter import Item, Reported
from ingest_threat.partners._checkpoint_harmony_row import mdm_id, platform_of
from ingest_threat.partners._checkpoint_harmony_words import ACTIVE, AGENT_KEY, DEVICE_LEVEL, GONE, SILENT
from ingest_threat.partners._contact import contact
from ingest_threat.partners._inactive import inactive
from ingest_threat.partners._no_verdict import is_no_verdict
from shared.domain.record import DeviceIdentityRecord, DeviceStateRecord, Record


def device_record(item: Item) -> Record:
    """The vendor's own word on a device, where its agent is active."""
    row, common = item.content, _common(item)
    as_of = fields.moment(row, "as_of")
    status, key = fields.code(row, "status"), fields.joined(common["partner_device_id"], None, AGENT_KEY)
    if status in GONE:
        return inactive(common, "Device is inactive", key=key, at=as_of)
    last = contact(row, "last_connection")
    severity = taxonomy.device_level(fields.code(row, "risk"), DEVICE_LEVEL)
    if status not in ACTIVE or severity is None or not last.possible:
        is_known = status in ACTIVE | SILENT or is_no_verdict(status)
        unknown = None if is_known else fields.written(row, "status")
        return DeviceIdentityRecord(**common, detected_at=last.at, unknown_status=unknown)
    # A connection is no verdict's time: the risk may change between two. It counts as of its receipt, or,
    # where the list is polled, as of when it had been computed at the latest: the poll writes that into it.
    return DeviceStateRecord(
        **common,
        detected_at=as_of,
        severity=severity,
        scanned=not last.never,
        severity_raw=fields.written(row, "risk"),
        closed_keys=(key,),
    )


def _common(item: Item) -> Reported:
    row = item.content
    said = fields.code(row, "status"), fields.code(row, "risk"), fields.time_written(row, "last_connection")
    system = fields.text(row, "os_type")
    return {
        "partner": item.partner,
        "index": item.index,
        "raw": item.raw,
        "report_id": fields.joined(fields.required_identifier(row, "internal_id", "id"), *said),
        "partner_device_id": fields.device_id(row, "internal_id", "id"),
        "mdm_device_id": mdm_id(row),
        "platform": fields.platform(system) if system else platform_of(fields.text(row, "model")),
        "os_version": fields.text(row, "os_version"),
    }
