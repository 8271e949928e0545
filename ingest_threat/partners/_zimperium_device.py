"""A row of Zimperium's device list. Pure."""

import re
from datetime import datetime

from ingest_threat.body import MAX_BYTES, JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._adapter import Common, Item
from ingest_threat.partners._contact import Contact, contact, proves_scan
from ingest_threat.partners._inactive import INACTIVE, inactive
from ingest_threat.partners._no_verdict import is_no_verdict
from ingest_threat.partners._zimperium_facts import agent_id
from ingest_threat.partners._zimperium_threats import SEVERITY
from shared.domain.level import Level
from shared.domain.record import Clears, DeviceIdentityRecord, DeviceStateRecord, ThreatRecord

ACTIVE = frozenset({"ACTIVE", "ACTIVE_APP"})
"""`appStatus` of a row of the device list whose agent is at work: only the first was ever seen."""
_ID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
GONE = re.compile(
    r"(?:^|_)(?:INACTIVE|DORMANT|DEACTIVATED|DISABLED|DELETED|REMOVED|UNINSTALLED|NOT_RUNNING)(?:_|$)"
)
"""In the word for an agent that is at work no more; any other than these and ACTIVE says that none has
scanned."""
CLEARS = {"NORMAL": Clears.ALL, "0": Clears.ALL}
"""By the posture, what a row clears that has no open threats; nothing by any other word."""
KEPT_OF_DEVICE = (
    *("id", "zdeviceId", "os", "riskPosture", "riskPostureName", "threatState", "appStatus", "lastSeen"),
    *("processedAt", "deleted", "dormancyProcessed", "isJailbroken", "as_of"),
)
"""What is kept of a row of the device list: the rest is the phone's apps, and whose phone it is."""
TRACKING = ("externalTrackingId1", "externalTrackingId2")
"""Texts of the admin's own, which may be the MDM's id of the phone: only what has an id's form is one."""


def device_record(item: Item) -> ThreatRecord | DeviceStateRecord | DeviceIdentityRecord:
    """What a row of the device list says of its device."""
    row, common, seen = item.content, _of_device(item), contact(item.content, "lastSeen")
    until, status = _known_until(row, seen), fields.word(row, "appStatus")
    # What the list gives no time for counts as of its receipt, or, where it is polled, as of when it had been
    # computed at the latest: the poll writes that into the row.
    as_of = fields.moment(row, "as_of")
    # Of a row that says so, a contact that nobody can read was one.
    if seen.possible and (fields.decided(row, "deleted") or GONE.search(status or "")):
        gone = fields.joined(common["partner_device_id"], "GONE", fields.time_written(row, "lastSeen"))
        # Not when the row was computed: what closes it has no such time, either.
        return inactive({**common, "report_id": gone}, "Agent inactive, or device deleted", at=as_of)
    posture = fields.word(row, "riskPostureName") or fields.code(row, "riskPosture")
    level = taxonomy.device_level(posture, SEVERITY) if _vouches(status, seen, posture) else None
    report_id = fields.joined(
        common["partner_device_id"],
        fields.time_written(row, "lastSeen"),
        fields.time_written(row, "processedAt"),
    )
    if level is None:
        return DeviceIdentityRecord(
            **common,
            report_id=report_id,
            detected_at=until,
            unknown_status=None if _is_known(status) else fields.written(row, "appStatus"),
        )
    clean = level is Level.SECURED and seen.at is not None and _names_no_threats(row)
    clears = CLEARS.get(posture or "", Clears.NONE) if clean else Clears.NONE
    return DeviceStateRecord(
        **common,
        report_id=fields.joined(report_id, posture),
        # A contact is no verdict's time, which no field gives.
        detected_at=as_of,
        clears_until=until,
        scanned=not seen.never and proves_scan(seen.at, as_of),
        severity=level,
        severity_raw=fields.written(row, "riskPostureName", "riskPosture"),
        clears=clears,
        closed_keys=(INACTIVE,) if status in ACTIVE else (),
    )


def _vouches(status: str | None, seen: Contact, posture: str | None) -> bool:
    """Whether an agent stands behind the row's word: a good one needs one that is at work, or was seen."""
    if status is None and seen.at is None and SEVERITY.get(posture or "") is Level.SECURED:
        return False
    return seen.possible and (status is None or status in ACTIVE)


def _is_known(status: str | None) -> bool:
    return is_no_verdict(status) or status in ACTIVE or GONE.search(status or "") is not None


def _of_device(item: Item) -> Common:
    system = fields.inner(item.content, "os")
    raw = item.raw if isinstance(item.raw, dict) else {}
    return {
        "partner": item.partner,
        "index": item.index,
        "raw": {name: raw[name] for name in KEPT_OF_DEVICE if name in raw},
        "partner_device_id": agent_id(item.content, "id"),
        "mdm_device_id": fields.linking_id(item.content, "mdmDeviceId") or _tracked(item.content),
        "platform": fields.platform(fields.text(system, "name", "type")),
        "os_version": fields.text(system, "version"),
    }


def _tracked(row: JsonObject) -> str | None:
    """The id that an admin gave the phone's agents; None where theirs are two."""
    agents = [
        each for each in fields.inner_list(row, "zappInstance", at_most=MAX_BYTES) if isinstance(each, dict)
    ]
    texts = [fields.text(agent, name) for agent in agents for name in TRACKING]
    ids = {text.lower() for text in texts if text and _ID.fullmatch(text)}
    return fields.linking_id({"id": ids.pop()}, "id") if len(ids) == 1 else None


def _known_until(row: JsonObject, seen: Contact) -> datetime | None:
    """Until when a row speaks: what the phone found after it was last seen, or after row or list was
    computed, is not in it."""
    times = [seen.at, fields.moment(row, "processedAt"), fields.moment(row, "as_of")]
    return min((at for at in times if at is not None), default=None)


def _names_no_threats(row: JsonObject) -> bool:
    threats = fields.inner(row, "threatState")
    lists = [threats.get(name) for name in ("criticalThreats", "riskyThreats")]
    # The second is an empty list as tools write one that stands in a text.
    return all(each in ([], "[]") for each in lists)
