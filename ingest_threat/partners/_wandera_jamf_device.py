"""A device as Jamf's Risk API lists it. Pure."""

import re
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


def device_records(item: Item) -> list[Record]:
    """A device as the Risk API lists it: its level raises, and clears what an admin says that it does."""
    row = item.content
    said = fields.word(row, "riskCategory", "risk")
    device = object_in(object_in(row, "info"), "device")
    system = fields.text(device, "osType", "platform") or fields.text(
        object_in(row, "hardwareSpec"), "osType"
    )
    if COMPUTER.search(fields.plain_word(system or "")):
        return item.ignored("not a mobile device")
    connector = object_in(object_in(row, "statusUpdate"), "connector")
    enrollment, seen_at = object_in(connector, "payload"), _checked_in(row, connector)
    # What the list gives no time for counts as of its receipt, or, where it is polled, as of when it had been
    # computed at the latest: the poll writes that into the row.
    as_of = fields.moment(row, "as_of")
    written = said, fields.text(enrollment, "isEnrolled"), seen_at.isoformat() if seen_at else None
    device_id, external = fields.device_id(row, "guid", "deviceId"), fields.linking_id(row, "externalId")
    common: Reported = {
        "partner": item.partner,
        "index": item.index,
        "raw": item.raw,
        "report_id": fields.joined("row", device_id, *written),
        "partner_device_id": device_id,
        "mdm_device_id": external,
        "udid": udid_in(external),
        "platform": fields.platform(system),
        "os_version": fields.text(device, "deviceSystemVersion"),
    }
    identity = DeviceIdentityRecord(**common, detected_at=seen_at)
    if seen_at and fields.decided(enrollment, "isEnrolled") is False:
        return [inactive(common, "Device no longer enrolled", at=as_of) if device_id else identity]
    level = taxonomy.device_level(said, DEVICE_LEVEL)
    # The older list names no check-in: then it may raise, and nobody knows whether the agent has scanned.
    knows = seen_at is not None or ("risk" in row and level is not Level.SECURED)
    if level is None or not knows:
        return [identity]
    clears = level is Level.SECURED and seen_at is not None and said in item.words["clears"]
    return [
        DeviceStateRecord(
            **common,
            # A check-in is no verdict's time.
            detected_at=as_of,
            severity=level,
            scanned=proves_scan(seen_at, as_of),
            severity_raw=fields.written(row, "riskCategory", "risk"),
            clears=Clears.ALL if clears else Clears.NONE,
            clears_until=min(filter(None, (seen_at, as_of)), default=None) if clears else None,
            closed_keys=(INACTIVE,) if fields.boolean(enrollment, "isEnrolled") else (),
        )
    ]


def _checked_in(row: JsonObject, connector: JsonObject) -> datetime | None:
    """The newest time at which the agent, or the traffic through it, was seen."""
    times = (
        fields.moment(connector, "lastStatusUpdateUtcMs"),
        fields.moment(row, "lastDnsTraffic"),
        fields.moment(row, "lastPrivateAccessDnsTraffic"),
    )
    return max(filter(None, times), default=None)
