"""What any of Zimperium's shapes says of a threat, and the record it makes. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._adapter import Item
from ingest_threat.partners._zimperium_threats import (
    KEYWORD,
    NAMED,
    NEARBY,
    SEVERITY,
    STATUS,
    TEST,
    THREAT,
    TYPE,
    VECTOR,
)
from shared.domain.level import Level
from shared.domain.record import Category, Platform, Status, ThreatRecord


@dataclass(frozen=True)
class ThreatFacts:
    """What any of the shapes says of a threat, in the words of a record."""

    report_id: str
    threat_key: str
    partner_device_id: str | None
    names: tuple[str | None, ...]
    """Names that may give the type, the stable one first."""
    number: str | None
    """The vendor's number of the type, which goes before its names."""
    status_raw: str | None
    """The word for the status, as it stands; without one the threat is open."""
    threat_name: str | None
    severity_word: str | None
    severity_raw: str | None
    status: Status
    detected_at: datetime | None
    resolved_at: datetime | None
    mdm_device_id: str | None = None
    platform: Platform | None = None
    os_version: str | None = None
    vector: str | None = None
    malware_family: str | None = None
    simulated: bool = False
    odd_status: str | None = None
    """What leaves the threat open, and is no word for that."""


def record(item: Item, facts: ThreatFacts, raw: JsonValue) -> ThreatRecord:
    """The threat that `facts` are about; `raw` is what is kept of the message beside it."""
    threat_type = _threat_type(facts)
    family = VECTOR.get(fields.plain_word(facts.vector or ""), Category.DEVICE)
    simulated = facts.simulated or _stable_name(facts).startswith(TEST)
    return ThreatRecord(
        partner=item.partner,
        index=item.index,
        raw=raw,
        report_id=facts.report_id,
        threat_key=facts.threat_key,
        partner_device_id=facts.partner_device_id,
        mdm_device_id=facts.mdm_device_id,
        platform=facts.platform,
        os_version=facts.os_version,
        category=taxonomy.category_of(threat_type, family),
        threat_type=threat_type,
        threat_name=facts.threat_name,
        severity_raw=facts.severity_raw,
        severity=Level.SECURED if simulated else _severity(facts, threat_type),
        status=facts.status,
        detected_at=facts.detected_at,
        resolved_at=facts.resolved_at,
        vendor_category=facts.vector,
        reason="simulated" if simulated else None,
        unknown_type=facts.names[0] if threat_type == taxonomy.UNKNOWN else None,
        unknown_status=facts.odd_status or taxonomy.unknown_status(facts.status, facts.status_raw),
    )


def _severity(facts: ThreatFacts, threat_type: str) -> Level:
    if facts.severity_word is None and _stable_name(facts).endswith(NEARBY):
        return Level.LOW
    return taxonomy.severity_of(facts.severity_word, SEVERITY, threat_type)


def _stable_name(facts: ThreatFacts) -> str:
    """The vendor's name of the type, by its number where the table has that, else as it is written."""
    name, _ = THREAT.get(facts.number or "", (None, None))
    return name or fields.plain_word(facts.names[0] or "")


def _threat_type(facts: ThreatFacts) -> str:
    written = [fields.plain_word(name) for name in facts.names if name]
    names = [_stable_name(facts), *written]
    known = [NAMED.get(name) or TYPE[name] for name in names if name in NAMED or name in TYPE]
    if known:
        return next((each for each in known if each != taxonomy.UNKNOWN), taxonomy.UNKNOWN)
    family = VECTOR.get(fields.plain_word(facts.vector or ""))
    by_keyword = taxonomy.by_keyword(*facts.names, family=family, own=KEYWORD)
    if by_keyword in {None, "malware"} and (family is Category.APP or facts.malware_family):
        # Malware is what the vector says anyway; its family may say which.
        return taxonomy.by_keyword(facts.malware_family, family=family) or "malware"
    return by_keyword or taxonomy.UNKNOWN


def status_of(content: JsonObject, name: str) -> Status:
    """By the table; a threat that does not say how it stands is one."""
    return taxonomy.status_of(fields.word(content, name), STATUS)


def agent_id(content: JsonObject, *names: str) -> str | None:
    """The vendor's id of the device, as records have it."""
    found = fields.device_id(content, *names)
    return device_id(found) if found else None


def device_id(written: str) -> str:
    """Zimperium's device id, without the suffix it has in incidents only (`…_D_1`)."""
    return re.sub(r"(?<=.)_D_[0-9]+$", "", written)


def alternative_id(content: JsonObject) -> str | None:
    """The other id an MDM may know the device by; which form a filled `mdm_alt_ids` has is not public."""
    ids = content.get("mdm_alt_ids")
    return fields.linking_id(content, "mdm_alt_ids") if isinstance(ids, str) else None
