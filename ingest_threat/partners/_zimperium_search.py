"""Threats as Zimperium's search interface lists them. Pure."""

from datetime import datetime

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._zimperium_facts import ThreatFacts, agent_id
from ingest_threat.partners._zimperium_threats import STATUS
from shared.domain.record import Status

MAX_MITIGATIONS = 1000
"""Mitigations one row of the search interface may have."""


def searched(content: JsonObject) -> ThreatFacts:
    """A threat of a page, open or mitigated."""
    key, device = fields.required_identifier(content, "id"), fields.inner(content, "device")
    system = fields.inner(device, "os")
    status, resolved_at = _ending(content)
    return ThreatFacts(
        report_id=fields.joined(
            key, fields.code(content, "state"), fields.time_written(content, "lastModified", "timestamp")
        ),
        threat_key=key,
        partner_device_id=agent_id(device, "id") or agent_id(content, "deviceId"),
        mdm_device_id=fields.linking_id(device, "mdmDeviceId"),
        platform=fields.platform(fields.text(content, "os") or fields.text(system, "name")),
        os_version=fields.text(system, "version"),
        names=(fields.text(content, "threatTypeName"),),
        number=fields.code(content, "threatTypeId"),
        threat_name=fields.text(content, "threatTypeName"),
        severity_word=fields.word(content, "severityName") or fields.code(content, "severity"),
        severity_raw=fields.written(content, "severityName", "severity"),
        vector=fields.text(content, "vectorName"),
        status=status,
        status_raw=fields.written(content, "state"),
        detected_at=fields.moment(content, "timestamp")
        or fields.moment(fields.inner(content, "timestampInfo"), "timestamp"),
        resolved_at=resolved_at,
        simulated=fields.boolean(content, "simulated"),
    )


def _ending(content: JsonObject) -> tuple[Status, datetime | None]:
    """The status of a row of the search interface, and since when it is over.

    Of a mitigated row `mitigationEvents` was seen empty: `mitigatedAt` decides, then `state`.
    """
    mitigated, events = fields.moment(content, "mitigatedAt"), _mitigations(content)
    state = fields.code(content, "state") or ""
    status = Status.OPEN if state in taxonomy.OPEN else STATUS.get(state)
    if mitigated is None and status is None:
        stated = fields.word(content, "state") is not None
        status = Status.RESOLVED if events else Status.UNKNOWN if stated else Status.OPEN
    if mitigated is None and status is not Status.RESOLVED:
        return status or Status.UNKNOWN, None
    last = max((at for each in events if (at := fields.moment(each, "timestamp"))), default=None)
    return Status.RESOLVED, mitigated or last or fields.moment(content, "lastModified")


def _mitigations(content: JsonObject) -> list[JsonObject]:
    events = fields.inner_list(content, "mitigationEvents", at_most=MAX_MITIGATIONS)
    return [each if isinstance(each, dict) else {} for each in events]
