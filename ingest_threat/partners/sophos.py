"""Sophos Mobile (Intercept X for Mobile, Sophos Central): SIEM events and alerts, and mobile devices.

Transport: pull only. The app polls `siem/v1/events` and `mobile/v1/devices`; something of the customer's own
may post pages of these, of `siem/v1/alerts` or `common/v1/alerts`, or the lines the vendor's own SIEM script
writes, which renames fields. Documented: envelopes, both sets of field names, event types with their texts
(the vendor's script), compliance rules, the fields of a device (the vendor's Postman collection). Inferred:
which text of a NowNonCompliant event means which rule, that a page that was opened is over at once, what a
device's state of management says of its agent. No id of Intune's anywhere; the poll adds a device's serial
number (`serialNumber`), where Sophos knows it, and when its list had been computed (`as_of`).
"""

import re

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._adapter import Adapter, Foreign, Item
from ingest_threat.partners._inactive import INACTIVE
from ingest_threat.partners._sophos_device import device_record
from ingest_threat.partners._sophos_event import endpoint_of, gone_record, happened_at, name_of, platform_of
from ingest_threat.partners._sophos_threat import (
    EventFacts,
    apart,
    detection,
    identity_of,
    man_in_the_middle,
    threat_record,
    violation,
    web_page,
)
from ingest_threat.partners._sophos_words import CLOSING, DEVICE_LEVEL, NO_THREAT, SEVERITY, UNENROLLED, WEB
from shared.domain.level import Level
from shared.domain.record import PLATFORMS, Clears, DeviceStateRecord, Record

OTHER_APP = re.compile(r"\b(?:secure email|secure workspace)\b", re.IGNORECASE)
"""The vendor's apps beside the agent."""
MAN_IN_THE_MIDDLE = "MITMATTACKEVENT"
COMPUTERS = {"hostname", "health"}
"""The keys of the same vendor's other endpoints."""
NEVER_RESOLVES = {"MitmAttackEvent": "a later device item with green health, unless not compliant"}
REDACT = frozenset(
    {
        *("source", "suser", "user_id", "duid", "location", "dhost", "assignedPerson", "person"),
        *("createdBy", "updatedBy"),
    }
)


def read(item: Item) -> list[Record]:
    """The record of one event, alert or device."""
    content = item.content
    kind = content.get("type")
    if isinstance(kind, str) and re.match(r"\s*Event(?:::|\.)", kind):
        return _event(item, [fields.plain_word(apart(each)) for each in re.split(r"::|\.", kind)])
    if "healthState" in content or {"compliance", "managedState"} <= content.keys():
        return [device_record(item)]
    if content.keys() >= COMPUTERS:
        return item.ignored("a computer or a server")
    raise Foreign


def _event(item: Item, parts: list[str]) -> list[Record]:
    event = item.content
    parts = [*(part.replace("_", "") for part in parts[:4]), *parts[4:]]
    if "SMC" in parts[1:3] and MAN_IN_THE_MIDDLE in parts[2:4]:
        return [man_in_the_middle(item)]
    # `Event::Mobile::...` is about the tenant's certificates and licences, mobile as its product may be.
    if parts[1] != "ENDPOINT" or not _is_mobile(event, parts):
        return item.ignored("not about a mobile device")
    family, kind = (*parts[2:4], "", "")[:2]
    if family == "MOBILE" and kind == "NOWCOMPLIANT":
        return [_now_compliant(item)]
    if family == "MOBILE" and kind == "NOWNONCOMPLIANT":
        return [threat_record(item, violation(event, "_".join(parts[4:])))]
    if family == "MOBILE" and kind in UNENROLLED:
        return _unenrolled(item)
    if family == "THREAT" or (family.startswith("CORE") and _is_about_a_find(family)):
        return [threat_record(item, detection(event, kind if family == "THREAT" else family))]
    if family == "SMC" and kind == "WEBFILTERING":
        family = "SMC_WEBFILTERING"
    if family in WEB:
        return [threat_record(item, web_page(event, family, parts[-1]))]
    level = taxonomy.severity_of(fields.word(event, "severity"), SEVERITY, taxonomy.UNKNOWN)
    if level.rank < Level.MEDIUM.rank or (family == "MOBILE" and kind in NO_THREAT):
        return item.ignored("not a threat")
    return [threat_record(item, EventFacts(taxonomy.UNKNOWN, ("_".join(parts[2:]), identity_of(event))))]


def _is_about_a_find(family: str) -> bool:
    """Whether a type that begins with `Core` is about what was found: the others are steps of the work."""
    return family.endswith((*CLOSING, "DETECTION", "CLEANFAILED", "REBOOT")) and "OUTBREAK" not in family


def _is_mobile(event: JsonObject, parts: list[str]) -> bool:
    """Servers and computers share the feed. An alert names its kind in other fields than an event."""
    agent, data = fields.inner(event, "managedAgent"), fields.inner(event, "data")
    kind = fields.word(event, "endpoint_type") or fields.word(data, "endpoint_type")
    kind = kind or fields.word(agent, "type") or fields.word(event, "product")
    system = platform_of(event)
    by_itself = parts[2:3] in (["MOBILE"], ["SMC"]) or system in PLATFORMS
    return kind == "MOBILE" or (kind is None and by_itself)


def _unenrolled(item: Item) -> list[Record]:
    if OTHER_APP.search(name_of(item.content) or ""):
        return item.ignored("another app of the vendor's")
    return [gone_record(item, item.content, endpoint_of(item.content))]


def _now_compliant(item: Item) -> DeviceStateRecord:
    event = item.content
    return DeviceStateRecord(
        partner=item.partner,
        index=item.index,
        raw=item.raw,
        report_id=fields.required_identifier(event, "id"),
        partner_device_id=endpoint_of(event),
        detected_at=happened_at(event),
        severity=Level.SECURED,
        severity_raw=fields.written(event, "severity"),
        clears=Clears.COMPLIANCE,
        closed_keys=(INACTIVE,),
    )


ADAPTER = Adapter(
    read,
    envelopes=("items", "alerts"),
    redact=REDACT,
    severity_words=frozenset({*SEVERITY, *taxonomy.HARMLESS, *DEVICE_LEVEL}),
    never_resolves=NEVER_RESOLVES,
)
