"""Threats, mitigations and incidents as Zimperium's Data Export pushes them. Pure."""

from pydantic import JsonValue

from ingest_threat.body import JsonObject, as_json
from ingest_threat.partners import _fields as fields
from ingest_threat.partners._adapter import Item
from ingest_threat.partners._zimperium_facts import ThreatFacts, agent_id, alternative_id, record, status_of
from shared.domain.record import MAX_ID, Record, Status

MAX_RELATED = 100
"""Threats one incident may name: each becomes a report of its own."""
REPEATED = ("incident_id", "device_id", "mdm_device_id", "device_os", "incident_created_date", "simulated")
"""Fields of an incident without which none of its threats can be read again."""


def pushed(content: JsonObject) -> ThreatFacts:
    """A threat, or its mitigation, which is the same object with another status."""
    key, status = fields.required_identifier(content, "threat_uuid"), status_of(content, "threat_status")
    # In a mitigation the same field holds the time of the mitigation.
    at = fields.moment(content, "device_time")
    resolved = status is Status.RESOLVED
    return ThreatFacts(
        report_id=fields.joined(
            key, fields.word(content, "threat_status"), fields.time_written(content, "device_time")
        ),
        threat_key=key,
        partner_device_id=agent_id(content, "device_id", "zdevice_id"),
        mdm_device_id=fields.linking_id(content, "mdm_device_id") or alternative_id(content),
        # Never from the android_enterprise_* blocks: iOS records carry them too.
        platform=fields.platform(fields.text(content, "device_os")),
        os_version=fields.text(content, "device_os_version"),
        names=(fields.text(content, "threat_name"), fields.text(content, "threat_display_name")),
        number=fields.code(content, "threat_type_id"),
        malware_family=fields.text(content, "malware_family"),
        threat_name=fields.text(content, "threat_display_name", "threat_name"),
        severity_word=fields.word(content, "severity_name"),
        severity_raw=fields.written(content, "severity_name"),
        vector=fields.text(content, "threat_vector"),
        status=status,
        status_raw=fields.written(content, "threat_status"),
        detected_at=None if resolved else at,
        resolved_at=at if resolved else None,
        simulated=fields.boolean(content, "simulated"),
    )


def incident_records(item: Item) -> list[Record]:
    """A record for each threat that an incident names; one that cannot be read harms no other."""
    content = item.content
    related = fields.inner_list(content, "related_threats", at_most=MAX_RELATED)
    if not related:
        # The mitigation of an incident names neither device nor threats; their own mitigations follow.
        return item.ignored("an incident that names no threats")
    records: list[Record] = []
    for place, threat in enumerate(related):
        raw = _raw_of(item.raw, place)
        try:
            if not isinstance(threat, dict):
                raise fields.FieldError("not an object")
            records.append(record(item, _of_incident(content, threat), raw))
        except fields.FieldError as error:
            records.append(item.unreadable(f"related_threats.{place}: {error}", raw))
    return records


def _raw_of(incident: JsonValue, place: int) -> JsonValue:
    """What is kept of an incident beside one of its threats: the first has the rest of it, the others only
    what they cannot be read without, so that what is stored grows with the message only."""
    if not isinstance(incident, dict):
        return None
    related = as_json(incident.get("related_threats"))
    threat = related[place] if isinstance(related, list) else related
    short = {name: incident[name] for name in REPEATED if _is_short(incident.get(name))}
    return {**(incident if place == 0 else short), "related_threats": [threat]}


def _is_short(value: JsonValue) -> bool:
    return value is not None and not isinstance(value, dict | list) and len(str(value)) <= MAX_ID


def _of_incident(incident: JsonObject, threat: JsonObject) -> ThreatFacts:
    key, status = fields.required_identifier(threat, "threat_id"), status_of(threat, "threat_status")
    # The only time there is, of a fixed threat too; the mitigation itself carries the exact one.
    at = fields.moment(threat, "timestamp") or fields.moment(incident, "incident_created_date")
    resolved = status is Status.RESOLVED
    return ThreatFacts(
        report_id=fields.joined(
            key, fields.word(threat, "threat_status"), fields.time_written(threat, "timestamp")
        ),
        threat_key=key,
        partner_device_id=agent_id(incident, "device_id"),
        mdm_device_id=fields.linking_id(incident, "mdm_device_id"),
        platform=fields.platform(fields.text(incident, "device_os")),
        names=(fields.text(threat, "threat_name"),),
        number=fields.code(threat, "threat_type_id"),
        threat_name=fields.text(threat, "threat_name"),
        severity_word=fields.word(threat, "threat_severity"),
        severity_raw=fields.written(threat, "threat_severity"),
        status=status,
        status_raw=fields.written(threat, "threat_status"),
        detected_at=None if resolved else at,
        resolved_at=at if resolved else None,
        simulated=fields.boolean(threat, "simulated") or fields.boolean(incident, "simulated"),
    )
