"""BETTER Mobile (BETTER MTD): the four logs its console sends to Microsoft Sentinel.

Transport: push, by the Log Analytics HTTP Data Collector API: a POST of one record or an array, signed with a
shared key. Log Analytics appends `_s _d _g _t _b` to the names when it stores them; the wire has none, so
both forms are taken, and that of a table exported from its portal (` [UTC]`, US dates). Seen in public
records: all four logs, `Status` Resolved, types, severities, `ThreatLevel` Medium. Documented by the vendor's
workbook: Low is "Safe". Inferred: names without suffix, that an incident's `DeviceId` is the device log's
`DeviceUDID`, what Low and `IsDeleted` say of threats. Not known: the words for an open incident, so every
word that does not close it (`WORDS_BETTER_MOBILE_RESOLVED`) keeps it open. No log carries an id of the MDM.
"""

import re
from collections.abc import Mapping

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._adapter import Adapter, Common, Foreign, Item
from ingest_threat.partners._contact import contact
from ingest_threat.partners._inactive import INACTIVE, inactive
from shared.domain.level import Level
from shared.domain.record import (
    AppInventoryRecord,
    Category,
    Clears,
    DeviceIdentityRecord,
    DeviceStateRecord,
    Platform,
    Record,
    Status,
    ThreatRecord,
)

RESOLVED = ("Resolved", "Closed", "Fixed")
"""Statuses of an incident that is over; only the first was ever seen."""
SEVERITY = {"HIGH": Level.HIGH, "MEDIUM": Level.MEDIUM, "LOW": Level.LOW}
DEVICE_LEVEL = {
    "HIGH": Level.HIGH,
    "MEDIUM": Level.MEDIUM,
    # The lowest level of a device, which the vendor's own workbook labels "Safe".
    "LOW": Level.SECURED,
}
TYPE: Mapping[str, str] = {
    # Styles are mixed, and one type was seen with a newline in it.
    "WR2PORTSCANNING": "port_scan",
    "BLACKLISTED_APPS": "denylisted_app",
    "JAILBREAK": "jailbreak_root",
    "SCREEN_PASSCODE_DISABLED": "screen_lock_off",
    "CAPTIVE_PORTAL": "captive_portal",
    "MALICIOUS_PROFILE_INSTALLED": "malicious_profile",
}
FAMILY = {"NETWORK": Category.NETWORK, "APPLICATION": Category.APP, "DEVICE": Category.DEVICE}
PLATFORM = {"APPLE": Platform.IOS}
INSTALLED = "INSTALLED"
"""The only `AppStatus` that was ever seen. Other rows are left out: what is gone is not reported again."""
DEVICE_LOG = frozenset({"ThreatLevel", "IsDeleted", "LastReported"})
"""Fields of the device log: one of them beside `DeviceUDID` says which log it is."""
NETFLOW = frozenset({"Host", "Destination", "UrlStatus", "Url", "Scheme", "SourceClient", "NetworkType"})
"""Fields of the netflow log: one of them beside a UDID says which log it is."""
NETFLOW_TABLE = "BetterMTDNetflowLog_CL"
_PERSONAL = (
    *("UserName", "FirstName", "LastName", "FullName", "DisplayName", "DeviceName", "HostName"),
    *("SourceClient", "Location", "City", "Country", "Address", "NetworkName", "WifiName"),
)
REDACT = frozenset(name + suffix for name in _PERSONAL for suffix in ("", "_s"))

_SUFFIX = re.compile(r"(?:_[sdgtb])?(?: \[UTC\])?$")
_GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def read(item: Item) -> list[Record]:
    """The record of one row of one of the four logs."""
    row = _unsuffixed(item.content)
    if "ThreatId" in row:
        return [_incident(item, row)]
    if "BundleId" in row and row.keys() & {"AppStatus", "AppName", "IsMdm"}:
        return _app(item, row)
    if item.content.get("Type") != NETFLOW_TABLE and "DeviceUDID" in row and row.keys() & DEVICE_LOG:
        return [_device(item, row)]
    if item.content.get("Type") == NETFLOW_TABLE or (
        row.keys() & {"UDID", "DeviceUDID"} and row.keys() & NETFLOW
    ):
        # What the agent let pass or stopped on its way: policy at work, no finding on the device.
        return item.ignored("a row of the netflow log")
    raise Foreign


def _incident(item: Item, row: JsonObject) -> ThreatRecord:
    # One row of this id opens the threat, a later one resolves it.
    key = fields.joined(_whole(row, "CompanyId"), _needed(row, "ThreatId"))
    family = FAMILY.get(fields.word(row, "ThreatCategory") or "")
    threat_type = _threat_type(family, fields.text(row, "ThreatType"), fields.text(row, "ThreatTitle"))
    resolved = fields.word(row, "Status") in item.words["resolved"]
    logged_at = fields.moment(row, "LogTimeStamp")
    detected_at = fields.moment(row, "EventTimeStamp") or logged_at
    return ThreatRecord(
        **_common(item, row, _device_id(row, "DeviceUDID", "DeviceId")),
        report_id=fields.joined(key, fields.word(row, "Status"), fields.time_written(row, "LogTimeStamp")),
        threat_key=key,
        category=taxonomy.category_of(threat_type, family or Category.DEVICE),
        threat_type=threat_type,
        threat_name=fields.text(row, "ThreatTitle", "ThreatDescription", "ThreatType"),
        severity_raw=fields.written(row, "ThreatSeverity"),
        severity=taxonomy.severity_of(fields.word(row, "ThreatSeverity"), SEVERITY, threat_type),
        status=Status.RESOLVED if resolved else Status.OPEN,
        detected_at=detected_at,
        resolved_at=(logged_at or detected_at) if resolved else None,
        vendor_category=fields.text(row, "ThreatCategory"),
        unknown_type=fields.text(row, "ThreatType") if threat_type == taxonomy.UNKNOWN else None,
    )


def _threat_type(family: Category | None, *names: str | None) -> str:
    for name in names:
        known = TYPE.get(fields.plain_word(name or ""))
        if known:
            return known
    return taxonomy.by_keyword(*names, family=family) or taxonomy.UNKNOWN


def _device(item: Item, row: JsonObject) -> ThreatRecord | DeviceStateRecord | DeviceIdentityRecord:
    # Never the `DeviceId` of this log: here it is the number of a row.
    device = _device_id(row, "DeviceUDID")
    common, reported = _common(item, row, device), fields.time_written(row, "LastReported")
    if fields.decided(row, "IsDeleted"):
        return inactive(
            {**common, "report_id": fields.joined(device, "DELETED", reported)},
            "Device deleted at the partner",
            at=fields.moment(row, "TimeGenerated"),
        )
    last, level = contact(row, "LastReported"), fields.word(row, "ThreatLevel")
    severity = taxonomy.device_level(level, DEVICE_LEVEL)
    if severity is None or not last.possible:
        # No agent has scanned yet, or none says what it found.
        return DeviceIdentityRecord(
            **common,
            report_id=fields.joined(device, reported),
            detected_at=last.at,
        )
    logged_at = fields.moment(row, "TimeGenerated")
    return DeviceStateRecord(
        **common,
        # The same contact may come with another level, as when a threat is found by the console alone.
        report_id=fields.joined(device, reported, level, fields.time_written(row, "TimeGenerated")),
        detected_at=logged_at,
        clears_until=last.at,
        scanned=not last.never,
        severity=severity,
        severity_raw=fields.written(row, "ThreatLevel"),
        clears=Clears.ALL if severity is Level.SECURED and not last.never else Clears.NONE,
        closed_keys=(INACTIVE,),
    )


def _app(item: Item, row: JsonObject) -> list[Record]:
    # Nothing of an app is kept for long, so a row that names no app on a device is merely ignored.
    device, app_id = _device_id(row, "DeviceUDID"), fields.identifier(row, "BundleId")
    if fields.word(row, "AppStatus") != INSTALLED or device is None or app_id is None:
        return item.ignored("a row of the app log that names no app on a device")
    managed = fields.boolean(row, "IsMdm") or bool(fields.number(row, "IsMdm"))
    version = fields.text(row, "Version")
    record = AppInventoryRecord(
        **_common(item, row, device),
        report_id=fields.joined(device, app_id, version),
        app_id=app_id,
        name=fields.text(row, "AppName"),
        version=version,
        managed=managed if fields.text(row, "IsMdm") is not None else None,
    )
    return [record]


def _common(item: Item, row: JsonObject, device: str | None) -> Common:
    system = fields.text(row, "DevicePlatform", "Platform")
    return {
        "partner": item.partner,
        "index": item.index,
        "raw": item.raw,
        "partner_device_id": device,
        "platform": PLATFORM.get((system or "").upper()) or fields.platform(system),
        "os_version": fields.text(row, "DeviceOS"),
    }


def _unsuffixed(row: JsonObject) -> JsonObject:
    """`row` with the names of the wire; of a name that comes twice, the first value."""
    plain: JsonObject = {}
    for name, value in row.items():
        wire = _SUFFIX.sub("", name)
        if plain.get(wire) in (None, ""):
            plain[wire] = value
    return plain


def _device_id(row: JsonObject, *names: str) -> str | None:
    found = fields.device_id(row, *names)
    return device_id(found) if found else None


def device_id(written: str) -> str:
    """The agent's id: a GUID in lower case, as Log Analytics stores those."""
    return written.lower() if _GUID.fullmatch(written) else written


def _whole(row: JsonObject, name: str) -> str | None:
    """A number that identifies: on the wire 4, from a table, whose numbers are doubles, also 4.0."""
    found = fields.identifier(row, name)
    return re.sub(r"\.0+$", "", found) if found else None


def _needed(row: JsonObject, name: str) -> str:
    found = _whole(row, name)
    if found is None:
        raise fields.FieldError(f"no {name}")
    return found


ADAPTER = Adapter(
    read,
    redact=REDACT,
    severity_words=frozenset({*SEVERITY, *taxonomy.HARMLESS}),
    device_id=device_id,
    words={"resolved": RESOLVED},
)
