"""What a Sophos event says of a threat: its type, its key, and whether it is over. Pure."""

import re
from typing import NamedTuple

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._adapter import Item
from ingest_threat.partners._sophos_event import endpoint_of, happened_at, name_of, platform_of
from ingest_threat.partners._sophos_words import (
    CLOSING,
    COMPLIANCE,
    GROUP,
    KEYWORD,
    NO_REASON,
    SEVERITY,
    VISIT,
    WEB,
)
from ingest_threat.redaction import redacted
from ingest_threat.shapes import holds_secret
from shared.domain.record import BLOCKED, Category, Record, Status, ThreatRecord

NAMES_A_NETWORK = frozenset(
    {"name", "description", "detection_identity_name", "threat", "network", "file_path", "details"}
    | {"summary", "identity", "target"}
)
"""What of such an event may hold the name of the network or its address, also within `data`."""


class EventFacts(NamedTuple):
    """What an event says of a threat."""

    threat_type: str
    key: tuple[str | None, ...]
    status: Status = Status.OPEN
    vendor_category: str | None = None
    reason: str | None = None
    alias: tuple[str | None, ...] | None = None


def threat_record(item: Item, facts: EventFacts) -> ThreatRecord:
    """The threat that `facts` are about, of the event that says them."""
    event, at, endpoint = item.content, happened_at(item.content), endpoint_of(item.content)
    resolved = facts.status is Status.RESOLVED
    family = GROUP.get(fields.word(event, "group") or "", Category.DEVICE)
    return ThreatRecord(
        partner=item.partner,
        index=item.index,
        raw=item.raw,
        report_id=fields.required_identifier(event, "id"),
        threat_key=fields.joined(endpoint, *facts.key),
        alias=fields.joined(endpoint, *facts.alias) if facts.alias else None,
        partner_device_id=endpoint,
        platform=platform_of(event),
        category=taxonomy.category_of(facts.threat_type, family),
        threat_type=facts.threat_type,
        threat_name=name_of(event),
        severity_raw=fields.written(event, "severity"),
        severity=taxonomy.severity_of(fields.word(event, "severity"), SEVERITY, facts.threat_type),
        status=facts.status,
        detected_at=None if resolved and facts.reason is None else at,
        resolved_at=at if resolved else None,
        vendor_category=facts.vendor_category,
        reason=facts.reason,
        unknown_type=fields.text(event, "type") if facts.threat_type == taxonomy.UNKNOWN else None,
    )


def violation(event: JsonObject, suffix: str) -> EventFacts:
    """A broken rule of compliance: by what the type ends with, or else by the rule its text names."""
    rule = re.sub(r"^.*?\bnon[- ]?compliant\b\W*", "", name_of(event) or "", flags=re.IGNORECASE | re.DOTALL)
    reason = rule if suffix in NO_REASON else suffix
    words = [f"_{fields.plain_word(apart(each))}" for each in (suffix, rule)]
    named = (threat_type for each in words for phrase, threat_type in KEYWORD.items() if f"_{phrase}" in each)
    threat_type = next(named, None) or taxonomy.by_keyword(suffix, rule) or taxonomy.UNKNOWN
    return EventFacts(threat_type, ("non_compliant", reason.casefold()), vendor_category=COMPLIANCE)


def apart(text: str) -> str:
    """`minOsVersion` as its words; what holds a secret stays whole, to be known as such."""
    if holds_secret(text):
        return text
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)


def detection(event: JsonObject, kind: str) -> EventFacts:
    """What was found on a device, cleaned up, or dismissed."""
    identity, place = _found(event)
    if "BLOCKED" in fields.plain_word(name_of(event) or "").split("_") and kind.startswith("IPS"):
        return EventFacts("malicious_site", (kind, identity), Status.RESOLVED, reason=BLOCKED)
    status = Status.RESOLVED if kind.endswith(CLOSING) else Status.OPEN
    # There is no id in common: what was found, and where, is all a clean-up repeats. One that names no place
    # ends what was found at any, and one that names a place what was found without one.
    anywhere, nowhere = (identity,), (identity, None)
    key = (identity, place) if place else anywhere
    opens = status is Status.OPEN
    alias = (anywhere if opens else nowhere) if place else (nowhere if opens else None)
    threat_type = _type_of_find(event, kind, identity)
    return EventFacts(threat_type, key, status, fields.text(event, "group"), alias=alias)


def _type_of_find(event: JsonObject, kind: str, identity: str | None) -> str:
    if "PUA" in kind or fields.word(event, "group") == "PUA":
        return "potentially_unwanted_app"
    if kind.startswith("LOWREP"):
        return "suspicious_app"
    # "Troj/..." and "Andr/Troj..." are how the vendor's own names begin.
    if "_TROJ" in f"_{fields.plain_word(identity or '')}":
        return "trojan"
    finer = taxonomy.by_keyword(identity)
    return finer if finer and taxonomy.TYPES[finer].category is Category.APP else "malware"


def web_page(event: JsonObject, family: str, ending: str) -> EventFacts:
    """A page that was opened or blocked: over at once, whichever it was."""
    by_kind = family == "WEBFILTERINGBLOCKED" or ending == "BLOCKED"
    blocked = by_kind or re.search(r"\bblocked\b", name_of(event) or "", re.IGNORECASE)
    reason = BLOCKED if blocked else VISIT.get(ending, "a page was opened")
    key = (family.lower(), identity_of(event))
    return EventFacts(WEB[family], key, Status.RESOLVED, fields.text(event, "group"), reason)


def man_in_the_middle(item: Item) -> Record:
    """An attack in a network, whose name and address stand in the text: neither is kept."""
    record = threat_record(item, EventFacts("mitm", ("mitm",)))
    return record.model_copy(
        update={
            "raw": redacted(item.raw, NAMES_A_NETWORK),
            "threat_name": "Man in the middle attack",
        }
    )


PARENT = " Parent process: "
"""What the vendor's texts may end with: more of the same event."""
_REFERENCE = r"(?<! ) +\((?=[^()]*\breference\b)[^()]*\)"
REFERENCE = re.compile(rf"{_REFERENCE}\Z")
BEHIND_IDENTITY = re.compile(
    rf"(?<! ) +\([^()]*\)(?:(?P<behind> at (?=\S))|(?:{_REFERENCE})?\Z)|(?P<at> at (?=\S))"
)
"""What follows an identity: something in parentheses, a place, or both."""


def _found(event: JsonObject) -> tuple[str | None, str | None]:
    """What was found, and where: from fields of their own, from "... 'identity' at 'place'", or from what
    stands behind the colon. The script leaves the identity in the name, and the place beside it."""
    name = (name_of(event) or "").replace("''", "'")
    quoted = re.findall(r"'([^']*)'", name)
    plain, plain_place = (None, None) if quoted or holds_secret(name) else _unquoted(name)
    identity = (
        fields.text(event, "threat", "detection_identity_name")
        or (quoted[0] if quoted else None)
        or plain
        or name
    )
    place = fields.text(event, "filePath")
    if place is None and len(quoted) > 1:
        place = quoted[-1]
    return _alike(identity), _alike(place or plain_place)


def _unquoted(name: str) -> tuple[str | None, str | None]:
    """What stands behind the colon: "detected: X (reference)", "detected: X at Y. Parent process: Z"."""
    said = name.partition(":")[2].lstrip(" ")
    if not said or said[0].isspace():
        return None, None
    # Its first letter is the identity's, whatever follows.
    parent = said.find(PARENT, 1)
    said = (said if parent < 0 else said[:parent]).rstrip(" ")
    said = said[0] + said[1:].removesuffix(".")
    behind = BEHIND_IDENTITY.search(said, 1)
    if behind is None:
        return said, None
    place = said[behind.end() :] if behind["behind"] or behind["at"] else None
    return said[: behind.start()], place and REFERENCE.sub("", place)


def _alike(text: str | None) -> str | None:
    """`text` in small letters; one that holds a secret as it is, for its key becomes its hash."""
    if text and holds_secret(text):
        return text
    return (text or "").strip().casefold() or None


def identity_of(event: JsonObject) -> str | None:
    """The first name in quotes; the script leaves nothing but that."""
    name = fields.text(event, "detection_identity_name") or name_of(event) or ""
    quoted = re.search(r"'(.*?)'", name.replace("''", "'"))
    return _alike(quoted[1] if quoted else name)
