"""Which fields of the partners' messages may be odd, and how: the properties on crossed faults draw from it.

A name with a dot is the field right under another. What is in none of these tables decides which threat it
is, on which device: changed, it is another message.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from json import dumps, loads

from hypothesis import assume
from hypothesis import strategies as st
from pydantic import JsonValue

from ingest_threat.body import JsonObject
from tests.ingest_threat.partners import messages_better_mobile as better
from tests.ingest_threat.partners import messages_checkpoint_harmony as checkpoint
from tests.ingest_threat.partners import messages_lookout as lookout
from tests.ingest_threat.partners import messages_pradeo as pradeo
from tests.ingest_threat.partners import messages_sophos as sophos
from tests.ingest_threat.partners import messages_symantec_sep_mobile as symantec
from tests.ingest_threat.partners import messages_wandera_jamf as jamf
from tests.ingest_threat.partners import messages_zimperium as zimperium
from tests.ingest_threat.partners.messages import samples
from tests.ingest_threat.partners.reading import loaded

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Odd:
    """The fields of a partner's messages that may be odd, and what else comes to the same address."""

    times: tuple[str, ...]
    contacts: tuple[str, ...]
    """Times at which an agent was seen, without which it may never have been."""
    described: tuple[str, ...]
    """What only describes: a platform, a version, a name, an id of the MDM."""
    words: tuple[str, ...]
    """Words of an enumeration, in which an unknown one may stand."""
    beside: tuple[JsonObject, ...] = ()
    """Items of other streams, which report nothing."""


ODD: Mapping[str, Odd] = {
    "better_mobile": Odd(
        times=("EventTimeStamp", "LogTimeStamp"),
        contacts=("LastReported",),
        described=("DeviceOS", "DevicePlatform", "ThreatTitle", "ThreatScore", "UserEmail"),
        words=("ThreatSeverity", "ThreatLevel", "Status", "ThreatCategory", "IsDeleted"),
        beside=(better.netflow(),),
    ),
    "checkpoint_harmony": Odd(
        times=("event_timestamp", "backend_last_updated"),
        contacts=("last_connection",),
        described=(
            *("device_model", "os_version", "client_version", "policy_name", "name", "email", "number"),
            *("mdm_uuid", "os_type", "model"),
        ),
        words=("severity", "event", "risk", "status"),
        beside=(checkpoint.checkpoint_alert(event="Policy Changed"),),
    ),
    "lookout": Odd(
        times=("created_time", "detected_at", "updated_time"),
        contacts=("checkin_time",),
        described=("platform", "os_version", "external_id", "application_name", "software", "info", "email"),
        words=(
            *("severity", "risk", "threat.status", "classification", "security_status", "activation_status"),
            "protection_status",
        ),
        beside=({**lookout.lookout_threat(), "type": "AUDIT"},),
    ),
    "pradeo": Odd(
        times=("creationDate", "lastModificationDate"),
        contacts=("lastConnection",),
        described=(
            *("declaredOperatingSystem", "declaredOperatingSystemVersion", "serialNumber", "imei", "email"),
            *("emmDeviceInfo", "externalId", "emm", "user", "application.name", "package.system", "category"),
        ),
        words=(
            *("applicationThreatLevel", "systemThreatLevel", "networkThreatLevel", "level", "value"),
            *("deviceCompliance.status", "deviceApplicationCompliance.status"),
        ),
        beside=(pradeo.event("TokenGenerated", {}),),
    ),
    "sophos": Odd(
        times=("when", "created_at", "end", "rt", "raisedAt"),
        contacts=("lastSeenAt",),
        described=(
            "location",
            "source",
            "user_id",
            "os",
            "os.platform",
            "os.name",
            "email",
            "dhost",
            "suser",
        ),
        words=("severity", "group", "state", "managedState", "mode", "compliant"),
        beside=({"hostname": "pc-1", "health": {}},),
    ),
    "symantec_sep_mobile": Odd(
        times=("timestamp",),
        contacts=(),
        described=(
            *("package_name", "model", "product_name", "os_type", "os_version", "udid", "serial_number"),
            *("device.name", "user"),
        ),
        words=("severity", "event_type", "health_status", "sub_type"),
        beside=(symantec.symantec_incident(device={"identifier": "agent-9"}),),
    ),
    "wandera_jamf": Odd(
        times=("timestamp",),
        contacts=("lastStatusUpdateUtcMs", "lastDnsTraffic"),
        described=(
            *("os", "deviceName", "externalId", "description", "eventUrl", "user", "osType", "metadata"),
            *("deviceSystemVersion", "phoneNumber"),
        ),
        words=("severity", "action", "riskCategory", "isEnrolled"),
        beside=({"event": {"device": {"deviceId": "agent-1"}, "domain": "shop.example"}},),
    ),
    "zimperium": Odd(
        times=(
            *("device_time", "timestamp", "lastModified", "attack_time", "eventtimestamp"),
            *("processedAt", "deviceTime", "incident_created_date"),
        ),
        contacts=("lastSeen",),
        described=(
            *("device_os", "device_os_version", "mdm_device_id", "threat_display_name", "threat_vector"),
            *("detected_url", "location", "device_info.os", "device_info.os_version", "display_name"),
            *("device_owner", "user_info", "osVersion", "osType", "vectorName", "device.os", "mdmDeviceId"),
            *("mdmId", "deviceOwner", "apps"),
        ),
        words=(
            *("severity_name", "forensics.severity", "threat_severity", "threat_status", "riskPostureName"),
            *("eventState", "appStatus", "state", "deleted", "mitigated"),
        ),
        beside=(zimperium.zimperium_incident(related_threats=[]),),
    ),
}
EXTRA: Mapping[str, tuple[JsonObject, ...]] = {
    # Beside `MESSAGES`: devices as lists have them.
    "better_mobile": (better.device(IsDeleted=1),),
    "checkpoint_harmony": (
        loaded(
            {"internal_id": 31, "status": 1, "risk": 3, "os_type": "Android", "last_connection": 1769940000}
        ),
        loaded({"internal_id": 31, "status": 4, "risk": 0, "os_type": "iOS"}),
    ),
    "lookout": (
        lookout.lookout_device(security_status="THREATS_HIGH"),
        lookout.lookout_device(activation_status="DEACTIVATED"),
        lookout.lookout_device_row(),
        lookout.lookout_threat_row(),
        lookout.lookout_threat_row(status="RESOLVED"),
    ),
    "pradeo": (
        pradeo.device_verdict("Disapproved"),
        pradeo.correlation(
            device=pradeo.device(enrollmentStatus={"coupled": False, "lastConnection": 1769940000})
        ),
    ),
    "sophos": (
        sophos.sophos_device(healthState={"mode": "automatic", "state": "red"}),
        sophos.sophos_device(compliance={"compliant": False, "severity": "high"}),
        sophos.sophos_device(healthState={"mode": "manual", "state": "green"}),
        sophos.sophos_device(managedState="deleted"),
        sophos.sophos_event("Mobile::Unenrolled", severity="medium", group="MOBILES"),
    ),
    "symantec_sep_mobile": (
        loaded({"timestamp": 1769940000, "device": symantec.symantec_device(health_status="High")}),
        loaded({"timestamp": 1769940000, "device": symantec.symantec_device(health_status="Secure")}),
        loaded({"timestamp": 1769940000, "device": symantec.symantec_device(health_status="Removed")}),
    ),
    "wandera_jamf": (jamf.jamf_row(), jamf.jamf_row(riskCategory="HIGH"), jamf.unenrolled()),
    "zimperium": (zimperium.zimperium_device(deleted=True), zimperium.zimperium_device(appStatus="INACTIVE")),
}
MESSAGES: Mapping[str, list[JsonObject]] = {
    partner: [*found, *EXTRA.get(partner, ())] for partner, found in samples().items()
}

UNTIMELY: tuple[JsonValue, ...] = ("soon", "2026-13-45", [], ["x", "y"], {"a": {"b": 1}}, True, 17, -5)
UNDESCRIBED: tuple[JsonValue, ...] = (
    None,
    "",
    [],
    {},
    17,
    1.5,
    True,
    ["x", "y"],
    {"a": {"b": []}},
    [[]],
    [None],
)
UNWORDLY: tuple[JsonValue, ...] = ("Frobnicated", "FROB_2", 4711, {"a": "LOW"}, ["LOW", "HIGH"], {}, [{}])

WHOLES: Mapping[str, Callable[[Sequence[str]], str]] = {
    # One JSON value of a message's items, each given as JSON.
    "list": lambda items: f"[{','.join(items)}]",
    "envelope": lambda items: f'{{"events": [{",".join(items)}]}}',
    "list of envelopes": lambda items: ",".join(items).join(('[{"events": [', "]}]")),
    "pretty": lambda items: dumps([loads(each) for each in items], indent=2).replace("\n", "\r\n"),
}
LINES: Mapping[str, Callable[[Sequence[str]], str]] = {
    # What ordinary tools make of a message's items, each given as JSON or as a broken line.
    "lines": "\n".join,
    "CRLF": "\r\n\r\n".join,
    "NUL": lambda lines: "\0\n".join(lines) + "\0",
    "byte order mark": lambda lines: "\ufeff" + "\n".join(lines),
    "syslog": lambda lines: "\n".join(f"<14>Feb  1 08:00:00 relay.example mtd[17]: {each}" for each in lines),
    "RFC 5424": lambda lines: "\n".join(
        f"<14>1 2026-02-01T08:00:00Z relay mtd - - - {each}" for each in lines
    ),
    "events": lambda lines: "\n\n".join(f"data: {each}" for each in lines) + "\n\n",
    "list of one each": lambda lines: "\n".join(f"[{each}]" if each[0] == "{" else each for each in lines),
    "envelope each": lambda lines: "\n".join(
        f'{{"events": {each}}}' if each[0] == "{" else each for each in lines
    ),
}


def paths(content: JsonValue, at: Path = ()) -> Iterator[Path]:
    """The place of every value in `content`."""
    if at:
        yield at
    inner = content.items() if isinstance(content, dict) else []
    for key, value in inner:
        yield from paths(value, (*at, key))
    for place, value in enumerate(content if isinstance(content, list) else []):
        yield from paths(value, (*at, place))


def is_named(path: Path, names: tuple[str, ...]) -> bool:
    """Whether a place is one of `names`, plain or with the name above; BETTER's tables add a suffix."""
    keys = [re.sub(r"_[sdgtb]$", "", part) for part in path if isinstance(part, str)]
    return isinstance(path[-1], str) and (keys[-1] in names or ".".join(keys[-2:]) in names)


def value_at(content: JsonValue, path: Path) -> JsonValue:
    """What stands at a place; None where the place is gone."""
    for part in path:
        if isinstance(content, dict) and isinstance(part, str):
            content = content.get(part)
        elif isinstance(content, list) and isinstance(part, int) and part < len(content):
            content = content[part]
        else:
            return None
    return content


def with_value(content: JsonObject, path: Path, value: JsonValue) -> JsonObject:
    """A copy of `content` with `value` at a place, if the place is still there."""
    found = _replaced(content, path, value)
    assert isinstance(found, dict)
    return found


def _replaced(content: JsonValue, path: Path, value: JsonValue) -> JsonValue:
    if not path:
        return value
    first, rest = path[0], path[1:]
    if isinstance(content, dict) and isinstance(first, str) and first in content:
        return {**content, first: _replaced(content[first], rest, value)}
    if isinstance(content, list) and isinstance(first, int) and first < len(content):
        return [*content[:first], _replaced(content[first], rest, value), *content[first + 1 :]]
    return content


@st.composite
def changed(draw: st.DrawFn, partner: str, message: JsonObject, *, with_words: bool = True) -> JsonObject:
    """`message` with one to four of its fields odd; without words only such as decide nothing."""
    odd = ODD[partner]
    found = list(paths(message))
    kinds: list[tuple[list[Path], tuple[JsonValue, ...]]] = [
        ([path for path in found if is_named(path, odd.times)], UNTIMELY),
        ([path for path in found if is_named(path, odd.described)], UNDESCRIBED),
    ]
    if with_words:
        kinds.append(([path for path in found if is_named(path, odd.words)], UNWORDLY))
        kinds.append(([path for path in found if is_named(path, odd.contacts)], UNTIMELY))
    kinds = [(places, values) for places, values in kinds if places]
    assume(kinds)
    for _ in range(draw(st.integers(1, 4))):
        places, values = draw(st.sampled_from(kinds))
        message = with_value(message, draw(st.sampled_from(places)), draw(st.sampled_from(values)))
    return message


@st.composite
def rewrapped(draw: st.DrawFn, message: JsonObject) -> JsonObject:
    """`message` with some of its lists as tools write them: of one an object, any as the JSON of it."""
    for path in list(paths(message)):
        value = value_at(message, path)
        if isinstance(value, list) and draw(st.booleans()):
            one = value[0] if len(value) == 1 else dumps(value)
            message = with_value(message, path, draw(st.sampled_from([one, dumps(value)])))
    return message
