"""Check Point Harmony Mobile (formerly SandBlast Mobile): alert rows and device rows of its interface.

Transport: pull only, so an operator's relay posts the rows, one by one or as the page `{meta, objects}` they
come in. Documented: attack vectors, severities, most event words. Seen in public records: `NetworkSecurity`
as one word, the event `Info`, device ids as number and as text, times without a zone in the American order.
Read so by public clients (chronicle/content-hub): severities NONE to HIGH, numbers of a device's risk and
status. Inferred: that times are UTC, that Blocked is closed at once, that Active ends Inactive and
Disconnected, that a device row's `internal_id` is the `device_id` of its alerts. Every row has an id of its
own: a resolution finds its detection by device, vector and content alone.
"""

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._adapter import Adapter, Foreign, Item
from ingest_threat.partners._checkpoint_harmony_details import details_of, kept, plain_text
from ingest_threat.partners._checkpoint_harmony_device import device_record
from ingest_threat.partners._checkpoint_harmony_row import mdm_id, platform_of
from ingest_threat.partners._checkpoint_harmony_words import (
    AGENT,
    AGENT_KEY,
    BY_FACTORS,
    COMPLIANCE,
    DECISIVE,
    DEVICE_LEVEL,
    IGNORED,
    INFORMATIVE,
    KEYWORD,
    OWN_KEYWORDS,
    ROOTABLE,
    SEVERITY,
    STATUS,
    TYPE,
    VECTOR,
)
from ingest_threat.partners._inactive import INACTIVE
from shared.domain.level import Level
from shared.domain.record import BLOCKED, Category, Record, Status, ThreatRecord

ROW = frozenset({"risk", "status"})
"""The keys that set a device row apart."""
# E-mail addresses and phone numbers also turn up in other fields: rows were seen with shifted columns. `read`
# keeps details that name no network.
REDACT = frozenset({"email", "name", "number", "details"})


def read(item: Item) -> list[Record]:
    """The record of one row."""
    row = item.content
    if "event" not in row and row.keys() >= ROW and row.keys() & {"internal_id", "id"}:
        return [device_record(item)]
    if "event" not in row or not row.keys() & {"attack_vector", "threat_factors", "mdm_uuid"}:
        raise Foreign
    event, vector = _plain(row, "event"), _plain(row, "attack_vector")
    if event in IGNORED:
        return item.ignored("a change of policy")
    return [_alert(item, event, vector)]


def _alert(item: Item, event: str, vector: str) -> ThreatRecord:
    row = item.content
    family, threat_type = _type(row, event, vector)
    status, details = STATUS.get(event, Status.OPEN), details_of(row, vector)
    key, alias = _keys(row, event, vector, details.plain)
    at = fields.moment(row, "event_timestamp", "backend_last_updated")
    return ThreatRecord(
        partner=item.partner,
        index=item.index,
        raw=kept(item, details),
        report_id=fields.required_identifier(row, "id"),
        threat_key=key,
        alias=alias,
        partner_device_id=fields.device_id(row, "device_id"),
        mdm_device_id=mdm_id(row),
        platform=platform_of(fields.text(row, "device_model")),
        os_version=fields.text(row, "os_version"),
        category=taxonomy.category_of(threat_type, family),
        threat_type=threat_type,
        threat_name=fields.text(row, "threat_factors") or details.shown,
        severity_raw=fields.written(row, "severity"),
        severity=_severity(row, status, threat_type),
        status=status,
        detected_at=at,
        resolved_at=at if status is Status.RESOLVED else None,
        vendor_category=fields.text(row, "attack_vector"),
        reason=BLOCKED if event == "BLOCKED" else None,
        unknown_status=None if event in STATUS else fields.written(row, "event"),
        # That an agent is gone is nothing it has seen.
        scanned=not (event in AGENT and status is Status.OPEN),
    )


def _keys(row: JsonObject, event: str, vector: str, details: str | None) -> tuple[str, str | None]:
    """The key of an alert's threat, and its alias. Factors are not one threat for having the same details."""
    device_id = fields.device_id(row, "device_id")
    if event in AGENT:
        return fields.joined(device_id, None, AGENT_KEY), None
    factors = plain_text(fields.text(row, "threat_factors"))
    by_factors = fields.joined(device_id, vector, factors) if factors else None
    by_details = fields.joined(device_id, vector, details or factors)
    by_both = fields.joined(device_id, vector, *filter(None, (factors, details))) if factors else by_details
    opens = STATUS.get(event, Status.OPEN) is Status.OPEN
    if vector == "DEVICE" or (event in COMPLIANCE and vector != "APPLICATION"):
        # The row that ends it was seen without details, and then the factors have to do.
        return by_both, by_factors if opens else by_details
    if vector in BY_FACTORS:
        return by_details, by_factors if opens else None
    # What ends an app names it, and ends all that was found in it.
    if opens:
        return by_both, by_details if by_details != by_both else None
    return by_both if event in COMPLIANCE else by_details, None


def _severity(row: JsonObject, status: Status, threat_type: str) -> Level:
    word = fields.word(row, "severity")
    if status is Status.RESOLVED and word in INFORMATIVE:
        return Level.SECURED
    return taxonomy.severity_of(word, SEVERITY, threat_type)


def _plain(row: JsonObject, name: str) -> str:
    return (fields.word(row, name) or "").replace("_", "")


def _type(row: JsonObject, event: str, vector: str) -> tuple[Category, str]:
    """The vector's category and the type: by a vector that is one, by the factors, else by what is known of
    the device or vector.

    Not by `details`: an app or a network chooses its own name.
    """
    if event in AGENT:
        return Category.DEVICE, INACTIVE
    family, by_vector = VECTOR.get(vector, Category.DEVICE), TYPE.get(vector, taxonomy.UNKNOWN)
    if vector in DECISIVE:
        return family, by_vector
    own = {**OWN_KEYWORDS.get(vector, {}), **KEYWORD}
    found = taxonomy.by_keyword(fields.text(row, "threat_factors"), family=family, own=own)
    if found:
        return family, found
    rooted = vector in ROOTABLE and fields.boolean(row, "device_rooted")
    return family, "jailbreak_root" if rooted else by_vector


ADAPTER = Adapter(
    read,
    envelopes=("objects",),
    redact=REDACT,
    severity_words=frozenset({*SEVERITY, *taxonomy.HARMLESS, *DEVICE_LEVEL}),
    says_clean=False,
    lists_clean=("url", "client_id", "secret"),
)
