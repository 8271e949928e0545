"""A device of Pradeo's REST interface. Pure."""

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._adapter import Item, Reported
from ingest_threat.partners._contact import contact, proves_scan
from ingest_threat.partners._inactive import INACTIVE, inactive
from ingest_threat.partners._no_verdict import is_no_verdict
from ingest_threat.partners._pradeo_words import DEVICE_LEVEL
from ingest_threat.redaction import redacted
from shared.domain.level import Level, highest
from shared.domain.record import DeviceIdentityRecord, DeviceStateRecord, Record

WELL = "SECURED"
"""The only `securityStatus` that is documented. Any other word says that the phone is not well."""
ONLINE = frozenset({None, "ONLINE"})
"""States of a row's agent whose word that all is well can be taken; any other is logged."""
GONE = frozenset(
    {"DEACTIVATED", "DELETED", "DISABLED", "INACTIVE", "REMOVED", "REVOKED", "UNENROLLED", "UNINSTALLED"}
    | {"WIPED"}
)
"""States of a row's agent that is at work no more. Inferred: only `online` is documented."""


def row_record(item: Item) -> Record:
    """A device of the REST interface; one reserved for a phone to come has neither date."""
    row, common = item.content, _common(item)
    last, enrolled = contact(row, "lastSyncAt"), contact(row, "enrolledAt")
    # What stands for a contact and is no time says that there was none, whenever the phone was enrolled.
    seen = None if last.denied else last.at or enrolled.at
    agent, levels = fields.word(row, "agentStatus"), _levels(row)
    # What the list gives no time for counts as of its receipt, or, where it is polled, as of when it had been
    # computed at the latest: the poll writes that into the row.
    as_of = fields.moment(row, "as_of")
    if seen and agent in GONE:
        return inactive(common, "Agent no longer coupled", at=as_of)
    severity = highest(levels.values())
    vouches = agent in ONLINE or severity is not Level.SECURED
    if not levels or not vouches or not (seen or last.unreadable):
        unknown = (
            None if agent in ONLINE | GONE or is_no_verdict(agent) else fields.written(row, "agentStatus")
        )
        return DeviceIdentityRecord(**common, detected_at=seen, unknown_status=unknown)
    # A contact is no verdict's time: the level may change between two.
    return DeviceStateRecord(
        **common,
        detected_at=as_of,
        severity=severity,
        scanned=seen is not None and proves_scan(seen, as_of),
        severity_raw=next(fields.written(row, name) for name, level in levels.items() if level is severity),
        closed_keys=(INACTIVE,) if agent in ONLINE else (),
    )


def _levels(row: JsonObject) -> dict[str, Level]:
    """By field, the levels that a row gives its device: its risk, and what makes its being well doubtful."""
    risk, status = fields.word(row, "riskLevel"), fields.word(row, "securityStatus")
    if risk == "LOW" and status == WELL:
        return {"riskLevel": Level.SECURED}
    doubt = None if status == WELL else status
    graded = {
        "riskLevel": taxonomy.device_level(risk, DEVICE_LEVEL),
        "securityStatus": taxonomy.device_level(doubt, DEVICE_LEVEL),
    }
    return {name: level for name, level in graded.items() if level}


def _common(item: Item) -> Reported:
    row = item.content
    said = (fields.word(row, name) for name in ("riskLevel", "securityStatus"))
    return {
        "partner": item.partner,
        "index": item.index,
        # The name is the phone's, which people name after themselves.
        "raw": redacted(item.raw, {"name"}),
        "report_id": fields.joined(
            fields.required_identifier(row, "id"), fields.time_written(row, "lastSyncAt"), *said
        ),
        "partner_device_id": fields.device_id(row, "id"),
        "serial": fields.linking_id(row, "serialNumber"),
        "platform": fields.platform(fields.text(row, "platform")),
        "os_version": fields.text(row, "osVersion"),
    }
