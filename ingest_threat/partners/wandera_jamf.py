"""Wandera, now Jamf (Jamf Mobile Threat Defense, Jamf Protect, RADAR): the Threat Events Stream, schema 1.0,
and the lists of devices of its Risk API.

Transport: push. Jamf Security Cloud, Data Streams, Generic HTTP: a POST with static headers of the admin's
choice, one `{"event": {...}}` a message or one a line. Documented: event names and the 49 categories of the
policies, actions, `externalId` is the UEM's device id or a UDID. Seen in public records: severities 6, 8 and
10. Inferred: a severity is twice a policy's level of 1 to 5, Blocked is closed at once, and what a Resolved
event (no public sample) repeats: device, event name, app or destination; where it names neither app nor
destination, the alert's id finds the detection. A device's risk is a score, which a person may set: it ends
threats only where an admin says so (`WORDS_WANDERA_JAMF_CLEARS`). The vendor's other streams may be pointed
at the same address, and are none of our business.
"""

import re
from datetime import datetime

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._adapter import Adapter, Foreign, Item
from ingest_threat.partners._wandera_jamf_device import device_records
from ingest_threat.partners._wandera_jamf_parts import object_in, udid_in
from ingest_threat.partners._wandera_jamf_words import (
    BEGINNING,
    DEVICE_LEVEL,
    ENDINGS,
    PREFIXES,
    SCALE,
    SEVERITY,
    SEVERITY_FROM,
    SIMULATION,
    STATUS,
    TYPE,
    WORDS,
)
from ingest_threat.shapes import masked
from shared.domain.level import Level
from shared.domain.record import BLOCKED, Category, Platform, Record, Status, ThreatRecord

OTHER_STREAMS = frozenset({"NETWORK_TRAFFIC_STREAM", "ZTNA_EVENTS_STREAM", "DEVICE_TELEMETRY_STREAM"})
"""`metadata.product` of the vendor's streams that report no threats."""
VENDORS = frozenset({"JAMF", "WANDERA"})
TRAFFIC = frozenset({"dns", "domain", "hostName", "networkInterface"})
"""What a request on the network has, and no threat."""
MAC_ALERT = frozenset({"caid", "certid", "topicType"})
MAC_TELEMETRY = frozenset({"host_info", "glob_seq_num", "mach_time"})
APP = ("id", "name", "sha256", "sha1")
HOST = ("name", "ip")
"""What an app, or a host, is known by; the first there is counts."""
REDACT = frozenset(
    [
        *("user", "email", "user_device_name", "access_point", "access_point_bssid"),
        *("account.name", "phone_number"),
    ]
)
_CREATED = re.compile(r"[?&]createdUtcMs=([0-9]{13})(?![0-9])")
_IN_DEVICE_NAME = re.compile(r"\(([0-9][0-9.]*)\)\s*$")


def read(item: Item) -> list[Record]:
    """The record of one event, or of one device of a list."""
    content = item.content
    event = content.get("event")
    event = event if isinstance(event, dict) else content
    is_threat = {"eventType", "device"} <= event.keys() and bool(event.keys() & {"action", "alertId"})
    other = _other_stream(content, event, is_threat=is_threat)
    if other:
        return item.ignored(other)
    if not is_threat and content.keys() & {"riskCategory", "risk"} and content.keys() & {"guid", "deviceId"}:
        return device_records(item)
    if not is_threat:
        raise Foreign
    return [_threat(item, event)]


def _other_stream(content: JsonObject, event: JsonObject, *, is_threat: bool) -> str | None:
    """Which of the vendor's other streams an item is of; None for what may be a threat."""
    metadata = object_in(event, "metadata") or object_in(content, "metadata")
    product = fields.word(metadata, "product") or ""
    if product in OTHER_STREAMS:
        return "an event of another stream"
    if is_threat:
        return None
    if product and "THREAT" not in product and fields.word(metadata, "vendor") in VENDORS:
        return "an event of another stream"
    if "device" in event and event.keys() & TRAFFIC:
        return "network traffic"
    if object_in(content, "input") and content.keys() & MAC_ALERT:
        return "an alert of a Mac"
    if content.keys() & MAC_TELEMETRY:
        return "telemetry of a Mac"
    return "a message of Jamf Pro" if "webhookEvent" in object_in(content, "webhook") else None


def _threat(item: Item, event: JsonObject) -> ThreatRecord:
    kind, device = fields.inner(event, "eventType"), fields.inner(event, "device")
    name, action = fields.required_identifier(kind, "name"), fields.word(event, "action")
    threat_type = _threat_type(name)
    # An event that does not say what was done says that something is there.
    status = taxonomy.status_of(action or None, STATUS)
    at, device_id = _happened_at(item.content, event), fields.device_id(device, "deviceId")
    external, alert = fields.linking_id(device, "externalId"), fields.required_identifier(event, "alertId")
    family = _family(fields.word(kind, "name") or "")
    # What names neither an app nor a host is a threat by itself; one of the device is about the device.
    where = _named(event, "app", *APP) or _named(event, "destination", *HOST)
    where = where or (None if family is Category.DEVICE else alert)
    simulated = SIMULATION.search(fields.plain_word(name)) is not None or fields.boolean(event, "simulated")
    return ThreatRecord(
        partner=item.partner,
        index=item.index,
        raw=item.raw,
        # One alertId covers the detection and its resolution, and was seen with two different times.
        report_id=fields.joined(alert, action, _written_time(event, at)),
        threat_key=fields.joined(device_id, fields.word(kind, "name"), where),
        # A block closes its own event and no other.
        alias=None if action == "BLOCKED" else fields.joined("alert", alert),
        partner_device_id=device_id,
        mdm_device_id=external,
        udid=udid_in(external),
        platform=_platform(device),
        os_version=_os_version(device),
        category=taxonomy.category_of(threat_type, family),
        threat_type=threat_type,
        threat_name=fields.text(kind, "description", "name"),
        severity_raw=fields.written(event, "severity"),
        severity=Level.SECURED if simulated else _severity(event, threat_type),
        status=status,
        detected_at=None if action == "RESOLVED" else at,
        resolved_at=at if status is Status.RESOLVED else None,
        details_url=fields.url(event, "eventUrl"),  # once seen without a scheme: then it is no link
        reason=BLOCKED if action == "BLOCKED" else "simulated" if simulated else None,
        unknown_type=name if threat_type == taxonomy.UNKNOWN else None,
        unknown_status=fields.written(event, "action") if status is Status.UNKNOWN else None,
    )


def _happened_at(content: JsonObject, event: JsonObject) -> datetime | None:
    """When an event happened; where it does not say, as its address does."""
    created = _CREATED.search(fields.text(event, "eventUrl") or "")
    return (
        fields.moment(event, "timestamp")
        or fields.moment(content, "timestamp")
        or fields.moment({"createdUtcMs": created[1] if created else None}, "createdUtcMs")
    )


def _written_time(event: JsonObject, at: datetime | None) -> str | None:
    """The time as it stands in the event; in ISO 8601 where that is no text."""
    if isinstance(event.get("timestamp"), dict | list):
        return at.isoformat() if at else None
    return fields.text(event, "timestamp")


def _named(event: JsonObject, name: str, *keys: str) -> str | None:
    """What a part of an event is called, whether it is an object, a list of one, or the name itself."""
    value = event.get(name)
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else None
    return fields.text(value, *keys) if isinstance(value, dict) else fields.text({name: value}, name)


def _threat_type(name: str) -> str:
    plain = _plain(name)
    candidates = [plain, *(plain.removeprefix(each) for each in PREFIXES if plain.startswith(each))]
    known = next((TYPE[each] for each in candidates if each in TYPE), None)
    families = (BEGINNING[begin] for each in candidates for begin in BEGINNING if each.startswith(begin))
    return known or next(families, None) or taxonomy.by_keyword(plain) or taxonomy.UNKNOWN


def _plain(name: str) -> str:
    plain = fields.plain_word(name)
    for ending in ENDINGS:
        plain = plain.removesuffix(ending)
    return plain


def _family(name: str) -> Category:
    """Jamf's events have no category: the name stands in."""
    if re.match(r"ACCESS_|SSL_|NETWORK_|CERTIFICATE_", name):
        return Category.NETWORK
    return Category.APP if re.search(r"_IN_INVENTORY$|^APP_|^LEAK_|^RESOURCE_", name) else Category.DEVICE


def _severity(event: JsonObject, threat_type: str) -> Level:
    written = fields.number(event, "severity")
    if written is None:
        return taxonomy.severity_of(fields.word(event, "severity"), SEVERITY, threat_type)
    # A number off the scale is an unknown word.
    return next((level for least, level in SEVERITY_FROM if written >= least), Level.HIGH)


def _platform(device: JsonObject) -> Platform | None:
    """From `os` ("IOS 17.2.1"); where that says UNKNOWN, from `deviceName` ("Apple iPhone (17.2.1)")."""
    system = (fields.text(device, "os") or "").split(" ")[0]
    if system.upper() in {"", "UNKNOWN"}:
        return fields.platform(fields.text(device, "deviceName"))
    return fields.platform(system)


def _os_version(device: JsonObject) -> str | None:
    _, _, version = masked(fields.text(device, "os") or "").partition(" ")
    in_name = _IN_DEVICE_NAME.search(fields.text(device, "deviceName") or "")
    return version or (in_name[1] if in_name else None)


ADAPTER = Adapter(
    read,
    envelopes=("userDeviceList", "records"),
    redact=REDACT,
    severity_words=frozenset({*SEVERITY, *taxonomy.HARMLESS, *DEVICE_LEVEL, *map(str, SCALE)}),
    says_clean=False,
    lists_clean=("client_id", "secret"),
    words=WORDS,
)
