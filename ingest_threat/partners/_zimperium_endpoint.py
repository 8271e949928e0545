"""What Zimperium's console posts to an address of the customer's: events of the REST export, and of zIPS
before it. Pure."""

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners._zimperium_facts import ThreatFacts, agent_id, alternative_id, status_of
from shared.domain.record import Status

EXPORTED = frozenset({"event_id", "eventtimestamp", "mitigated", "forensics"})
"""Fields of an event of the REST export, beside what names its device and its threat."""

NOT_MITIGATED = frozenset({None, "FALSE", "0", "NO"})
"""What `mitigated` says of a threat that is open. So does a word that nobody knows, which is logged."""


def is_exported(content: JsonObject) -> bool:
    """Whether it is an event of the REST export; without `device_info` its device is in `forensics`."""
    if "device_info" in content:
        return bool(content.keys() & {"threat", "forensics"})
    key = fields.identifier(fields.inner(content, "threat"), "threat_uuid")
    key = key or fields.identifier(fields.inner(content, "forensics"), "threat_uuid", "zdid")
    return key is not None and bool(content.keys() & EXPORTED)


def exported(content: JsonObject) -> ThreatFacts:
    """One event of the REST export; the same object comes again, mitigated, when the threat is over."""
    threat, forensics = fields.inner(content, "threat"), fields.inner(content, "forensics")
    device, general = fields.inner(content, "device_info"), fields.inner(threat, "general")
    key = fields.identifier(threat, "threat_uuid") or fields.required_identifier(forensics, "threat_uuid")
    mitigated, said_mitigated = fields.boolean(content, "mitigated"), fields.word(content, "mitigated")
    said = "MITIGATED" if mitigated else "PENDING"
    # In the one public message the times disagree by weeks; that of the attack alone is to the millisecond.
    times = [
        fields.moment(forensics, "attack_time"),
        fields.moment(device, "device_time"),
        fields.moment(content, "eventtimestamp"),
        fields.moment(general, "device_time"),
    ]
    known = [each for each in times if each is not None]
    # No field is for the mitigation: the newest time there is is not before it opened. Without the time of
    # the attack it may be: then it counts as of its receipt.
    known = [] if mitigated and times[0] is None else known
    return ThreatFacts(
        report_id=fields.joined(fields.identifier(content, "event_id") or key, said),
        threat_key=key,
        partner_device_id=agent_id(device, "device_id", "zdid") or agent_id(forensics, "zdid"),
        mdm_device_id=fields.linking_id(device, "mdm_device_id") or alternative_id(device),
        # Never from the number `forensics.os`: it was seen as 1 on an iPhone.
        platform=fields.platform(fields.text(device, "os")),
        os_version=fields.text(device, "os_version"),
        names=(
            fields.text(threat, "name") or fields.text(general, "threat_type"),
            fields.text(threat, "display_name"),
        ),
        number=fields.code(forensics, "type"),
        malware_family=fields.text(general, "malware_family"),
        threat_name=fields.text(threat, "display_name", "name"),
        severity_word=fields.word(forensics, "severity") or fields.code(content, "severity"),
        severity_raw=fields.written(forensics, "severity") or fields.written(content, "severity"),
        status=Status.RESOLVED if mitigated else Status.OPEN,
        status_raw=said,
        detected_at=known[0] if known else None,
        resolved_at=max(known, default=None) if mitigated else None,
        odd_status=None if mitigated or said_mitigated in NOT_MITIGATED else said_mitigated,
        simulated=any(fields.boolean(each, "simulated") for each in (content, threat, forensics)),
    )


def legacy(content: JsonObject) -> ThreatFacts:
    """An event of zIPS as older consoles post it; with `mitigatedDate` it is over."""
    key, status = fields.required_identifier(content, "eventId"), status_of(content, "eventState")
    mitigated = fields.moment(content, "mitigatedDate")
    status = Status.RESOLVED if mitigated else status
    return ThreatFacts(
        report_id=fields.joined(
            key,
            fields.word(content, "eventState"),
            fields.time_written(content, "mitigatedDate", "deviceTime"),
        ),
        threat_key=key,
        partner_device_id=agent_id(content, "deviceId", "zdid"),
        mdm_device_id=fields.linking_id(content, "mdmId"),
        platform=fields.platform(fields.text(content, "osType")),
        os_version=fields.text(content, "osVersion"),
        names=(fields.text(content, "eventFullName"),),
        number=None,
        threat_name=fields.text(content, "eventFullName"),
        severity_word=fields.word(content, "severity"),
        severity_raw=fields.written(content, "severity"),
        status=status,
        status_raw=fields.written(content, "eventState"),
        detected_at=fields.moment(content, "deviceTime"),
        resolved_at=mitigated,
        simulated=fields.boolean(content, "simulated"),
    )
