"""A device as Jamf's Risk API lists it. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._adapter import Item, Reported
from ingest_threat.partners._contact import proves_scan
from ingest_threat.partners._inactive import INACTIVE, inactive
from ingest_threat.partners._wandera_jamf_parts import object_in, udid_in
from ingest_threat.partners._wandera_jamf_words import DEVICE_LEVEL
from shared.domain.level import Level
from shared.domain.record import Clears, DeviceIdentityRecord, DeviceStateRecord, Record

COMPUTER = re.compile(r"^(?:MAC|OS_X|WINDOWS|CHROME|LINUX)")
"""Systems of devices that the same list has, and that are no phones."""


@dataclass(frozen=True)
class _Row:
    """What a row of the list says, and as of when."""

    content: JsonObject
    system: str | None
    enrollment: JsonObject
    risk: str | None
    seen_at: datetime | None
    """When the agent, or the traffic through it, was seen last; the older list does not say."""
    as_of: datetime | None
    """What the list gives no time for counts as of this: when it had been computed at the latest, which the
    poll writes into the row; None, and with it the time of receipt, where it was not polled."""


def device_records(item: Item) -> list[Record]:
    """A device as the Risk API lists it: its level raises, and clears what an admin says that it does."""
    system = _system(item.content)
    if COMPUTER.search(fields.plain_word(system or "")):
        return item.ignored("not a mobile device")
    row = _row(item.content, system)
    common = _common(item, row)
    identity = DeviceIdentityRecord(**common, detected_at=row.seen_at)
    if row.seen_at and fields.decided(row.enrollment, "isEnrolled") is False:
        known = common["partner_device_id"] is not None
        return [inactive(common, "Device no longer enrolled", at=row.as_of) if known else identity]
    level = taxonomy.device_level(row.risk, DEVICE_LEVEL)
    # The older list names no check-in: then it may raise, and nobody knows whether the agent has scanned.
    knows = row.seen_at is not None or ("risk" in row.content and level is not Level.SECURED)
    return [identity if level is None or not knows else _state(item, row, common, level)]


def _device(content: JsonObject) -> JsonObject:
    return object_in(object_in(content, "info"), "device")


def _system(content: JsonObject) -> str | None:
    hardware = object_in(content, "hardwareSpec")
    return fields.text(_device(content), "osType", "platform") or fields.text(hardware, "osType")


def _row(content: JsonObject, system: str | None) -> _Row:
    connector = object_in(object_in(content, "statusUpdate"), "connector")
    return _Row(
        content=content,
        system=system,
        enrollment=object_in(connector, "payload"),
        risk=fields.word(content, "riskCategory", "risk"),
        seen_at=_checked_in(content, connector),
        as_of=fields.moment(content, "as_of"),
    )


def _common(item: Item, row: _Row) -> Reported:
    seen_at = row.seen_at.isoformat() if row.seen_at else None
    is_enrolled = fields.text(row.enrollment, "isEnrolled")
    device_id = fields.device_id(row.content, "guid", "deviceId")
    external = fields.linking_id(row.content, "externalId")
    return {
        "partner": item.partner,
        "index": item.index,
        "raw": item.raw,
        "report_id": fields.joined("row", device_id, row.risk, is_enrolled, seen_at),
        "partner_device_id": device_id,
        "mdm_device_id": external,
        "udid": udid_in(external),
        "platform": fields.platform(row.system),
        "os_version": fields.text(_device(row.content), "deviceSystemVersion"),
    }


def _state(item: Item, row: _Row, common: Reported, level: Level) -> DeviceStateRecord:
    clears = level is Level.SECURED and row.seen_at is not None and row.risk in item.words["clears"]
    return DeviceStateRecord(
        **common,
        # A check-in is no verdict's time.
        detected_at=row.as_of,
        severity=level,
        scanned=proves_scan(row.seen_at, row.as_of),
        severity_raw=fields.written(row.content, "riskCategory", "risk"),
        clears=Clears.ALL if clears else Clears.NONE,
        clears_until=min(filter(None, (row.seen_at, row.as_of))) if clears else None,
        closed_keys=(INACTIVE,) if fields.boolean(row.enrollment, "isEnrolled") else (),
    )


def _checked_in(row: JsonObject, connector: JsonObject) -> datetime | None:
    """The newest time at which the agent, or the traffic through it, was seen."""
    times = (
        fields.moment(connector, "lastStatusUpdateUtcMs"),
        fields.moment(row, "lastDnsTraffic"),
        fields.moment(row, "lastPrivateAccessDnsTraffic"),
    )
    return max(filter(None, times), default=None)
