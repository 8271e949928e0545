"""Lookout (Lookout for Work, Mobile Endpoint Security): the Mobile Risk API's events and lists, v2 and v1.

Transport: pull only, so it is polled, or a relay posts what it reads. v2 is a server-sent event stream whose
frames hold `{"events": [...]}` (taken with or without the `data:` framing), and REST lists, as in
`{"devices": [...]}`; v1 is a REST page of events. Documented by the vendor's own description of v2: all
classifications, statuses, kinds of change, the work profile's `parent_status`; by its v1 pages: severity NONE
is no risk. Seen in public records: the v2 envelope, WEB_CONTENT, ADVISORY. Inferred: ADVISORY is no risk,
IGNORED closes, a secure snapshot of an active agent clears all its threats, an active agent that is anything
but PROTECTED has lost its hold, what types ACCESS_CONTROL_VIOLATION and GATEWAY_ADDRESS_CHANGE are.
Invented by others and only tolerated: Microsoft Sentinel's flat test events (`threat.id`, one
`classification`, CREATE).
"""

from collections.abc import Sequence
from dataclasses import replace

from ingest_threat.partners import _fields as fields
from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._adapter import Adapter, Foreign, Item
from ingest_threat.partners._lookout_device import device_records
from ingest_threat.partners._lookout_event import as_event
from ingest_threat.partners._lookout_threat import smishing_record, threat_record
from ingest_threat.partners._lookout_words import DEVICE_GONE, DEVICE_LEVEL, GONE, SEVERITY
from shared.domain.record import DeviceIdentityRecord, DeviceStateRecord, Record, ThreatRecord

NEVER_RESOLVES = {"SMISHING_ALERT": "a later DEVICE event that calls the device SECURE"}
REDACT = frozenset(
    [
        *("email_address", "phone_number", "impersonated_employee", "customer_device_id", "user_name"),
        *("network_ssid", "network_name", "wifi_bssid", "access_point_hostname", "mac_address"),
        *("dns_ip_address", "dns_ip_addresses", "proxy_address", "proxy_config", "vpn_local_address"),
        *("local_address", "remote_address", "remote_domain", "routes", "vpn_configuration"),
        *("trusted_signing_identity", "trusted_signing_identities", "attribute_changes"),
        # What a threat is about stays as its name: of an address without its query, of a path the end.
        *("url", "original_url", "path", "file_name"),
    ]
)


def read(item: Item) -> list[Record]:
    """The records of one event, or of one row of a list."""
    event = as_event(item.content)
    item = replace(item, content=event)
    kind = fields.word(event, "type")
    times = {"created_time", "eventTime", "change_type"}
    if kind is None or not event.keys() & {"id", "oid"} or not event.keys() & times:
        raise Foreign
    if kind == "AUDIT":
        return item.ignored("audit event")
    change = fields.word(event, "change_type")
    if kind == "DEVICE":
        return list(device_records(item, gone=change in DEVICE_GONE))
    if kind not in {"THREAT", "SMISHING_ALERT"}:
        raise fields.FieldError("type is no event type that is known")
    if change in GONE:
        return item.ignored("a threat that the vendor deleted: it is neither open nor over")
    return [threat_record(item) if kind == "THREAT" else smishing_record(item)]


def complete(records: Sequence[Record]) -> list[Record]:
    """v2 threats name no platform: give them that of a device event in the same message."""
    platforms = {
        record.partner_device_id: record.platform
        for record in records
        if isinstance(record, DeviceStateRecord | DeviceIdentityRecord) and record.platform
    }
    return [
        record.model_copy(update={"platform": platforms[record.partner_device_id]})
        if isinstance(record, ThreatRecord) and not record.platform and record.partner_device_id in platforms
        else record
        for record in records
    ]


ADAPTER = Adapter(
    read,
    envelopes=("devices", "threats", "smishing_alerts"),
    redact=REDACT,
    severity_words=frozenset({*SEVERITY, *taxonomy.HARMLESS, *DEVICE_LEVEL}),
    complete=complete,
    never_resolves=NEVER_RESOLVES,
)
